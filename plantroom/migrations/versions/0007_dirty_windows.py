"""Windows of readings whose aggregates are to be computed (again)."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "dirty_windows",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("width_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("token", WORD, nullable=False),
        sa.PrimaryKeyConstraint("asset", "width_ms", "start_ms", name="pk_dirty_windows"),
    )
    op.create_index("ix_dirty_windows_width_ms_start_ms", "dirty_windows", ["width_ms", "start_ms"])
