"""Tables of loop tests."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited
from plantroom.storage.ledger.columns import Instant, Json, Text, Word
from plantroom.storage.ledger.tables import metadata

loop_tests = sa.Table(
    "loop_tests",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("state", Word, nullable=False, index=True),
    sa.Column("started_by", Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("deadline", Instant, nullable=False),
    sa.Column("window_s", sa.Float, nullable=False),
    sa.Column("finished_by", Text),
    sa.Column("finished_at", Instant),
    sa.Index(None, "site", "started_at", "id"),
    info=audited("loop_test", "id", site="site", label="name"),
)

loop_checks = sa.Table(
    "loop_checks",
    metadata,
    sa.Column("test", Word, sa.ForeignKey("loop_tests.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("asset", Word, nullable=False, index=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("subject", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("place_zh", Text, nullable=False),
    sa.Column("place_en", Text, nullable=False),
    sa.Column("expected", Json, nullable=False),
    sa.Column("responsible", Text, nullable=False),
    sa.Column("result", Word, nullable=False),
    sa.Column("steps", Json, nullable=False),
    sa.Column("asked_at", Instant),
    sa.Column("deadline", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("reason_zh", Text, nullable=False),
    sa.Column("reason_en", Text, nullable=False),
    sa.Column("by", Text),
    sa.Column("settled", sa.Boolean, nullable=False),
    # While it goes on it changes with every answer; what came of it is kept.
    info=audited("loop_check", "test", "number", label="name_zh", unless=("settled", False)),
)
