"""Departments, staff, contractors, rosters, on-call rosters and assignments; orders that belong to a contractor."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
STANDING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the tables."""
    _organisation()
    _people()
    _shifts()
    _on_call()
    _assignments()
    op.add_column("work_orders", sa.Column("contractor", WORD))
    op.create_index(
        "ix_work_orders_assignee_ended_due_order_number", "work_orders", ["assignee", "ended", "due_order", "number"]
    )
    op.create_index("ix_work_orders_contractor_due_order_number", "work_orders", ["contractor", "due_order", "number"])


def _organisation() -> None:
    op.create_table(
        "departments",
        sa.Column("site", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("aliases", sa.JSON, nullable=False),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_departments_site_sites"),
        sa.PrimaryKeyConstraint("site", "key", name="pk_departments"),
        comment="Of sites that have changed any; the others have the seeded ones",
    )
    op.create_table(
        "contractors",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("licences", sa.JSON, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_contractors_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_contractors"),
    )
    op.create_index("ix_contractors_site", "contractors", ["site"])


def _people() -> None:
    op.create_table(
        "staff",
        sa.Column("username", WORD, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("skills", sa.JSON, nullable=False),
        sa.Column("contractor", WORD),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name="fk_staff_username_users"),
        sa.ForeignKeyConstraint(["contractor"], ["contractors.id"], name="fk_staff_contractor_contractors"),
        sa.PrimaryKeyConstraint("username", name="pk_staff"),
        comment="What makes a user staff; a user without a row has nothing of it",
    )
    op.create_index("ix_staff_contractor", "staff", ["contractor"])
    op.create_table(
        "memberships",
        sa.Column("username", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name="fk_memberships_username_users"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_memberships_site_sites"),
        sa.PrimaryKeyConstraint("username", "site", "department", name="pk_memberships"),
    )
    op.create_index("ix_memberships_site_department", "memberships", ["site", "department"])
    op.create_table(
        "certificates",
        sa.Column("id", WORD, nullable=False),
        sa.Column("username", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("number", WORD, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("expires_on", sa.Date),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("systems", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name="fk_certificates_username_users"),
        sa.PrimaryKeyConstraint("id", name="pk_certificates"),
        sa.UniqueConstraint("username", "kind", "number", name="uq_certificates_username_kind_number"),
    )
    op.create_index("ix_certificates_expires_on", "certificates", ["expires_on"])


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("department", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("starts", sa.Time, nullable=False, comment="Local time of the site"),
        sa.Column("ends", sa.Time, nullable=False),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("weekdays", sa.JSON, nullable=False),
        sa.Column("cycle_days", sa.Integer),
        sa.Column("cycle_on", sa.JSON, nullable=False),
        sa.Column("minimum", sa.Integer, nullable=False),
        sa.Column("post", WORD, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_shifts_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_shifts"),
    )
    op.create_index("ix_shifts_site", "shifts", ["site"])
    op.create_table(
        "shift_changes",
        sa.Column("id", WORD, nullable=False),
        sa.Column("shift", WORD, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("user", WORD),
        sa.Column("other", WORD),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["shift"], ["shifts.id"], name="fk_shift_changes_shift_shifts"),
        sa.PrimaryKeyConstraint("id", name="pk_shift_changes"),
    )
    op.create_index("ix_shift_changes_day", "shift_changes", ["day"])
    op.create_index("ix_shift_changes_shift_day", "shift_changes", ["shift", "day"])
    op.create_table(
        "absences",
        sa.Column("id", WORD, nullable=False),
        sa.Column("user", WORD, nullable=False),
        sa.Column("first", sa.Date, nullable=False),
        sa.Column("last", sa.Date, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.username"], name="fk_absences_user_users"),
        sa.PrimaryKeyConstraint("id", name="pk_absences"),
        comment="Days off; why is not stored",
    )
    op.create_index("ix_absences_last", "absences", ["last"])
    op.create_index("ix_absences_user_last", "absences", ["user", "last"])


def _on_call() -> None:
    op.create_table(
        "on_call_rotas",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("department", WORD),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("handover", sa.Time, nullable=False, comment="Local time of the site"),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("severities", sa.JSON, nullable=False),
        sa.Column("holiday_people", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_on_call_rotas_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_on_call_rotas"),
    )
    op.create_index("ix_on_call_rotas_site", "on_call_rotas", ["site"])
    op.create_table(
        "on_call_covers",
        sa.Column("id", WORD, nullable=False),
        sa.Column("rota", WORD, nullable=False),
        sa.Column("user", WORD, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["rota"], ["on_call_rotas.id"], name="fk_on_call_covers_rota_on_call_rotas"),
        sa.PrimaryKeyConstraint("id", name="pk_on_call_covers"),
    )
    op.create_index("ix_on_call_covers_rota_ends_at", "on_call_covers", ["rota", "ends_at"])


def _assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("user", WORD),
        sa.Column("contractor", WORD),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("automatic", sa.Boolean, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_how", WORD),
        sa.Column("ended_why", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_assignments_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_assignments_site_sites"),
        sa.PrimaryKeyConstraint("id", name="pk_assignments"),
        comment="Who was given which order, by whom and why; kept when it is over",
    )
    op.create_index("ix_assignments_work_order_at_id", "assignments", ["work_order", "at", "id"])
    op.create_index("ix_assignments_user_ended_at", "assignments", ["user", "ended_at"])
    op.create_index(
        "uq_assignments_standing",
        "assignments",
        ["work_order"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
