"""What a repair ticket gathers: several episodes, or what devices without an asset were heard to say."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the column."""
    op.add_column("work_orders", sa.Column("gathered", sa.JSON))
