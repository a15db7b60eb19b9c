"""Resource: occurrences."""
