"""Findings that are taken ahead of others, who takes a step of a work order, maintenance by hand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables, the index and the column."""
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
    op.add_column("work_order_transitions", sa.Column("person", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "maintenance_spells",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("found", WORD, nullable=False, comment="The status that the asset goes back to"),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_spells"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_maintenance_spells_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_maintenance_spells_asset_assets"),
        comment="Maintenance by hand; kept when it is over",
    )
    op.create_index("ix_maintenance_spells_asset_at_id", "maintenance_spells", ["asset", "at", "id"])
    op.create_index(
        "uq_maintenance_spells_standing",
        "maintenance_spells",
        ["asset"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
