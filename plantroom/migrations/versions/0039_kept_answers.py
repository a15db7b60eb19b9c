"""Answers to requests that have a key are kept for a day, so that a request that is sent again is not done again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "kept_answers",
        sa.Column("account", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("body_sha256", WORD, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name="pk_kept_answers"),
        comment="First answers to requests that have a key, for a day",
    )
    op.create_index("ix_kept_answers_at", "kept_answers", ["at"])
