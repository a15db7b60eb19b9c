"""Reports that were asked for; tickets of a site by their opening."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table and the index."""
    op.create_index("ix_repairs_site_opened_at", "repairs", ["site", "opened_at"])
    op.create_table(
        "stored_reports",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("system", WORD),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date, nullable=False),
        sa.Column("language", WORD, nullable=False),
        sa.Column("costs", sa.Boolean, nullable=False),
        sa.Column("pdf", sa.Boolean, nullable=False, comment="Wanted beside the HTML"),
        sa.Column("state", WORD, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("occasion", WORD, comment="Of those made by themselves: once for each"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("taken_until", INSTANT),
        sa.Column("ready_at", INSTANT),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("html_sha256", WORD),
        sa.Column("html_bytes", sa.BigInteger),
        sa.Column("pdf_sha256", WORD),
        sa.Column("pdf_bytes", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_stored_reports"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_stored_reports_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_stored_reports_asset_assets"),
        sa.UniqueConstraint("occasion", name="uq_stored_reports_occasion"),
        comment="What is ready is never changed",
    )
    op.create_index("ix_stored_reports_state", "stored_reports", ["state"])
    op.create_index("ix_stored_reports_site_requested_at_id", "stored_reports", ["site", "requested_at", "id"])
    op.create_index("ix_stored_reports_requested_at_id", "stored_reports", ["requested_at", "id"])
