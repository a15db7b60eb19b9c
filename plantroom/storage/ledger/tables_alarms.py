"""Tables of alarms: what is shelved, what people were told, floods, who changed limits.

What stands is in ``episodes``; nothing here says so a second time.
"""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

alarm_shelves = sa.Table(
    "alarm_shelves",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False),
    sa.Column("failure_mode", Word, nullable=False),
    sa.Column("subjects", Json, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("ended_by", Text),
    sa.Index(None, "asset", "failure_mode"),
    sa.Index(None, "at", "id"),
    comment="Kept when they are over; one that is not ended holds until its time",
    info=audited("shelf", "id", site="site", asset="asset"),
)

sa.Index(
    "ix_alarm_shelves_standing",
    alarm_shelves.c.until,
    sqlite_where=alarm_shelves.c.ended_at.is_(None),
    postgresql_where=alarm_shelves.c.ended_at.is_(None),
)

limit_changes = sa.Table(
    "limit_changes",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("site", Word, nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False),
    sa.Column("point", Word, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("before", Text, nullable=False, comment="The limits as JSON"),
    sa.Column("after", Text, nullable=False),
    sa.Index(None, "asset", "point", "position"),
    sqlite_autoincrement=True,
    info=unaudited("the point's own entries have its limits"),
)

annunciations = sa.Table(
    "annunciations",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("site", Word, nullable=False),
    sa.Column("asset", Word, nullable=False),
    sa.Column("failure_mode", Word, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("priority", Word, nullable=False),
    sa.Column("safety", sa.Boolean, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("observed_at", Instant, nullable=False),
    sa.Index(None, "site", "at", "position"),
    sqlite_autoincrement=True,
    comment="Every alarm that people were told of; what was shelved or suppressed is not among them",
    info=unaudited("alarms, at the pace of the data"),
)

alarm_floods = sa.Table(
    "alarm_floods",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("first_at", Instant, nullable=False),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("peak", sa.Integer, nullable=False),
    sa.Column("gathered", sa.Integer, nullable=False),
    sa.Column("work_order", Word),
    sa.Index(None, "began_at", "id"),
    info=unaudited("alarms, at the pace of the data"),
)

sa.Index(
    "uq_alarm_floods_standing",
    alarm_floods.c.site,
    unique=True,
    sqlite_where=alarm_floods.c.ended_at.is_(None),
    postgresql_where=alarm_floods.c.ended_at.is_(None),
)
