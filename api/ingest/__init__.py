"""Resource: ingest."""
