"""Resource: custom fields."""
