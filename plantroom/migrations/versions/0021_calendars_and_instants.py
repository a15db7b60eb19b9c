"""The calendar of a site; instants of occurrences under a day; the reading that credited an occurrence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the columns."""
    calendar = sa.Column(
        "calendar", sa.Text, nullable=False, server_default="{}", comment="Opening hours, holidays, seasons: JSON"
    )
    op.add_column("sites", calendar)
    op.add_column("occurrences", sa.Column("nominal_at", INSTANT, comment="Of rows by the hour: when it is to be done"))
    op.add_column("occurrences", sa.Column("due_at", INSTANT, comment="Of rows by the hour: the last moment"))
    op.add_column("occurrences", sa.Column("evidence", sa.JSON, comment="The reading that credited it"))
