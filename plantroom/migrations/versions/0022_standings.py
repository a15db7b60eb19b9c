"""Where the planning stands, checklists of orders once instead of in each, when the scheduler's jobs last ran."""

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
TEMPLATE = "SHA-256 of the checklist as it was when the order was made (checklist_templates)"
BEFORE = "The checklist as it was when the order was made, JSON"


def upgrade() -> None:
    """Make the tables, and let the orders that are there refer to their checklists."""
    op.create_table(
        "plan_standings",
        sa.Column("subject", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("changes", sa.BigInteger, nullable=False, comment="Changes to occurrences and orders of the subject"),
        sa.Column("planned", sa.BigInteger, comment="How many of them the planning knew; NULL: not planned yet"),
        sa.Column("fingerprint", WORD, nullable=False, comment="Of rows, anchor, status, calendar and horizon"),
        sa.Column("planned_on", sa.Date),
        sa.Column("wake_on", sa.Date, comment="The first day on which time alone changes something"),
        sa.Column("due", sa.Integer, nullable=False, comment="Occurrences that are due"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_plan_standings_site_sites"),
        sa.PrimaryKeyConstraint("subject", name="pk_plan_standings"),
        comment="Where the planning of each subject stands: it saves work and decides nothing",
    )
    op.create_index("ix_plan_standings_site", "plan_standings", ["site"])
    op.create_table(
        "checklist_templates",
        sa.Column("sha256", WORD, nullable=False),
        sa.Column("items", sa.Text, nullable=False, comment="JSON, what the key is the SHA-256 of"),
        sa.PrimaryKeyConstraint("sha256", name="pk_checklist_templates"),
        comment="Checklists of work orders; never changed",
    )
    op.create_table(
        "scheduled_jobs",
        sa.Column("name", WORD, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("succeeded_at", INSTANT),
        sa.Column("failed_at", INSTANT),
        sa.Column("problem", sa.Text, nullable=False, comment="Of the last failure"),
        sa.PrimaryKeyConstraint("name", name="pk_scheduled_jobs"),
        comment="What became of the scheduler's jobs, on whatever host they ran",
    )
    _indexes()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.alter_column("work_orders", "template", type_=WORD, comment=TEMPLATE, existing_comment=BEFORE)
        sha256 = "encode(sha256(convert_to(template, 'UTF8')), 'hex')"
    else:
        driver: Any = connection.connection.driver_connection
        driver.create_function("sha256_text", 1, _sha256, deterministic=True)
        sha256 = "sha256_text(template)"
    distinct = "SELECT DISTINCT template FROM work_orders UNION SELECT '[]' AS template"
    op.execute(f"INSERT INTO checklist_templates (sha256, items) SELECT {sha256}, template FROM ({distinct}) AS t")  # noqa: S608
    op.execute(f"UPDATE work_orders SET template = {sha256}")  # noqa: S608


def _indexes() -> None:
    """What is looked for, and no more: what nobody looks for, and what a million planned occurrences and orders do not
    have, is left out. The occurrences of a subject lie together."""
    for name in ("work_order", "site_state", "subject_nominal_date"):
        op.drop_index(f"ix_occurrences_{name}", "occurrences", if_exists=True)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_occurrences", "occurrences")
        op.create_primary_key("pk_occurrences", "occurrences", ["subject", "lineage", "cycle"])
    else:
        _by_subject()
    done, joined = sa.text("completed_at IS NOT NULL"), sa.text("episode IS NOT NULL")
    name, columns = "ix_occurrences_site_completed_at", ["site", "completed_at"]
    op.create_index(name, "occurrences", columns, if_not_exists=True, sqlite_where=done, postgresql_where=done)
    op.create_index("ix_occurrences_site_nominal_date", "occurrences", ["site", "nominal_date"], if_not_exists=True)
    op.drop_index("ix_work_orders_episode", "work_orders", if_exists=True)
    op.create_index("ix_work_orders_episode", "work_orders", ["episode"], sqlite_where=joined, postgresql_where=joined)


def _by_subject() -> None:
    """SQLite makes a table anew to give it another key."""
    connection = op.get_bind()
    made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'occurrences'"
    schema = str(connection.exec_driver_sql(made).scalar_one())
    before, after = "PRIMARY KEY (lineage, subject, cycle)", "PRIMARY KEY (subject, lineage, cycle)"
    if before not in schema:
        return
    op.execute("ALTER TABLE occurrences RENAME TO occurrences_by_row")
    op.execute(schema.replace(before, after))
    op.execute("INSERT INTO occurrences SELECT * FROM occurrences_by_row ORDER BY subject, lineage, cycle")
    op.execute("DROP TABLE occurrences_by_row")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
