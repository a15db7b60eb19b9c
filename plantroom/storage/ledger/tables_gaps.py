"""Table of the numbers that publishers skipped. It refers to sites and assets by plain keys, as all that came in."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import unaudited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

gaps = sa.Table(
    "gaps",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, nullable=False),
    sa.Column("asset", Word, nullable=False),
    sa.Column("code", Text, nullable=False),
    sa.Column("channel", Word, nullable=False),
    sa.Column("boot", Word, nullable=False),
    sa.Column("numbering", sa.BigInteger, nullable=False),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("missing", sa.BigInteger, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("reason", Word, nullable=False),
    sa.Column("found_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("asks", sa.Integer, nullable=False),
    sa.Column("asked_at", Instant),
    sa.Column("ask_at", Instant),
    sa.UniqueConstraint("site", "asset", "channel", "boot", "numbering", "first", name="uq_gaps_numbers"),
    sa.Index(None, "found_at", "id"),
    sa.Index(None, "site", "found_at", "id"),
    sa.Index(None, "state", "ask_at"),
    comment="Numbers of publishers that have not come; spans of one numbering do not overlap",
    info=unaudited("at the pace of the data"),
)
