"""Resource: work orders."""
