"""Resource: emergency plans."""
