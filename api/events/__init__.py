"""Resource: events."""
