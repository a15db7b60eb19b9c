"""Dialect: Sparkplug B."""
