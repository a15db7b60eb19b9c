"""Tables of publisher credentials and of the broker's files that are written from them."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Text, Word
from plantroom.storage.ledger.tables import metadata

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("client", Word, nullable=False),
    sa.Column("username", Word, nullable=False),
    sa.Column("password_hash", Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("assets", Json, nullable=False),
    sa.Column("topics", Json, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.Column("revoked_by", Text),
    comment="Publisher credentials; a user name has one in force at most",
    info=audited("device", "id", site="site", label="username", secret=["password_hash"]),
)

sa.Index(
    "uq_devices_in_force",
    devices.c.username,
    unique=True,
    sqlite_where=devices.c.revoked_at.is_(None),
    postgresql_where=devices.c.revoked_at.is_(None),
)

broker_files = sa.Table(
    "broker_files",
    metadata,
    sa.Column("id", Word, primary_key=True, comment="The folder's own, kept in it"),
    sa.Column("folder", Text, nullable=False),
    sa.Column("host", Text, nullable=False),
    sa.Column("changes", sa.BigInteger, nullable=False, comment="Credentials that were added or have ended, in them"),
    sa.Column("told", Text, nullable=False),
    sa.Column("written_at", Instant, nullable=False),
    comment="Files of brokers that are written from the devices",
    info=unaudited("what the program has written, by itself"),
)
