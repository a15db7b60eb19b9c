"""What is written down about work orders; what came of repairs; what owners report."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables; earlier tickets become repairs."""
    _said()
    _spent()
    _repairs()
    _owners()
    op.execute(_EARLIER[op.get_bind().dialect.name])


def _said() -> None:
    op.create_table(
        "work_comments",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_comments_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_comments_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_comments"),
        comment="Added, never changed",
    )
    op.create_index("ix_work_comments_work_order", "work_comments", ["work_order"])
    op.create_table(
        "work_attachments",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("sha256", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mime", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_attachments_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_attachments_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_attachments"),
        comment="The bytes are in the store of files",
    )
    op.create_index("ix_work_attachments_work_order", "work_attachments", ["work_order"])
    op.create_table(
        "work_signatures",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", WORD, nullable=False),
        sa.Column("order_version", sa.Integer, nullable=False),
        sa.Column("answers_sha256", WORD, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_signatures_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_signatures_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_signatures"),
    )
    op.create_index("ix_work_signatures_work_order", "work_signatures", ["work_order"])
    op.create_table(
        "work_found_on",
        sa.Column("ticket", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("item_zh", sa.Text, nullable=False),
        sa.Column("item_en", sa.Text, nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("number", sa.Float),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["work_orders.id"], name="fk_work_found_on_ticket_work_orders"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_found_on_work_order_work_orders"),
        sa.PrimaryKeyConstraint("ticket", name="pk_work_found_on"),
        comment="Tickets of failed checklist items",
    )
    op.create_index("ix_work_found_on_work_order", "work_found_on", ["work_order"])


def _spent() -> None:
    op.create_table(
        "work_labour",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("person", WORD, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("starts_at", INSTANT),
        sa.Column("ends_at", INSTANT),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Column("removed_by", sa.Text),
        sa.Column("removed_why", sa.Text),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_labour_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_labour_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_labour"),
        comment="Taken back: removed_at; never deleted",
    )
    op.create_index("ix_work_labour_work_order", "work_labour", ["work_order"])
    op.create_index("ix_work_labour_person_ends_at", "work_labour", ["person", "ends_at"])
    op.create_table(
        "work_parts",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("part", WORD, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("quantity", sa.Float, nullable=False),
        sa.Column("unit_cost", sa.Float),
        sa.Column("amount", sa.Float),
        sa.Column("stock_after", sa.Float, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Column("removed_by", sa.Text),
        sa.Column("removed_why", sa.Text),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_parts_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_parts_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_parts"),
        comment="Taken back: removed_at; never deleted",
    )
    op.create_index("ix_work_parts_work_order", "work_parts", ["work_order"])
    op.create_index("ix_work_parts_part_at", "work_parts", ["part", "at"])
    op.create_table(
        "work_costs",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("contractor", WORD),
        sa.Column("invoice", sa.Text, nullable=False),
        sa.Column("amount", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Column("removed_by", sa.Text),
        sa.Column("removed_why", sa.Text),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_work_costs_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_work_costs_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_work_costs"),
        comment="Taken back: removed_at; never deleted",
    )
    op.create_index("ix_work_costs_work_order", "work_costs", ["work_order"])
    op.create_table(
        "cost_bookings",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("line", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("amount", sa.Float, nullable=False),
        sa.Column("booked_at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reversed_by", WORD),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_cost_bookings_site_sites"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_cost_bookings_work_order_work_orders"),
        sa.PrimaryKeyConstraint("id", name="pk_cost_bookings"),
        comment="CNY; below 0: a reversal",
    )
    op.create_index("ix_cost_bookings_work_order", "cost_bookings", ["work_order"])
    op.create_index("ix_cost_bookings_site_booked_at", "cost_bookings", ["site", "booked_at"])
    op.create_index("ix_cost_bookings_source", "cost_bookings", ["source"])


def _repairs() -> None:
    op.create_table(
        "repairs",
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("equipment_class", WORD),
        sa.Column("model", WORD, nullable=False),
        sa.Column("department", sa.Text),
        sa.Column("failure_mode", WORD),
        sa.Column("cause", WORD),
        sa.Column("action", WORD),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("verdict", WORD),
        sa.Column("state", WORD, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("completed_at", INSTANT),
        sa.Column("completed_by", sa.Text),
        sa.Column("again_at", INSTANT),
        sa.Column("coded_by", sa.Text),
        sa.Column("coded_at", INSTANT),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_repairs_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_repairs_site_sites"),
        sa.PrimaryKeyConstraint("work_order", "attempt", name="pk_repairs"),
        comment="Attempts at repair tickets",
    )
    op.create_index(
        "ix_repairs_class",
        "repairs",
        ["confirmed", "equipment_class", "failure_mode", "completed_at", "site"],
    )
    op.create_index("ix_repairs_asset_failure_mode_opened_at", "repairs", ["asset", "failure_mode", "opened_at"])
    op.create_index("ix_repairs_asset", "repairs", ["confirmed", "asset", "failure_mode", "completed_at"])
    op.create_index(
        "ix_repairs_model",
        "repairs",
        ["confirmed", "model", "failure_mode", "completed_at"],
    )
    op.create_index("ix_repairs_completed_at", "repairs", ["completed_at"])


def _owners() -> None:
    op.create_table(
        "owner_reports",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("token_sha256", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("joined", sa.Boolean, nullable=False),
        sa.Column("photo", WORD),
        sa.Column("stars", sa.Integer),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("rated_at", INSTANT),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_owner_reports_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_owner_reports_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_owner_reports"),
        sa.UniqueConstraint("token_sha256", name="uq_owner_reports_token_sha256"),
        comment="Who sent it stands apart, in owner_contacts",
    )
    op.create_index("ix_owner_reports_work_order", "owner_reports", ["work_order"])
    op.create_index("ix_owner_reports_site_at", "owner_reports", ["site", "at"])
    op.create_index("ix_owner_reports_rated_at", "owner_reports", ["rated_at"])
    op.create_table(
        "owner_contacts",
        sa.Column("report", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("delete_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["report"], ["owner_reports.id"], name="fk_owner_contacts_report_owner_reports"),
        sa.PrimaryKeyConstraint("report", name="pk_owner_contacts"),
        comment="Personal data, deleted at delete_at",
    )
    op.create_index("ix_owner_contacts_delete_at", "owner_contacts", ["delete_at"])


_VERDICT = {"sqlite": "json_extract(w.verdict, '$.verdict')", "postgresql": "w.verdict->>'verdict'"}
_TRUE = {"sqlite": "1", "postgresql": "true"}
_EARLIER = {
    name: f"""
INSERT INTO repairs (work_order, attempt, site, asset, equipment_class, model, department, failure_mode, item, note,
  verdict, state, confirmed, opened_at, completed_at)
SELECT w.id, w.reopened, w.site, w.asset, a.equipment_class, coalesce(a.model, ''), w.department, e.failure_mode,
  '', '',
  {verdict}, w.state,
  CASE WHEN w.state IN ('completed', 'verified') AND {verdict} = 'confirmed' THEN {_TRUE[name]}
    ELSE NOT {_TRUE[name]} END, w.opened_at, w.completed_at
FROM work_orders w LEFT JOIN assets a ON a.key = w.asset LEFT JOIN episodes e ON e.id = w.episode
WHERE w.kind = 'corrective' AND w.opened_at IS NOT NULL
"""  # noqa: S608
    for name, verdict in _VERDICT.items()
}
