"""Resource: plan changes."""
