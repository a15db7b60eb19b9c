"""Runs migrations on the connection that the ledger hands over, inside the ledger's own transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
