"""Tables of users, sessions, tokens, sign-ins, and of answers that are given again."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("username", Word, nullable=False, unique=True),
    sa.Column("password_hash", Text, nullable=False),
    sa.Column("grants", Json, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("language", Word, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    info=audited("user", "id", label="username", secret=["password_hash"]),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", Word, primary_key=True),
    sa.Column("user", Word, sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("csrf_token", Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False, index=True),
    info=unaudited("signing in changes nothing"),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("token_hash", Word, nullable=False, unique=True),
    sa.Column("grants", Json, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("created_by", Text, nullable=False),
    info=audited("token", "id", label="name", secret=["token_hash"]),
)

failed_sign_ins = sa.Table(
    "failed_sign_ins",
    metadata,
    sa.Column("id", Position, primary_key=True),
    sa.Column("username", Word, nullable=False),
    sa.Column("address", Word, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Index(None, "username", "at"),
    sa.Index(None, "address", "at"),
    sqlite_autoincrement=True,
    info=unaudited("signing in changes nothing"),
)

sign_in_attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    sa.Column("id", Position, primary_key=True),
    sa.Column("username", Word, nullable=False),
    sa.Column("address", Word, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sqlite_autoincrement=True,
    comment="Sign-ins whose password is being looked at: a few rows, each gone within a second",
    info=unaudited("signing in changes nothing"),
)

kept_answers = sa.Table(
    "kept_answers",
    metadata,
    sa.Column("account", Word, primary_key=True),
    sa.Column("key", Word, primary_key=True),
    sa.Column("request", Text, nullable=False),
    sa.Column("body_sha256", Word, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("body", Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("headers", Json, nullable=False),
    comment="First answers to requests that have a key, for a day",
    info=unaudited("what was answered; what was done has its own entries"),
)
