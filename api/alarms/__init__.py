"""Resource: alarms."""
