"""The plant: counters, sites, locations, assets, points, sources, learn windows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _counters()
    _sites()
    _locations()
    _assets()
    _asset_codes()
    _learn_windows()
    _points()
    _sources()


def _counters() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", WORD, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in ("plant_revision", "work_order_number")])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE work_order_number")


def _sites() -> None:
    op.create_table(
        "sites",
        sa.Column("code", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("time_zone", WORD, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_sites"),
    )


def _locations() -> None:
    op.create_table(
        "locations",
        sa.Column("key", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("parent", WORD),
        sa.ForeignKeyConstraint(["parent"], ["locations.key"], name="fk_locations_parent_locations"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_locations_site_sites"),
        sa.PrimaryKeyConstraint("key", name="pk_locations"),
    )
    op.create_index("ix_locations_site", "locations", ["site"])


def _assets() -> None:
    op.create_table(
        "assets",
        sa.Column("key", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("equipment_class", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("criticality", WORD, nullable=False),
        sa.Column("location", WORD),
        sa.Column("department", WORD),
        sa.Column("manufacturer", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("installed_on", sa.Date),
        sa.Column("in_service_on", sa.Date),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("custom", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["location"], ["locations.key"], name="fk_assets_location_locations"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_assets_site_sites"),
        sa.PrimaryKeyConstraint("key", name="pk_assets"),
        sa.UniqueConstraint("site", "code", name="uq_assets_site_code"),
    )
    op.create_index("ix_assets_code_site", "assets", ["code", "site"])
    op.create_index("ix_assets_equipment_class_site_code", "assets", ["equipment_class", "site", "code"])
    op.create_index("ix_assets_location", "assets", ["location"])
    op.create_index("ix_assets_status_site_code", "assets", ["status", "site", "code"])


def _asset_codes() -> None:
    op.create_table(
        "asset_codes",
        sa.Column("site", WORD, nullable=False),
        sa.Column("code", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_asset_codes_asset_assets"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_asset_codes_site_sites"),
        sa.PrimaryKeyConstraint("site", "code", name="pk_asset_codes"),
        comment="Present and former codes of an asset: messages under a former code still find it",
    )
    op.create_index("ix_asset_codes_asset", "asset_codes", ["asset"])


def _learn_windows() -> None:
    op.create_table(
        "learn_windows",
        sa.Column("id", POSITION, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("declared_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_learn_windows_asset_assets"),
        sa.PrimaryKeyConstraint("id", name="pk_learn_windows"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_learn_windows_asset", "learn_windows", ["asset"])


def _points() -> None:
    op.create_table(
        "points",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_points_asset_assets"),
        sa.PrimaryKeyConstraint("asset", "key", name="pk_points"),
    )


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("dialect", WORD, nullable=False),
        sa.Column("priority", WORD, nullable=False),
        sa.Column("clock", WORD, nullable=False),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_sources_asset_assets"),
        sa.PrimaryKeyConstraint("asset", name="pk_sources"),
    )
