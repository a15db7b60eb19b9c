"""Resource: episodes."""
