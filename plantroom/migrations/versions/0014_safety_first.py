"""Findings that are taken ahead of others, and who takes a step of a work order."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, the index and the column."""
    op.create_table(
        "findings_ahead",
        sa.Column("consumer", WORD, nullable=False),
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "position", name="pk_findings_ahead"),
        comment="What a consumer has done of the findings behind its cursor",
    )
    op.create_index(
        "ix_findings_safety",
        "findings",
        ["position"],
        sqlite_where=sa.text("safety IS 1"),
        postgresql_where=sa.text("safety IS true"),
    )
