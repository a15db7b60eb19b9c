"""Resource: assets."""
