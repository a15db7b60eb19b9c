"""Resource: readings."""
