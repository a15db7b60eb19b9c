"""No query looks for safety findings alone any more: they are found by their position."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_findings_safety", "findings", if_exists=True)
