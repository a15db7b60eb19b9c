"""Imports with what they changed, and emergency plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
COUNTS = ("done", "total", "created", "updated", "unchanged", "errors", "warnings")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "imports",
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("mode", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", WORD, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("site", WORD),
        sa.Column("phase", WORD, nullable=False),
        *[sa.Column(name, sa.Integer, nullable=False) for name in COUNTS],
        sa.Column("finished_at", INSTANT),
        sa.Column("undone_at", INSTANT),
        sa.Column("undone_by", sa.Text),
        sa.Column("author", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_index("ix_imports_started_at_id", "imports", ["started_at", "id"])
    op.create_table(
        "import_documents",
        sa.Column("import", WORD, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="What the import has answered, JSON"),
        sa.PrimaryKeyConstraint("import", name="pk_import_documents"),
        sa.ForeignKeyConstraint(["import"], ["imports.id"], name="fk_import_documents_import_imports"),
    )
    op.create_table(
        "import_changes",
        sa.Column("import", WORD, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("record", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("site", WORD),
        sa.Column("sheet", sa.Text, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("before", sa.Text, comment="The record before, JSON; none: it was created"),
        sa.Column("after", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("import", "position", name="pk_import_changes"),
        sa.ForeignKeyConstraint(["import"], ["imports.id"], name="fk_import_changes_import_imports"),
    )
    op.create_table(
        "emergency_plans",
        sa.Column("key", WORD, nullable=False),
        sa.Column("profile", WORD, nullable=False, comment="The site's code, empty for plans of every site"),
        sa.Column("code", WORD, nullable=False),
        sa.Column("site", WORD),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="The whole plan as JSON"),
        sa.PrimaryKeyConstraint("key", name="pk_emergency_plans"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_emergency_plans_site_sites"),
        sa.UniqueConstraint("profile", "code", name="uq_emergency_plans_profile_code"),
    )
