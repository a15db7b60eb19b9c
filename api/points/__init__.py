"""Resource: points."""
