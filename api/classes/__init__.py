"""Resource: classes."""
