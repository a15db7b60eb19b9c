"""Tables of departments, staff, contractors, rosters, on-call rosters and assignments.

People are known by the name they sign in by, as in the history of work orders.
"""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited
from plantroom.storage.ledger.columns import Instant, Json, Text, Word
from plantroom.storage.ledger.tables import metadata

departments = sa.Table(
    "departments",
    metadata,
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("key", Word, primary_key=True),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("aliases", Json, nullable=False),
    sa.Column("classes", Json, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    comment="Of sites that have changed any; the others have the seeded ones",
    info=audited("department", "site", "key", site="site", label="name_zh"),
)

contractors = sa.Table(
    "contractors",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), index=True),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("licences", Json, nullable=False),
    sa.Column("contact", Text, nullable=False),
    sa.Column("phone", Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    info=audited("contractor", "id", site="site", label="name_zh", secret=["contact", "phone"]),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("username", Word, sa.ForeignKey("users.username"), primary_key=True),
    sa.Column("phone", Text, nullable=False),
    sa.Column("skills", Json, nullable=False),
    sa.Column("contractor", Word, sa.ForeignKey("contractors.id"), index=True),
    sa.Column("version", sa.Integer, nullable=False),
    comment="What makes a user staff; a user without a row has nothing of it",
    info=audited("staff", "username", label="username", secret=["phone"]),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("username", Word, sa.ForeignKey("users.username"), primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("department", Word, primary_key=True),
    sa.Index(None, "site", "department"),
    info=audited("membership", "username", "site", "department", site="site", label="username"),
)

certificates = sa.Table(
    "certificates",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("username", Word, sa.ForeignKey("users.username"), nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("number", Word, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("expires_on", sa.Date, index=True),
    sa.Column("issuer", Text, nullable=False),
    sa.Column("classes", Json, nullable=False),
    sa.Column("systems", Json, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("username", "kind", "number"),
    info=audited("certificate", "id", label="username"),
)

shifts = sa.Table(
    "shifts",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("department", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("starts", sa.Time, nullable=False, comment="Local time of the site"),
    sa.Column("ends", sa.Time, nullable=False),
    sa.Column("people", Json, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    sa.Column("weekdays", Json, nullable=False),
    sa.Column("cycle_days", sa.Integer),
    sa.Column("cycle_on", Json, nullable=False),
    sa.Column("minimum", sa.Integer, nullable=False),
    sa.Column("post", Word, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    info=audited("shift", "id", site="site", label="name_zh"),
)

shift_changes = sa.Table(
    "shift_changes",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("shift", Word, sa.ForeignKey("shifts.id"), nullable=False),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("user", Word),
    sa.Column("other", Word),
    sa.Column("reason", Text, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "shift", "day"),
    info=audited("shift_change", "id", label="user"),
)

absences = sa.Table(
    "absences",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("user", Word, sa.ForeignKey("users.username"), nullable=False),
    sa.Column("first", sa.Date, nullable=False),
    sa.Column("last", sa.Date, nullable=False, index=True),
    sa.Index(None, "user", "last"),
    comment="Days off; why is not stored",
    info=audited("absence", "id", label="user"),
)

on_call_rotas = sa.Table(
    "on_call_rotas",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("department", Word),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("people", Json, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("handover", sa.Time, nullable=False, comment="Local time of the site"),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("ends_on", sa.Date),
    sa.Column("severities", Json, nullable=False),
    sa.Column("holiday_people", Json, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    info=audited("on_call_rota", "id", site="site", label="name_zh"),
)

on_call_covers = sa.Table(
    "on_call_covers",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("rota", Word, sa.ForeignKey("on_call_rotas.id"), nullable=False),
    sa.Column("user", Word, nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "rota", "ends_at"),
    info=audited("on_call_cover", "id", label="user"),
)

assignments = sa.Table(
    "assignments",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("work_order", Word, sa.ForeignKey("work_orders.id"), nullable=False),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("user", Word),
    sa.Column("contractor", Word),
    sa.Column("by", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("automatic", sa.Boolean, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("ended_how", Word),
    sa.Column("ended_why", Text),
    sa.Column("ended_by", Text),
    sa.Index(None, "work_order", "at", "id"),
    sa.Index(None, "user", "ended_at"),
    comment="Who was given which order, by whom and why; kept when it is over",
    info=audited("assignment", "id", site="site", label="user", people_only=True),
)

sa.Index(
    "uq_assignments_standing",
    assignments.c.work_order,
    unique=True,
    sqlite_where=assignments.c.ended_at.is_(None),
    postgresql_where=assignments.c.ended_at.is_(None),
)
