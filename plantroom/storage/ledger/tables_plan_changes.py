"""Tables of what is asked of the plan table, and of what maintenance costs."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Text, Word
from plantroom.storage.ledger.tables import metadata

plan_changes = sa.Table(
    "plan_changes",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code")),
    sa.Column("origin", Word, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("requested_by", Text, nullable=False),
    sa.Column("requested_at", Instant, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("action", Word),
    sa.Column("code", Word, index=True),
    sa.Column("before", Text, nullable=False, comment="The plan row as JSON, or null"),
    sa.Column("after", Text, nullable=False),
    sa.Column("effective_from", sa.Date),
    sa.Column("suggestion", Text, nullable=False),
    sa.Column("asset", Word),
    sa.Column("decided_by", Text),
    sa.Column("decided_at", Instant),
    sa.Column("decision", Text, nullable=False),
    sa.Column("lineage", Word, index=True, comment="Of the row that it made a version of"),
    sa.Column("applied_version", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index(None, "requested_at", "id"),
    info=audited("plan_change", "id", site="site", asset="asset", label="code", derived=["before"], parsed=["after"]),
)

budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("line", Word, nullable=False),
    sa.Column("system", Word, nullable=False, comment="Empty: what has no line of its own system"),
    sa.Column("approved", sa.Float, nullable=False, comment="CNY"),
    sa.Column("warn_percent", sa.Integer, nullable=False),
    sa.Column("note", Text, nullable=False),
    sa.Column("approved_by", Text, nullable=False),
    sa.Column("approved_at", Instant, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, comment="Counts changes of what the warnings go by"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("site", "year", "line", "system"),
    info=audited("budget", "id", site="site", label="line", quiet=["version", "revision"]),
)

budget_warnings = sa.Table(
    "budget_warnings",
    metadata,
    sa.Column("budget", Word, sa.ForeignKey("budgets.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("level", Word, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("approved", sa.Float, nullable=False),
    sa.Column("actual", sa.Float, nullable=False),
    sa.Column("committed", sa.Float, nullable=False),
    sa.Column("messages", sa.Integer, nullable=False),
    info=unaudited("written once for each level that a line reaches"),
)

budget_rates = sa.Table(
    "budget_rates",
    metadata,
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("hourly_rate", sa.Float, comment="CNY an hour of our own people"),
    sa.Column("version", sa.Integer, nullable=False),
    info=audited("budget_rate", "site", site="site"),
)

budget_forecasts = sa.Table(
    "budget_forecasts",
    metadata,
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("computed_at", Instant, nullable=False),
    sa.Column("basis", Word, nullable=False, comment="Digest of what it goes by"),
    sa.Column("document", Json, nullable=False),
    info=unaudited("computed from the plan, the machines and the rates"),
)
