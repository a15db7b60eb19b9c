"""What the seed was asked for, by site, and the points that equipment classes have been known to have."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "seed_choices",
        sa.Column("scope", WORD, nullable=False, comment="A site's code; empty: every site"),
        sa.Column("profile", WORD, nullable=False),
        sa.Column("jurisdiction", WORD, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_seed_choices"),
    )
    op.create_table(
        "class_points",
        sa.Column("equipment_class", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.PrimaryKeyConstraint("equipment_class", "key", name="pk_class_points"),
    )
