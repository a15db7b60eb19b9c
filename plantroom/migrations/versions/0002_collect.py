"""What collectors write, and the live log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _asset_events()
    _collector_reports()
    _consumer_cursors()
    _dead_letters()
    _findings()
    _live_log()
    _asset_health()
    _asset_presence()


def _asset_events() -> None:
    op.create_table(
        "asset_events",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("observed_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("safety", sa.Boolean, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_asset_events"),
    )
    op.create_index("ix_asset_events_asset_observed_at_id", "asset_events", ["asset", "observed_at", "id"])


def _collector_reports() -> None:
    op.create_table(
        "collector_reports",
        sa.Column("collector", WORD, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("ready", sa.Boolean, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.Column("stats", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("collector", name="pk_collector_reports"),
    )


def _consumer_cursors() -> None:
    op.create_table(
        "consumer_cursors",
        sa.Column("consumer", WORD, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("consumer", name="pk_consumer_cursors"),
    )


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_reason_received_at_id", "dead_letters", ["reason", "received_at", "id"])
    op.create_index("ix_dead_letters_received_at_id", "dead_letters", ["received_at", "id"])
    op.create_index("ix_dead_letters_site_received_at_id", "dead_letters", ["site", "received_at", "id"])


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("finding_id", WORD, nullable=False),
        sa.Column("raised", sa.Boolean, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("failure_mode", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("severity", WORD),
        sa.Column("safety", sa.Boolean),
        sa.Column("observed_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON),
        sa.Column("detail", sa.JSON),
        sa.PrimaryKeyConstraint("position", name="pk_findings"),
        sa.UniqueConstraint("finding_id", name="uq_findings_finding_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_findings_asset", "findings", ["asset"])


def _live_log() -> None:
    op.create_table(
        "live_log",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("topic", WORD, nullable=False),
        sa.Column("site", WORD),
        sa.Column("data", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_live_log"),
        sqlite_autoincrement=True,
    )


def _asset_health() -> None:
    op.create_table(
        "asset_health",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("health", WORD, nullable=False),
        sa.Column("reason", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_asset_health_asset_assets"),
        sa.PrimaryKeyConstraint("asset", name="pk_asset_health"),
    )


def _asset_presence() -> None:
    op.create_table(
        "asset_presence",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("presence", WORD, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("last_seen", INSTANT),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_asset_presence_asset_assets"),
        sa.PrimaryKeyConstraint("asset", name="pk_asset_presence"),
    )
