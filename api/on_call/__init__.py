"""Resource: on-call rosters."""
