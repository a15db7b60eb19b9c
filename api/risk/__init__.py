"""Resource: risks of machines, early-warning reports."""
