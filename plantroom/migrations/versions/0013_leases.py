"""Leases of partitions."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "leases",
        sa.Column("partition", WORD, nullable=False),
        sa.Column("holder", WORD),
        sa.Column("last_holder", WORD),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("renewed_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("ready", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("partition", name="pk_leases"),
        comment="Which collector holds which partition; the epoch rises with every take-over",
    )
    op.create_index("ix_leases_holder", "leases", ["holder"])
    op.create_table(
        "lease_members",
        sa.Column("holder", WORD, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("holder", name="pk_lease_members"),
        comment="Collectors that share the partitions",
    )
    op.create_table(
        "lease_states",
        sa.Column("partition", WORD, nullable=False),
        sa.Column("lane", WORD, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("partition", "lane", name="pk_lease_states"),
        comment="State of alarms and models for the next holder",
    )
