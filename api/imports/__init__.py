"""Resource: imports."""
