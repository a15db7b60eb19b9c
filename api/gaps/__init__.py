"""Resource: gaps."""
