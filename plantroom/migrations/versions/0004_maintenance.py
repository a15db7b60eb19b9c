"""Plan table, occurrences, work orders with their append-only history, episodes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("work_order_transitions", "operations")


def upgrade() -> None:
    """Make the tables and keep the history from being changed."""
    _checklists()
    _operations()
    _occurrences()
    _plan_rows()
    _plan_row_versions()
    _episodes()
    _work_orders()
    _work_order_transitions()
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def _checklists() -> None:
    op.create_table(
        "checklists",
        sa.Column("code", WORD, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_checklists"),
    )


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("op_id", WORD, nullable=False),
        sa.Column("fingerprint", WORD, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("work_order", WORD),
        sa.Column("step", sa.Text),
        sa.Column("base_version", sa.BigInteger),
        sa.Column("captured_at", INSTANT, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("version", sa.BigInteger),
        sa.PrimaryKeyConstraint("position", name="pk_operations"),
        sa.UniqueConstraint("op_id", name="uq_operations_op_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_operations_work_order_captured_at_position", "operations", ["work_order", "captured_at", "position"]
    )


def _occurrences() -> None:
    op.create_table(
        "occurrences",
        sa.Column("lineage", WORD, nullable=False),
        sa.Column("subject", WORD, nullable=False),
        sa.Column("cycle", sa.Integer, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("plan_row", WORD, nullable=False),
        sa.Column("nominal_date", sa.Date, nullable=False),
        sa.Column("earliest", sa.Date, nullable=False),
        sa.Column("latest", sa.Date, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("completed_at", INSTANT),
        sa.Column("work_order", WORD),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_occurrences_site_sites"),
        sa.PrimaryKeyConstraint("lineage", "subject", "cycle", name="pk_occurrences"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_occurrences_site_state", "occurrences", ["site", "state"])
    op.create_index("ix_occurrences_subject_nominal_date", "occurrences", ["subject", "nominal_date"])
    op.create_index("ix_occurrences_work_order", "occurrences", ["work_order"])


def _plan_rows() -> None:
    op.create_table(
        "plan_rows",
        sa.Column("lineage", WORD, nullable=False),
        sa.Column("profile", WORD, nullable=False, comment="The site's code, empty for the default profile"),
        sa.Column("code", WORD, nullable=False),
        sa.Column("site", WORD),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("layer", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="The whole row as JSON"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_plan_rows_site_sites"),
        sa.PrimaryKeyConstraint("lineage", name="pk_plan_rows"),
        sa.UniqueConstraint("profile", "code", name="uq_plan_rows_profile_code"),
    )


def _plan_row_versions() -> None:
    op.create_table(
        "plan_row_versions",
        sa.Column("lineage", WORD, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["lineage"], ["plan_rows.lineage"], name="fk_plan_row_versions_lineage_plan_rows"),
        sa.PrimaryKeyConstraint("lineage", "version", name="pk_plan_row_versions"),
    )


def _episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("failure_mode", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("safety", sa.Boolean, nullable=False),
        sa.Column("opened_observed_at", INSTANT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("last_observed_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_observed_at", INSTANT),
        sa.Column("work_order", WORD),
        sa.Column("open_subjects", sa.JSON, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("detail", sa.JSON),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_episodes_asset_assets"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_episodes_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_episodes"),
    )
    op.create_index(
        "ix_episodes_asset_failure_mode_opened_at_id", "episodes", ["asset", "failure_mode", "opened_at", "id"]
    )
    op.create_index("ix_episodes_asset_opened_at_id", "episodes", ["asset", "opened_at", "id"])
    op.create_index("ix_episodes_opened_at_id", "episodes", ["opened_at", "id"])
    op.create_index("ix_episodes_site_opened_at_id", "episodes", ["site", "opened_at", "id"])
    op.create_index("ix_episodes_state_opened_at_id", "episodes", ["state", "opened_at", "id"])
    op.create_index("ix_episodes_work_order", "episodes", ["work_order"])


def _work_orders() -> None:
    op.create_table(
        "work_orders",
        sa.Column("id", WORD, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("origin", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False, comment="The state is an ending"),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("safety", sa.Boolean, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("department", WORD),
        sa.Column("assignee", WORD),
        sa.Column("due", INSTANT),
        sa.Column("due_order", INSTANT, nullable=False, comment="due, or the far future: what lists are ordered by"),
        sa.Column("earliest", sa.Date),
        sa.Column("opened_at", INSTANT),
        sa.Column("acknowledged_at", INSTANT),
        sa.Column("arrived_at", INSTANT),
        sa.Column("completed_at", INSTANT),
        sa.Column("verified_at", INSTANT),
        sa.Column("hold_reason", sa.Text),
        sa.Column("end_reason", sa.Text),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("episode", WORD),
        sa.Column("reason_zh", sa.Text, nullable=False),
        sa.Column("reason_en", sa.Text, nullable=False),
        sa.Column("first_checks", sa.JSON, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("occurrences", sa.JSON, nullable=False),
        sa.Column("template", sa.Text, nullable=False, comment="The checklist as it was when the order was made, JSON"),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("verdict", sa.JSON),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_work_orders_asset_assets"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_orders_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_orders"),
        sa.UniqueConstraint("number", name="uq_work_orders_number"),
    )
    op.create_index("ix_work_orders_asset_due_order_number", "work_orders", ["asset", "due_order", "number"])
    op.create_index("ix_work_orders_due_order_number", "work_orders", ["due_order", "number"])
    op.create_index("ix_work_orders_ended_due_order_number", "work_orders", ["ended", "due_order", "number"])
    op.create_index("ix_work_orders_episode", "work_orders", ["episode"])
    op.create_index(
        "ix_work_orders_site_ended_due_order_number", "work_orders", ["site", "ended", "due_order", "number"]
    )
    op.create_index("ix_work_orders_state_due_order_number", "work_orders", ["state", "due_order", "number"])


def _work_order_transitions() -> None:
    op.create_table(
        "work_order_transitions",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("to", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["work_order"], ["work_orders.id"], name="fk_work_order_transitions_work_order_work_orders"
        ),
        sa.PrimaryKeyConstraint("position", name="pk_work_order_transitions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_order_transitions_work_order", "work_order_transitions", ["work_order"])


def _protect_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _protect_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
