"""Resource: spare parts."""
