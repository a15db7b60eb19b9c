"""Resource: what anybody may do without signing in: report a fault and follow the report."""
