"""Tables of the plant: sites, locations, assets, points, sources, learn windows."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
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
    sa.Column("calendar", Text, nullable=False, server_default="{}", comment="Opening hours, holidays, seasons: JSON"),
    sa.Column("options", Json, comment="What it has that not every site does; NULL: nobody has said"),
    info=audited("site", "code", site="code", label="code", parsed=["calendar"]),
)

locations = sa.Table(
    "locations",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False, index=True),
    sa.Column("kind", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("parent", Word, sa.ForeignKey("locations.key"), index=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    info=audited("location", "key", site="site", label="name_zh"),
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
    sa.Column("parent", Word, sa.ForeignKey("assets.key"), index=True),
    sa.Column("duty_partner", Word, sa.ForeignKey("assets.key"), index=True),
    sa.Column("duty_role", Word),
    sa.Column("design_life_years", sa.Float),
    sa.Column("purchase_cost", sa.Float),
    sa.Column("replacement_cost", sa.Float),
    sa.Column("warranty_until", sa.Date),
    sa.Column("licences", Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("maker_limits", Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("documents", Text, nullable=False, server_default=sa.text("'[]'")),
    sa.Column("licence_due", sa.Date, index=True, comment="When the first of its licences in force expires"),
    sa.Column("search", Text, nullable=False, server_default=sa.text("''"), comment="domain.searching.search_text"),
    sa.Column("changed", sa.BigInteger, nullable=False, server_default="0", index=True, comment="Plant's revision"),
    sa.UniqueConstraint("site", "code"),
    sa.Index(None, "code", "site"),
    sa.Index(None, "equipment_class", "site", "code"),
    sa.Index(None, "status", "site", "code"),
    info=audited(
        "asset",
        "key",
        site="site",
        asset="key",
        label="code",
        derived=["licence_due", "search", "changed"],
        parsed=["licences", "maker_limits", "documents"],
    ),
)

asset_codes = sa.Table(
    "asset_codes",
    metadata,
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("code", Word, primary_key=True),
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), nullable=False, index=True),
    comment="Present and former codes of an asset: messages under a former code still find it",
    info=unaudited("an asset's own entries have its codes"),
)

points = sa.Table(
    "points",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("key", Word, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("unit", Word, nullable=False),
    sa.Column("kind", Word, nullable=False),
    sa.Column("digest", Word, nullable=False, server_default=sa.text("''"), comment="Of its template"),
    info=audited(
        "point",
        "asset",
        "key",
        asset="asset",
        label="key",
        document="template",
        document_by=("digest", "point_templates"),
        made_with="assets",
    ),
)

point_templates = sa.Table(
    "point_templates",
    metadata,
    sa.Column("digest", Word, primary_key=True),
    sa.Column("template", Text, nullable=False),
    comment="Assets of a class mostly share their points' templates word by word: each is kept once",
    info=unaudited("a point's own entries have its template"),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("dialect", Word, nullable=False),
    sa.Column("priority", Word, nullable=False),
    sa.Column("clock", Word, nullable=False),
    info=audited("source", "asset", asset="asset"),
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
    info=audited("topic_source", "key", site="site", label="name"),
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
    info=audited("learn_window", "id", asset="asset"),
)
