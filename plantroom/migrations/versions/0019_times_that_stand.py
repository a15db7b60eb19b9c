"""Whether the times of a device go on."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add it to what is known of each clock."""
    op.add_column("asset_clocks", sa.Column("stands", sa.Boolean, nullable=False, server_default=sa.false()))
