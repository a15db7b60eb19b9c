"""Tables of the SLA clocks: what was said, what the clocks say of it, who was told, what is promised."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

work_order_marks = sa.Table(
    "work_order_marks",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), nullable=False, index=True),
    sa.Column("said", Word, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("code", Word, nullable=False),
    sa.Column("text", Text, nullable=False),
    sqlite_autoincrement=True,
    comment="Words on an order that are no steps of its life",
    info=audited("work_mark", "position", label="work_order"),
)

sla_clocks = sa.Table(
    "sla_clocks",
    metadata,
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), primary_key=True),
    sa.Column("kind", Word, primary_key=True),
    sa.Column("cycle", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("site", Word, nullable=False),
    sa.Column("severity", Word, nullable=False),
    sa.Column("state", Word, nullable=False),  # As of the last word; a limit that passes changes nothing here
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("counts_from", Instant, nullable=False),
    sa.Column("target_s", sa.Integer, nullable=False),
    sa.Column("limit_s", sa.Integer, nullable=False),
    sa.Column("target_at", Instant, nullable=False),
    sa.Column("limit_at", Instant, nullable=False),
    sa.Column("stopped_at", Instant),
    sa.Column("decided_at", Instant),  # When it is known whether it was kept; NULL while it is paused
    sa.Column("pauses", Json, nullable=False),
    sa.Column("paused_s", sa.Float, nullable=False),  # Without a pause that lasts
    sa.Column("wake_at", Instant, index=True),  # When the next step of its escalation is due
    sa.Index(None, "decided_at"),
    sqlite_with_rowid=False,
    info=unaudited("computed from what was said of the order"),
)

sla_steps = sa.Table(
    "sla_steps",
    metadata,
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), primary_key=True),
    sa.Column("kind", Word, primary_key=True),
    sa.Column("cycle", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", Word, primary_key=True),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("messages", sa.Integer, nullable=False),  # How many were written; 0: overtaken, or nobody to tell
    sqlite_with_rowid=False,
    comment="Steps of escalation, breaches and their corrections; each once",
    info=audited("sla_step", "work_order", "kind", "cycle", "step", label="work_order", derived=["messages"]),
)

sla_policies = sa.Table(
    "sla_policies",
    metadata,
    sa.Column("profile", Word, primary_key=True),  # The site's code, empty for every site
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("effective_at", Instant, nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
    info=audited("sla_policy", "profile", "version", label="profile", document="document"),
)
