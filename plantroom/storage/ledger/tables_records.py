"""Tables of the frozen records of statutory work and incidents. The database refuses to change or delete their rows."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

statutory_records = sa.Table(
    "statutory_records",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), unique=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key")),
    sa.Column("title_zh", Text, nullable=False),
    sa.Column("title_en", Text, nullable=False),
    sa.Column("completed_on", sa.Date, nullable=False),
    sa.Column("frozen_at", Instant, nullable=False),
    sa.Column("frozen_by", Text, nullable=False),
    sa.Column("cause", Word, nullable=False),
    sa.Column("keep_years", sa.Integer, nullable=False),
    sa.Column("keep_basis", Text, nullable=False),
    sa.Column("keep_status", Word, nullable=False),
    sa.Column("keep_until", sa.Date, nullable=False),
    sa.Column("sha256", Word, nullable=False),
    sa.Column("document", Text, nullable=False, comment="Canonical JSON"),
    sa.Column("incident", Word),
    sa.Index(None, "asset", "completed_on", "id"),
    sa.Index(None, "site", "completed_on", "id"),
    sa.Index(None, "completed_on", "id"),
    sa.Index("uq_statutory_records_incident", "incident", unique=True),
    comment="Signed statutory work and closed incidents as they were; append-only",
    # The digest says what the document was.
    info=audited("record", "id", site="site", asset="asset", label="number", derived=["document"], quiet=[]),
)

record_addenda = sa.Table(
    "record_addenda",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("record", Word, sa.ForeignKey("statutory_records.id"), nullable=False),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key")),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("signature", Word, comment="SHA-256 of the signature's file"),
    sa.Column("op_id", Word),
    sa.Column("previous", Word, nullable=False),
    sa.Column("sha256", Word, nullable=False),
    sa.UniqueConstraint("record", "number"),
    sa.Index(None, "asset"),
    comment="What was added to frozen records; append-only",
    info=audited("addendum", "id", site="site", asset="asset", label="record", quiet=[]),
)

FROZEN = (statutory_records, record_addenda)
"""Tables whose rows are neither changed nor deleted."""
