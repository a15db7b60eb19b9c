"""Resource: incidents, and the records of drills."""
