"""Resource: seed."""
