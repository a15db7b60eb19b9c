"""Resource: loop tests."""
