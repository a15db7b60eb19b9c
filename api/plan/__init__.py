"""Resource: plan."""
