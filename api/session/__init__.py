"""Resource: session."""
