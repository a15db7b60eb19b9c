"""Shelved alarms, acknowledgement, what was told to people, floods, and who changed limits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and the columns."""
    op.add_column("sites", sa.Column("max_shelving_h", sa.Float))
    op.add_column("episodes", sa.Column("acknowledged_at", INSTANT))
    op.add_column("episodes", sa.Column("acknowledged_by", sa.Text))
    op.create_index("ix_episodes_closed_at", "episodes", ["closed_at"])
    _shelves()
    _limit_changes()
    _annunciations()
    _floods()


def _shelves() -> None:
    op.create_table(
        "alarm_shelves",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("failure_mode", WORD, nullable=False),
        sa.Column("subjects", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_shelves"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_alarm_shelves_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_alarm_shelves_asset_assets"),
        comment="Kept when they are over; one that is not ended holds until its time",
    )
    op.create_index("ix_alarm_shelves_asset_failure_mode", "alarm_shelves", ["asset", "failure_mode"])
    op.create_index("ix_alarm_shelves_at_id", "alarm_shelves", ["at", "id"])
    op.create_index(
        "ix_alarm_shelves_standing",
        "alarm_shelves",
        ["until"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _limit_changes() -> None:
    op.create_table(
        "limit_changes",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("point", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False, comment="The limits as JSON"),
        sa.Column("after", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_limit_changes"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_limit_changes_asset_assets"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_limit_changes_asset_point_position", "limit_changes", ["asset", "point", "position"])


def _annunciations() -> None:
    op.create_table(
        "annunciations",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("failure_mode", WORD, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("priority", WORD, nullable=False),
        sa.Column("safety", sa.Boolean, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("observed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_annunciations"),
        sqlite_autoincrement=True,
        comment="Every alarm that people were told of; what was shelved or suppressed is not among them",
    )
    op.create_index("ix_annunciations_site_at_position", "annunciations", ["site", "at", "position"])


def _floods() -> None:
    op.create_table(
        "alarm_floods",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("peak", sa.Integer, nullable=False),
        sa.Column("gathered", sa.Integer, nullable=False),
        sa.Column("work_order", WORD),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_floods"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_alarm_floods_site_sites"),
    )
    op.create_index("ix_alarm_floods_began_at_id", "alarm_floods", ["began_at", "id"])
    op.create_index(
        "uq_alarm_floods_standing",
        "alarm_floods",
        ["site"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
