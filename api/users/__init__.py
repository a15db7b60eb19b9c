"""Resource: users."""
