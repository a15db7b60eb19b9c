"""Incidents, records of drills, and frozen records of incidents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the tables; a record may be of an incident instead of a work order."""
    _incidents()
    _drills()
    _records()


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("severity", WORD, nullable=False),
        sa.Column("stage", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("work_order", WORD),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="The whole incident as JSON"),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint("site", "year", "number", name="uq_incidents_site_year_number"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_incidents_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_incidents_asset_assets"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_incidents_work_order_work_orders"),
    )
    for columns in (["reported_at", "id"], ["site", "reported_at", "id"], ["work_order"], ["asset"]):
        op.create_index(f"ix_incidents_{'_'.join(columns)}", "incidents", columns)


def _drills() -> None:
    op.create_table(
        "drill_records",
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("emergency_plan", WORD),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="The whole record as JSON"),
        sa.PrimaryKeyConstraint("work_order", name="pk_drill_records"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_drill_records_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_drill_records_site_sites"),
    )
    for columns in (["recorded_at", "work_order"], ["site", "recorded_at", "work_order"]):
        op.create_index(f"ix_drill_records_{'_'.join(columns)}", "drill_records", columns)


def _records() -> None:
    op.add_column("statutory_records", sa.Column("incident", WORD))
    op.create_index("uq_statutory_records_incident", "statutory_records", ["incident"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("statutory_records", "work_order", nullable=True)
        op.execute(
            "COMMENT ON TABLE statutory_records IS 'Signed statutory work and closed incidents as they were;"
            " append-only'"
        )
        return
    _take_not_null_away()


def _take_not_null_away() -> None:
    """SQLite has no ALTER for it. Its documentation's own way (lang_altertable, section 7) for constraints that rows
    on the disk know nothing of: the table's text is changed. To copy the table would mean to take its triggers away,
    and the addenda that refer to it."""
    connection = op.get_bind()
    written = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'statutory_records'").scalar_one()
    loosened = str(written).replace("work_order TEXT NOT NULL", "work_order TEXT", 1)
    if loosened == written:
        raise RuntimeError("the table statutory_records is not as migration 0024 made it")
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE name = 'statutory_records'", (loosened,))
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
