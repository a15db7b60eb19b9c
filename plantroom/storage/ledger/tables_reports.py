"""Table of the reports that were asked for; their bytes are in the store of files."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

stored_reports = sa.Table(
    "stored_reports",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("asset", Word, sa.ForeignKey("assets.key")),
    sa.Column("system", Word),
    sa.Column("first", sa.Date, nullable=False),
    sa.Column("last", sa.Date, nullable=False),
    sa.Column("language", Word, nullable=False),
    sa.Column("costs", sa.Boolean, nullable=False),
    sa.Column("pdf", sa.Boolean, nullable=False, comment="Wanted beside the HTML"),
    sa.Column("state", Word, nullable=False, index=True),
    sa.Column("requested_by", Text, nullable=False),
    sa.Column("requested_at", Instant, nullable=False),
    sa.Column("occasion", Word, unique=True, comment="Of those made by themselves: once for each"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("taken_until", Instant),
    sa.Column("ready_at", Instant),
    sa.Column("problem", Text, nullable=False),
    sa.Column("html_sha256", Word),
    sa.Column("html_bytes", sa.BigInteger),
    sa.Column("pdf_sha256", Word),
    sa.Column("pdf_bytes", sa.BigInteger),
    sa.Index(None, "site", "requested_at", "id"),
    sa.Index(None, "requested_at", "id"),
    comment="What is ready is never changed",
    info=audited("report", "id", site="site", asset="asset", label="kind", quiet=["attempts", "taken_until"]),
)
