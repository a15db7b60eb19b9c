"""Risks of machines: where they stand, early-warning reports, what a site is warned at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
PARTS = ("parts", "overview", "impact", "measures", "advice")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "risk_standings",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("likelihood", sa.Integer, nullable=False),
        sa.Column("consequence", sa.Integer, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("parts", sa.Text, nullable=False, comment="Every step of the assessment, JSON"),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("assessed_at", INSTANT, nullable=False),
        sa.Column("above", sa.Boolean, nullable=False, comment="A warning stands"),
        sa.Column("below_since", INSTANT),
        sa.PrimaryKeyConstraint("asset", name="pk_risk_standings"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_risk_standings_asset_assets"),
    )
    for columns in (["score", "asset"], ["site", "score", "asset"]):
        op.create_index(f"ix_risk_standings_{'_'.join(columns)}", "risk_standings", columns)
    op.create_table(
        "risk_reports",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("crossing", sa.Integer, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("likelihood", sa.Integer, nullable=False),
        sa.Column("consequence", sa.Integer, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("warning_value", sa.Integer, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        *[sa.Column(name, sa.Text, nullable=False) for name in PARTS],
        sa.Column("acknowledged_at", INSTANT),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("taken", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_reports"),
        sa.UniqueConstraint("asset", "crossing", name="uq_risk_reports_asset_crossing"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_risk_reports_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_risk_reports_asset_assets"),
    )
    for columns in (["made_at", "id"], ["site", "made_at", "id"]):
        op.create_index(f"ix_risk_reports_{'_'.join(columns)}", "risk_reports", columns)
    op.create_table(
        "risk_policies",
        sa.Column("site", WORD, nullable=False),
        sa.Column("warning_value", sa.Integer, nullable=False),
        sa.Column("clear_value", sa.Integer, nullable=False),
        sa.Column("clear_after_days", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_risk_policies"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_risk_policies_site_sites"),
    )
