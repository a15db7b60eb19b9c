"""Loop tests and clock offsets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the columns and the tables."""
    op.add_column("asset_presence", sa.Column("interval_ms", sa.BigInteger))
    op.add_column("asset_presence", sa.Column("greeted_at", INSTANT))
    op.create_table(
        "asset_clocks",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("offset_ms", sa.BigInteger, nullable=False),
        sa.Column("measured_at", INSTANT, nullable=False),
        sa.Column("wrong_since", INSTANT),
        sa.PrimaryKeyConstraint("asset", name="pk_asset_clocks"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_asset_clocks_asset_assets"),
    )
    op.create_table(
        "loop_tests",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("deadline", INSTANT, nullable=False),
        sa.Column("window_s", sa.Float, nullable=False),
        sa.Column("finished_by", sa.Text),
        sa.Column("finished_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_loop_tests"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_loop_tests_site_sites"),
    )
    op.create_index("ix_loop_tests_state", "loop_tests", ["state"])
    op.create_index("ix_loop_tests_site_started_at_id", "loop_tests", ["site", "started_at", "id"])
    op.create_table(
        "loop_checks",
        sa.Column("test", WORD, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("place_zh", sa.Text, nullable=False),
        sa.Column("place_en", sa.Text, nullable=False),
        sa.Column("expected", sa.JSON, nullable=False),
        sa.Column("responsible", sa.Text, nullable=False),
        sa.Column("result", WORD, nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("asked_at", INSTANT),
        sa.Column("deadline", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("reason_zh", sa.Text, nullable=False),
        sa.Column("reason_en", sa.Text, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("test", "number", name="pk_loop_checks"),
        sa.ForeignKeyConstraint(["test"], ["loop_tests.id"], name="fk_loop_checks_test_loop_tests"),
    )
    op.create_index("ix_loop_checks_asset", "loop_checks", ["asset"])
