"""Resource: credentials of publishers."""
