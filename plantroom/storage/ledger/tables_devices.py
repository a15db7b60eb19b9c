"""Table of publisher credentials."""

import sqlalchemy as sa

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
)

sa.Index(
    "uq_devices_in_force",
    devices.c.username,
    unique=True,
    sqlite_where=devices.c.revoked_at.is_(None),
    postgresql_where=devices.c.revoked_at.is_(None),
)
