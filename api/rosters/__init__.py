"""Resource: rosters."""
