"""Tables of imports and of emergency plans."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Text, Word
from plantroom.storage.ledger.tables import metadata

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", Word, primary_key=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("mode", Word, nullable=False),
    sa.Column("state", Word, nullable=False),
    sa.Column("file", Text, nullable=False),
    sa.Column("sha256", Word, nullable=False),
    sa.Column("by", Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("site", Word),
    sa.Column("phase", Word, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("updated", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("errors", sa.Integer, nullable=False),
    sa.Column("warnings", sa.Integer, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("undone_at", Instant),
    sa.Column("undone_by", Text),
    sa.Column("author", Word, nullable=False),
    sa.Index(None, "started_at", "id"),
    info=audited(
        "import", "id", site="site", label="file", derived=["phase", "done", "total", "started_at", "finished_at"]
    ),
)

import_documents = sa.Table(
    "import_documents",
    metadata,
    sa.Column("import", Word, sa.ForeignKey("imports.id"), primary_key=True),
    sa.Column("document", Text, nullable=False, comment="What the import has answered, JSON"),
    info=unaudited("what an import told; its changes have entries of their own"),
)

import_changes = sa.Table(
    "import_changes",
    metadata,
    sa.Column("import", Word, sa.ForeignKey("imports.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("record", Word, nullable=False),
    sa.Column("key", Word, nullable=False),
    sa.Column("code", Text, nullable=False),
    sa.Column("site", Word),
    sa.Column("sheet", Text, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("before", Text, comment="The record before, JSON; none: it was created"),
    sa.Column("after", Text, nullable=False),
    info=unaudited("the way back of an import; its changes have entries of their own"),
)

emergency_plans = sa.Table(
    "emergency_plans",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("profile", Word, nullable=False, comment="The site's code, empty for plans of every site"),
    sa.Column("code", Word, nullable=False),
    sa.Column("site", Word, sa.ForeignKey("sites.code")),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", Text, nullable=False, comment="The whole plan as JSON"),
    sa.UniqueConstraint("profile", "code"),
    info=audited("emergency_plan", "key", site="site", label="code", document="document"),
)
