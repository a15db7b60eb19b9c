"""Ingest: decoding, matching, quality, alarms, events, presence, dead letters."""
