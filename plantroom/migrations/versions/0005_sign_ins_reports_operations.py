"""Sign-ins in flight; what collectors say by site; when operations were done by our clock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the columns."""
    _sign_in_attempts()
    _collector_reports()
    op.add_column("operations", sa.Column("done_at", INSTANT))


def _sign_in_attempts() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", POSITION, nullable=False),
        sa.Column("username", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempts"),
        sqlite_autoincrement=True,
        comment="Sign-ins whose password is being looked at: a few rows, each gone within a second",
    )
    op.create_index("ix_sign_in_attempts_at", "sign_in_attempts", ["at"])


def _collector_reports() -> None:
    # Made anew: collectors write their reports every few seconds, and a default would stay in the schema.
    op.drop_table("collector_reports")
    op.create_table(
        "collector_reports",
        sa.Column("collector", WORD, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("ready", sa.Boolean, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.Column("stats", sa.JSON, nullable=False),
        sa.Column("by_site", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("collector", name="pk_collector_reports"),
    )
