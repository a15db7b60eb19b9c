"""Databases behind the ports."""
