"""Readings stores: SQLite for a trial or a small site, InfluxDB 2.x for sites, behind ``plantroom.ports.readings``."""
