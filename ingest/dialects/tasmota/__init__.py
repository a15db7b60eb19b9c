"""Dialect: Tasmota."""
