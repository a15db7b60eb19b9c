"""Tables of the planning: where it stands, the checklists of its orders, when its jobs last ran."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import unaudited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

plan_standings = sa.Table(
    "plan_standings",
    metadata,
    sa.Column("subject", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("changes", sa.BigInteger, nullable=False, comment="Changes to occurrences and orders of the subject"),
    sa.Column("planned", sa.BigInteger, comment="How many of them the planning knew; NULL: not planned yet"),
    sa.Column("fingerprint", Word, nullable=False, comment="Of rows, anchor, status, calendar and horizon"),
    sa.Column("planned_on", sa.Date),
    sa.Column("wake_on", sa.Date, comment="The first day on which time alone changes something"),
    sa.Column("due", sa.Integer, nullable=False, comment="Occurrences that are due"),
    comment="Where the planning of each subject stands: it saves work and decides nothing",
    info=unaudited("computed from the plan at every run"),
)

checklist_templates = sa.Table(
    "checklist_templates",
    metadata,
    sa.Column("sha256", Word, primary_key=True),
    sa.Column("items", Text, nullable=False, comment="JSON, what the key is the SHA-256 of"),
    comment="Checklists of work orders; never changed",
    info=unaudited("frozen by their content, which is compared with the key"),
)

scheduled_jobs = sa.Table(
    "scheduled_jobs",
    metadata,
    sa.Column("name", Word, primary_key=True),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("succeeded_at", Instant),
    sa.Column("failed_at", Instant),
    sa.Column("problem", Text, nullable=False, comment="Of the last failure"),
    comment="What became of the scheduler's jobs, on whatever host they ran",
    info=unaudited("written at the pace of the scheduler"),
)
