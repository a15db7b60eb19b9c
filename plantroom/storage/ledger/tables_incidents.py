"""Tables of incidents and of the records of drills."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("code", Word, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("severity", Word, nullable=False),
    sa.Column("stage", Word, nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key")),
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id")),
    sa.Column("reported_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", Text, nullable=False, comment="The whole incident as JSON"),
    sa.UniqueConstraint("site", "year", "number"),
    sa.Index(None, "reported_at", "id"),
    sa.Index(None, "site", "reported_at", "id"),
    sa.Index(None, "work_order"),
    sa.Index(None, "asset"),
    info=audited("incident", "id", site="site", asset="asset", label="code", document="document"),
)

drill_records = sa.Table(
    "drill_records",
    metadata,
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("emergency_plan", Word),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", Text, nullable=False, comment="The whole record as JSON"),
    sa.Index(None, "recorded_at", "work_order"),
    sa.Index(None, "site", "recorded_at", "work_order"),
    info=audited("drill_record", "work_order", site="site", document="document"),
)
