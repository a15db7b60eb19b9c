"""Revisions of the ledger's schema, each frozen once released."""
