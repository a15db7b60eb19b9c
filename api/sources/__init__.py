"""Resource: topic sources."""
