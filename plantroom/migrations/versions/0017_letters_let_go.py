"""How many dead letters were deleted because there were too many."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "letters_let_go",
        sa.Column("site", WORD, nullable=False),
        sa.Column("hour", INSTANT, nullable=False),
        sa.Column("letters", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", "hour", name="pk_letters_let_go"),
        comment="Dead letters that were deleted because there were too many, by the hour that begins then",
    )
