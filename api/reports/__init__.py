"""Resource: reports."""
