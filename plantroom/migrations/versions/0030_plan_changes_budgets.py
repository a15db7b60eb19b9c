"""What is asked of the plan table; what maintenance is to cost and what is told of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _changes()
    _budgets()


def _changes() -> None:
    op.create_table(
        "plan_changes",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD),
        sa.Column("origin", WORD, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("action", WORD),
        sa.Column("code", WORD),
        sa.Column("before", sa.Text, nullable=False, comment="The plan row as JSON, or null"),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("effective_from", sa.Date),
        sa.Column("suggestion", sa.Text, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", INSTANT),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("lineage", WORD, comment="Of the row that it made a version of"),
        sa.Column("applied_version", sa.Integer),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plan_changes"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_plan_changes_site_sites"),
    )
    op.create_index("ix_plan_changes_code", "plan_changes", ["code"])
    op.create_index("ix_plan_changes_lineage", "plan_changes", ["lineage"])
    op.create_index("ix_plan_changes_requested_at_id", "plan_changes", ["requested_at", "id"])


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("line", WORD, nullable=False),
        sa.Column("system", WORD, nullable=False, comment="Empty: what has no line of its own system"),
        sa.Column("approved", sa.Float, nullable=False, comment="CNY"),
        sa.Column("warn_percent", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, comment="Counts changes of what the warnings go by"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.UniqueConstraint("site", "year", "line", "system", name="uq_budgets_site_year_line_system"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_budgets_site_sites"),
    )
    op.create_table(
        "budget_warnings",
        sa.Column("budget", WORD, nullable=False),
        sa.Column("revision", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("approved", sa.Float, nullable=False),
        sa.Column("actual", sa.Float, nullable=False),
        sa.Column("committed", sa.Float, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("budget", "revision", "level", name="pk_budget_warnings"),
        sa.ForeignKeyConstraint(["budget"], ["budgets.id"], name="fk_budget_warnings_budget_budgets"),
    )
    op.create_table(
        "budget_rates",
        sa.Column("site", WORD, nullable=False),
        sa.Column("hourly_rate", sa.Float, comment="CNY an hour of our own people"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_budget_rates"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_budget_rates_site_sites"),
    )
    op.create_table(
        "budget_forecasts",
        sa.Column("site", WORD, nullable=False),
        sa.Column("year", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.Column("basis", WORD, nullable=False, comment="Digest of what it goes by"),
        sa.Column("document", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("site", "year", name="pk_budget_forecasts"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_budget_forecasts_site_sites"),
    )
