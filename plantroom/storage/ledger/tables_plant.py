"""Tables of the plant: sites, locations, assets, points, sources, learn windows."""

import sqlalchemy as sa

from plantroom.storage.ledger.columns import Instant, Json, Position, Text, Word
from plantroom.storage.ledger.tables import metadata

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("code", Word, primary_key=True),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("time_zone", Word, nullable=False),
    sa.Column("max_shelving_h", sa.Float),
)

locations = sa.Table(
    "locations",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("parent", Word, sa.ForeignKey("locations.key")),
)

assets = sa.Table(
    "assets",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("code", Word, nullable=False),
    sa.Column("equipment_class", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("status", Word, nullable=False),
    sa.Column("criticality", Word, nullable=False),
    sa.Column("location", Word, sa.ForeignKey("locations.key"), index=True),
    sa.Column("department", Word),
    sa.Column("manufacturer", Text, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("serial", Text, nullable=False),
    sa.Column("installed_on", sa.Date),
    sa.Column("in_service_on", sa.Date),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("custom", Json, nullable=False),
    sa.UniqueConstraint("site", "code"),
    sa.Index(None, "code", "site"),
    sa.Index(None, "equipment_class", "site", "code"),
    sa.Index(None, "status", "site", "code"),
)

asset_codes = sa.Table(
    "asset_codes",
    metadata,
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("code", Word, primary_key=True),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False, index=True),
    comment="Present and former codes of an asset: messages under a former code still find it",
)

points = sa.Table(
    "points",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("key", Word, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("unit", Word, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("template", Text, nullable=False),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("dialect", Word, nullable=False),
    sa.Column("priority", Word, nullable=False),
    sa.Column("clock", Word, nullable=False),
)

topic_sources = sa.Table(
    "topic_sources",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("name", Word, nullable=False),
    sa.Column("topic_filter", Text, nullable=False),
    sa.Column("dialect", Word, nullable=False),
    sa.Column("priority", Word, nullable=False),
    sa.Column("clock", Word, nullable=False),
    sa.Column("time_zone", Word, nullable=False),
    sa.Column("asset", Word, nullable=False),
    sa.Column("asset_from", sa.Integer, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

learn_windows = sa.Table(
    "learn_windows",
    metadata,
    sa.Column("id", Position, primary_key=True),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False, index=True),
    sa.Column("start_at", Instant, nullable=False),
    sa.Column("end_at", Instant, nullable=False),
    sa.Column("declared_by", Text, nullable=False),
    sqlite_autoincrement=True,
)
