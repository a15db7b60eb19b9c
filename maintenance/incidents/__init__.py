"""Incidents, from the report to the lessons, and the records of drills."""
