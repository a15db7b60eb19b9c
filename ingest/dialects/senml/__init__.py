"""Dialect: SenML (RFC 8428)."""
