"""SLA clocks, coded pauses, escalation, notification channels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from plantroom.storage.ledger.columns import EPOCH, FAR_FUTURE, Instant

revision = "0027"
down_revision = "0026"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the columns and the tables; tickets keep the severity that they have as their first."""
    op.add_column("work_orders", sa.Column("hold_code", WORD))
    op.add_column("work_orders", sa.Column("next_limit", INSTANT))
    op.add_column("work_orders", sa.Column("risk_at", INSTANT))
    orders = sa.table(
        "work_orders", *(sa.column(name) for name in ("ended", "kind")), sa.column("next_limit", Instant),
        sa.column("risk_at", Instant),
    )  # fmt: skip
    op.execute(orders.update().values(next_limit=FAR_FUTURE, risk_at=FAR_FUTURE))
    # The clocks of open tickets are computed at the first look (maintenance.sla.escalation).
    waiting = orders.update().where(orders.c.ended.is_(sa.false()), orders.c.kind == "corrective")
    op.execute(waiting.values(next_limit=EPOCH))
    op.create_index("ix_work_orders_ended_next_limit_number", "work_orders", ["ended", "next_limit", "number"])
    op.create_index("ix_work_orders_ended_risk_at", "work_orders", ["ended", "risk_at"])
    op.add_column("work_order_transitions", sa.Column("code", WORD, nullable=False, server_default=sa.text("''")))
    op.execute("""UPDATE work_orders SET hold_code = 'other' WHERE state = 'on_hold'""")
    _marks()
    _clocks()
    _channels()
    _protect()


def _protect() -> None:
    """What was said, and what was promised, is never changed: the database refuses it."""
    for table in ("work_order_marks", "sla_policies"):
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _marks() -> None:
    op.create_table(
        "work_order_marks",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("said", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_work_order_marks"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_order_marks_work_order_work_orders"),
        sqlite_autoincrement=True,
        comment="Words on an order that are no steps of its life",
    )
    op.create_index("ix_work_order_marks_work_order", "work_order_marks", ["work_order"])
    op.execute(
        'INSERT INTO work_order_marks (work_order, said, at, recorded_at, "by", code, text)'
        " SELECT id, 'severity', opened_at, opened_at, 'system:migration', severity, '' FROM work_orders"
        " WHERE kind = 'corrective' AND opened_at IS NOT NULL"
    )
    op.execute(
        'INSERT INTO work_order_marks (work_order, said, at, recorded_at, "by", code, text)'
        " SELECT id, 'arrived', arrived_at, arrived_at, 'system:migration', '', '' FROM work_orders"
        " WHERE kind = 'corrective' AND opened_at IS NOT NULL AND arrived_at IS NOT NULL"
    )


def _clocks() -> None:
    op.create_table(
        "sla_clocks",
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("cycle", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("counts_from", INSTANT, nullable=False),
        sa.Column("target_s", sa.Integer, nullable=False),
        sa.Column("limit_s", sa.Integer, nullable=False),
        sa.Column("target_at", INSTANT, nullable=False),
        sa.Column("limit_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("pauses", sa.JSON, nullable=False),
        sa.Column("paused_s", sa.Float, nullable=False),
        sa.Column("wake_at", INSTANT),
        sa.PrimaryKeyConstraint("work_order", "kind", "cycle", name="pk_sla_clocks"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_sla_clocks_work_order_work_orders"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sla_clocks_wake_at", "sla_clocks", ["wake_at"])
    op.create_index("ix_sla_clocks_decided_at", "sla_clocks", ["decided_at"])
    op.create_table(
        "sla_steps",
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("cycle", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("step", WORD, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("work_order", "kind", "cycle", "step", name="pk_sla_steps"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_sla_steps_work_order_work_orders"),
        sqlite_with_rowid=False,
        comment="Steps of escalation, breaches and their corrections; each once",
    )
    op.create_table(
        "sla_policies",
        sa.Column("profile", WORD, nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("profile", "version", name="pk_sla_policies"),
        sqlite_with_rowid=False,
    )


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("site", WORD),
        sa.Column("department", sa.Text),
        sa.Column("user", sa.Text),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("language", WORD, nullable=False),
        sa.Column("min_severity", WORD, nullable=False),
        sa.Column("quiet_from", WORD),
        sa.Column("quiet_to", WORD),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_ok_at", INSTANT),
        sa.Column("last_failed_at", INSTANT),
        sa.Column("last_error", sa.Text),
        sa.Column("broken_since", INSTANT),
        sa.Column("ticket", WORD),
        sa.Column("digest_at", INSTANT),
        sa.Column("resting_until", INSTANT),
        sa.Column("claimed_by", WORD),
        sa.Column("claimed_until", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        sa.UniqueConstraint("name", name="uq_channels_name"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_channels_site_sites"),
    )
    op.create_table(
        "notifications",
        sa.Column("id", WORD, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("dedup", sa.Text, nullable=False),
        sa.Column("topic", WORD, nullable=False),
        sa.Column("site", WORD),
        sa.Column("work_order", WORD),
        sa.Column("clock", WORD),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.Column("given_up_at", INSTANT),
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("error", sa.Text),
        sa.Column("digest", WORD),
        sa.Column("replays", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("channel", "dedup", name="uq_notifications_channel_dedup"),
        sa.ForeignKeyConstraint(
            ["channel"], ["channels.id"], name="fk_notifications_channel_channels", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_notifications_work_order", "notifications", ["work_order"])
    op.create_index("ix_notifications_next_try_channel", "notifications", ["next_try", "channel"])
    op.create_index("ix_notifications_channel_delivered_at", "notifications", ["channel", "delivered_at"])
    op.create_index("ix_notifications_created_at_id", "notifications", ["created_at", "id"])
