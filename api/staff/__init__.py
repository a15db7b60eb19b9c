"""Resource: staff and certificates."""
