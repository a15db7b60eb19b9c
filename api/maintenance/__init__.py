"""Maintenance of machines by hand."""
