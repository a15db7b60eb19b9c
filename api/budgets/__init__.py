"""Resource: budgets."""
