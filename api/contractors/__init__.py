"""Resource: contractors."""
