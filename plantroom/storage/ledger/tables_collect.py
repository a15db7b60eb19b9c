"""Tables that collectors write: the outbox of findings, dead letters, presence, health, events; the live log.

Findings, dead letters and events refer to sites and assets by plain keys: what came in is kept whatever the
ledger knows of its sender.
"""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import unaudited
from plantroom.storage.ledger.columns import Instant, Json, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("finding_id", Word, nullable=False, unique=True),
    sa.Column("raised", sa.Boolean, nullable=False),
    sa.Column("site", Word, nullable=False),
    sa.Column("asset", Word, nullable=False, index=True),
    sa.Column("failure_mode", Word, nullable=False),
    sa.Column("source", Word, nullable=False),
    sa.Column("severity", Word),
    sa.Column("safety", sa.Boolean),
    sa.Column("observed_at", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("evidence", Json),
    sa.Column("detail", Json),
    sqlite_autoincrement=True,
    info=unaudited("findings, at the pace of the data"),
)

findings_ahead = sa.Table(
    "findings_ahead",
    metadata,
    sa.Column("consumer", Word, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    comment="What a consumer has done of the findings behind its cursor",
    info=unaudited("how far a worker has come"),
)

consumer_cursors = sa.Table(
    "consumer_cursors",
    metadata,
    sa.Column("consumer", Word, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    info=unaudited("how far a worker has come"),
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("topic", Text, nullable=False),
    sa.Column("reason", Word, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("part", Text, nullable=False),
    sa.Index(None, "received_at", "id"),
    sa.Index(None, "site", "received_at", "id"),
    sa.Index(None, "reason", "received_at", "id"),
    info=unaudited("messages, at the pace of the data"),
)

letters_let_go = sa.Table(
    "letters_let_go",
    metadata,
    sa.Column("site", Word, primary_key=True),
    sa.Column("hour", Instant, primary_key=True),
    sa.Column("letters", sa.BigInteger, nullable=False),
    comment="Dead letters that were deleted because there were too many, by the hour that begins then",
    info=unaudited("messages, at the pace of the data"),
)

asset_presence = sa.Table(
    "asset_presence",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("presence", Word, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("last_seen", Instant),
    sa.Column("interval_ms", sa.BigInteger),
    sa.Column("greeted_at", Instant),
    info=unaudited("at the pace of the data"),
)

asset_clocks = sa.Table(
    "asset_clocks",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("offset_ms", sa.BigInteger, nullable=False),
    sa.Column("measured_at", Instant, nullable=False),
    sa.Column("wrong_since", Instant),
    sa.Column("stands", sa.Boolean, nullable=False, server_default=sa.false()),
    info=unaudited("at the pace of the data"),
)

asset_health = sa.Table(
    "asset_health",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("health", Word, nullable=False),
    sa.Column("reason", Json, nullable=False),
    info=unaudited("at the pace of the data"),
)

asset_events = sa.Table(
    "asset_events",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, nullable=False),
    sa.Column("asset", Word, nullable=False),
    sa.Column("event", Text, nullable=False),
    sa.Column("observed_at", Instant, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("severity", Word, nullable=False),
    sa.Column("safety", sa.Boolean, nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Index(None, "asset", "observed_at", "id"),
    info=unaudited("at the pace of the data"),
)

collector_reports = sa.Table(
    "collector_reports",
    metadata,
    sa.Column("collector", Word, primary_key=True),
    sa.Column("reported_at", Instant, nullable=False),
    sa.Column("ready", sa.Boolean, nullable=False),
    sa.Column("problems", Json, nullable=False),
    sa.Column("stats", Json, nullable=False),
    sa.Column("by_site", Json, nullable=False),
    info=unaudited("what a process says of itself"),
)

live_log = sa.Table(
    "live_log",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("topic", Word, nullable=False),
    sa.Column("site", Word),
    sa.Column("data", Json, nullable=False),
    sqlite_autoincrement=True,
    info=unaudited("what browsers are told"),
)

dirty_windows = sa.Table(
    "dirty_windows",
    metadata,
    sa.Column("asset", Word, primary_key=True),
    sa.Column("width_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("start_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("site", Word, nullable=False),
    sa.Column("token", Word, nullable=False),
    sa.Index(None, "width_ms", "start_ms"),
    info=unaudited("work that waits"),
)
