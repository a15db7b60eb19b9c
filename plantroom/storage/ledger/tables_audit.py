"""Tables of the history of changes and of the chain over it. The database refuses to change or delete their rows."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import unaudited
from plantroom.storage.ledger.columns import Instant, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("position", Position, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("by_kind", Word, nullable=False),
    sa.Column("by_id", Word, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("request_id", Word, nullable=False),
    sa.Column("via", Text, nullable=False),
    sa.Column("action", Word, nullable=False),
    sa.Column("entity", Word, nullable=False),
    sa.Column("key", Word, nullable=False),
    sa.Column("label", Text, nullable=False),
    sa.Column("site", Word),
    sa.Column("asset", Word),
    sa.Column("before", Text, comment="Canonical JSON of the fields that changed"),
    sa.Column("after", Text),
    sa.Index(None, "entity", "key", "position"),
    sa.Index(None, "asset", "position"),
    sa.Index(None, "site", "position"),
    sa.Index(None, "at"),
    sqlite_autoincrement=True,
    comment="What every transaction changed; append-only",
    info=unaudited("it is the history"),
)

audit_seals = sa.Table(
    "audit_seals",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("previous", Word, nullable=False, unique=True),
    sa.Column("behind", sa.BigInteger, nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("spans", Text, nullable=False, comment="Positions that there were"),
    sa.Column("marks", Text, nullable=False, comment="First bytes of each entry's digest"),
    sa.Column("at", Instant, nullable=False),
    sa.Column("digest", Word, nullable=False),
    comment="The chain over the history; append-only",
    info=unaudited("it is the chain over the history"),
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("seal", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("ledger", Word, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("sealed_at", Instant, nullable=False),
    sa.Column("digest", Word, nullable=False),
    comment="Ends of the chain that were published; append-only",
    info=unaudited("it repeats the chain"),
)

APPEND_ONLY = (audit_entries, audit_seals, audit_heads)
"""Tables whose rows are neither changed nor deleted."""
