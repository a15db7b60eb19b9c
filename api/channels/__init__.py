"""Resources: notification channels and what went out by them."""
