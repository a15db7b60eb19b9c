"""Resource: dead letters."""
