"""Resource: departments."""
