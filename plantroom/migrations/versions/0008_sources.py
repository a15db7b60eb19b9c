"""Topic sources: how messages of foreign devices are found and mapped."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "topic_sources",
        sa.Column("key", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("topic_filter", sa.Text, nullable=False),
        sa.Column("dialect", WORD, nullable=False),
        sa.Column("priority", WORD, nullable=False),
        sa.Column("clock", WORD, nullable=False),
        sa.Column("time_zone", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("asset_from", sa.Integer, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_topic_sources_site_sites"),
        sa.PrimaryKeyConstraint("key", name="pk_topic_sources"),
    )
    op.create_index("ix_topic_sources_site", "topic_sources", ["site"])
