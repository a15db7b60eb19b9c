"""Changes of the plan table: requested, looked at, approved."""
