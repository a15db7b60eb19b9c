"""Holes in the publishers' numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "gaps",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("boot", WORD, nullable=False),
        sa.Column("numbering", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.Column("asked_at", INSTANT),
        sa.Column("ask_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_gaps"),
        sa.UniqueConstraint("site", "asset", "channel", "boot", "numbering", "first", name="uq_gaps_numbers"),
        comment="Numbers of publishers that have not come; spans of one numbering do not overlap",
    )
    op.create_index("ix_gaps_found_at_id", "gaps", ["found_at", "id"])
    op.create_index("ix_gaps_site_found_at_id", "gaps", ["site", "found_at", "id"])
    op.create_index("ix_gaps_state_ask_at", "gaps", ["state", "ask_at"])
