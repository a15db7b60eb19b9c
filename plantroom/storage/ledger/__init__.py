"""The ledger on SQLite and PostgreSQL."""

from plantroom.storage.ledger.engine import SqlLedger

__all__ = ["SqlLedger"]
