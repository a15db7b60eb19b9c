"""Resource: sites."""
