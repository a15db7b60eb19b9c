"""Users, sessions, tokens, failed sign-ins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _api_tokens()
    _failed_sign_ins()
    _users()
    _sessions()


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", WORD, nullable=False),
        sa.Column("grants", sa.JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )


def _failed_sign_ins() -> None:
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", POSITION, nullable=False),
        sa.Column("username", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failed_sign_ins"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_failed_sign_ins_address_at", "failed_sign_ins", ["address", "at"])
    op.create_index("ix_failed_sign_ins_at", "failed_sign_ins", ["at"])
    op.create_index("ix_failed_sign_ins_username_at", "failed_sign_ins", ["username", "at"])


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", WORD, nullable=False),
        sa.Column("username", WORD, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("grants", sa.JSON, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", WORD, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", WORD, nullable=False),
        sa.Column("user", WORD, nullable=False),
        sa.Column("csrf_token", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_user_users"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_user", "sessions", ["user"])
