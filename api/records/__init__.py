"""Frozen records of statutory work."""
