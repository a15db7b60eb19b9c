"""Which files of a broker are written from the devices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "broker_files",
        sa.Column("id", WORD, nullable=False, comment="The folder's own, kept in it"),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column(
            "changes", sa.BigInteger, nullable=False, comment="Credentials that were added or have ended, in them"
        ),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_broker_files"),
        comment="Files of brokers that are written from the devices",
    )
