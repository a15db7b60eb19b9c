"""Resource: files."""
