"""Tables of the equipment ledger beside the plant: custom fields, parts, sensors, files."""

import sqlalchemy as sa

from plantroom.storage.ledger.audited import audited, unaudited
from plantroom.storage.ledger.columns import Instant, Json, Text, Word
from plantroom.storage.ledger.tables import metadata

custom_fields = sa.Table(
    "custom_fields",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("type", Word, nullable=False),
    sa.Column("equipment_class", Word),
    sa.Column("unit", Word, nullable=False),
    sa.Column("choices", Json, nullable=False),
    sa.Column("required", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    info=audited("custom_field", "key", label="name_zh"),
)

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("key", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), nullable=False),
    sa.Column("number", Word, nullable=False),
    sa.Column("name_zh", Text, nullable=False),
    sa.Column("name_en", Text, nullable=False),
    sa.Column("unit", Text, nullable=False),
    sa.Column("stock", sa.Float, nullable=False),
    sa.Column("minimum", sa.Float, nullable=False),
    sa.Column("unit_cost", sa.Float),
    sa.Column("classes", Json, nullable=False),
    sa.Column("assets", Json, nullable=False),
    sa.Column("place", Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("search", Text, nullable=False),
    sa.UniqueConstraint("site", "number"),
    info=audited("part", "key", site="site", label="number", derived=["search"]),
)

part_fits = sa.Table(
    "part_fits",
    metadata,
    sa.Column("fits", Word, primary_key=True, comment="The key of an equipment class or of an asset"),
    sa.Column("part", Word, sa.ForeignKey("parts.key"), primary_key=True, index=True),
    info=unaudited("an index of what a part says it fits"),
)

point_sensors = sa.Table(
    "point_sensors",
    metadata,
    sa.Column("asset", Word, sa.ForeignKey("assets.key"), primary_key=True),
    sa.Column("point", Word, primary_key=True),
    sa.Column("serial", Text, nullable=False),
    sa.Column("calibrated_on", sa.Date),
    sa.Column("interval_days", sa.Integer),
    sa.Column("certificate", Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("due_on", sa.Date, index=True, comment="Never calibrated: the first day of the calendar"),
    info=audited("sensor", "asset", "point", asset="asset", label="point", derived=["due_on"]),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("sha256", Word, primary_key=True),
    sa.Column("site", Word, sa.ForeignKey("sites.code"), primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("mime", Word, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("uploaded_by", Text, nullable=False),
    sa.Column("uploaded_at", Instant, nullable=False),
    info=audited("file", "sha256", "site", site="site", label="name"),
)
