"""One suite for the ledger, run on SQLite and on PostgreSQL."""
