"""Resource: sync."""
