"""Plantroom: facility monitoring and predictive maintenance (shared kernel)."""

__version__ = "0.1.0"
