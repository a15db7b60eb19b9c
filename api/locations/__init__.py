"""Resource: locations."""
