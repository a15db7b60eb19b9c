"""The whole equipment ledger: places, pairs, papers, custom fields, parts, sensors, files, search."""

import hashlib
import json
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

revision = "0023"
down_revision = "0022"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the columns and the tables, and write each template of a point once."""
    connection = op.get_bind()
    _locations()
    _assets(connection)
    _points(connection)
    _search(connection)
    _custom_fields()
    _parts()
    _sensors()
    _files()
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    names = ("plant_rebuilt", "sources_changed", "places_changed")
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])


def _locations() -> None:
    op.add_column("locations", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.create_index("ix_locations_parent", "locations", ["parent"])


def _assets(connection: Connection) -> None:
    collate = ' COLLATE "C"' if connection.dialect.name == "postgresql" else ""
    for column in ("parent", "duty_partner"):
        constraint = f"CONSTRAINT fk_assets_{column}_assets REFERENCES assets (key)"
        op.execute(f"ALTER TABLE assets ADD COLUMN {column} TEXT{collate} {constraint}")
        op.create_index(f"ix_assets_{column}", "assets", [column])
    op.add_column("assets", sa.Column("duty_role", WORD))
    for column in ("design_life_years", "purchase_cost", "replacement_cost"):
        op.add_column("assets", sa.Column(column, sa.Float))
    op.add_column("assets", sa.Column("warranty_until", sa.Date))
    for column in ("licences", "maker_limits", "documents"):
        op.add_column("assets", sa.Column(column, sa.Text, nullable=False, server_default=sa.text("'[]'")))
    op.add_column(
        "assets", sa.Column("licence_due", sa.Date, comment="When the first of its licences in force expires")
    )
    searched = "domain.searching.search_text"
    op.add_column(
        "assets", sa.Column("search", sa.Text, nullable=False, server_default=sa.text("''"), comment=searched)
    )
    counted = sa.Column("changed", sa.BigInteger, nullable=False, server_default="0", comment="Plant's revision")
    op.add_column("assets", counted)
    op.create_index("ix_assets_licence_due", "assets", ["licence_due"])
    op.create_index("ix_assets_changed", "assets", ["changed"])


def _points(connection: Connection) -> None:
    templates = op.create_table(
        "point_templates",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_point_templates"),
        comment="Assets of a class mostly share their points' templates word by word: each is kept once",
    )
    op.add_column(
        "points", sa.Column("digest", WORD, nullable=False, server_default=sa.text("''"), comment="Of its template")
    )
    points = sa.table("points", sa.column("template"), sa.column("digest"))
    known: dict[str, str] = {}
    for (text,) in connection.execute(sa.select(points.c.template).distinct()).all():
        known[text] = hashlib.sha256(text.encode()).hexdigest()[:24]
    if known:
        op.bulk_insert(templates, [{"digest": digest, "template": text} for text, digest in known.items()])
        by_text = sa.select(templates.c.digest).where(templates.c.template == points.c.template).scalar_subquery()
        if len(known) > 1000 and connection.dialect.name == "sqlite":
            op.execute("CREATE INDEX template_by_text ON point_templates (template)")
        if connection.dialect.name == "postgresql":
            digest = "substr(encode(sha256(convert_to(template, 'UTF8')), 'hex'), 1, 24)"
            op.execute(f"UPDATE points SET digest = {digest}")  # noqa: S608 - our own words
        else:
            connection.execute(sa.update(points).values(digest=by_text))
            op.execute("DROP INDEX IF EXISTS template_by_text")
    op.drop_column("points", "template")


def _search(connection: Connection) -> None:
    rows = "key code name_zh name_en manufacturer model serial custom location"
    assets = sa.table("assets", *[sa.column(name) for name in [*rows.split(), "search"]])
    codes: dict[str, list[str]] = {}
    for asset, code in connection.execute(sa.text("SELECT asset, code FROM asset_codes ORDER BY asset, code")):
        codes.setdefault(asset, []).append(code)
    places = {
        key: (parent, zh, en)
        for key, parent, zh, en in connection.execute(sa.text("SELECT key, parent, name_zh, name_en FROM locations"))
    }
    written = []
    for key, code, zh, en, manufacturer, model, serial, custom, location in connection.execute(
        sa.select(*[assets.c[name] for name in rows.split()])
    ).all():
        values = json.loads(custom) if isinstance(custom, str) else custom or {}
        texts = [code, *codes.get(key, ()), zh, en, manufacturer, model, serial]
        texts += [value for value in values.values() if isinstance(value, str)]
        path: list[str] = []
        place, seen = location, set[str]()
        while place in places and place not in seen:
            seen.add(place)
            place, *names = places[place]
            path = [*names, *path]
        folded = [" ".join(unicodedata.normalize("NFKC", t).casefold().split()) for t in [*texts, *path]]
        written.append({"of": key, "found": "\n".join(dict.fromkeys(t for t in folded if t))[:8000]})
    if written:
        statement = sa.update(assets).where(assets.c.key == sa.bindparam("of")).values(search=sa.bindparam("found"))
        connection.execute(statement, written)


def _custom_fields() -> None:
    op.create_table(
        "custom_fields",
        sa.Column("key", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("equipment_class", WORD),
        sa.Column("unit", WORD, nullable=False),
        sa.Column("choices", sa.JSON, nullable=False),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_custom_fields"),
    )


def _parts() -> None:
    op.create_table(
        "parts",
        sa.Column("key", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("number", WORD, nullable=False),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("stock", sa.Float, nullable=False),
        sa.Column("minimum", sa.Float, nullable=False),
        sa.Column("unit_cost", sa.Float),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("assets", sa.JSON, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_parts"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_parts_site_sites"),
        sa.UniqueConstraint("site", "number", name="uq_parts_site_number"),
    )
    op.create_table(
        "part_fits",
        sa.Column("fits", WORD, nullable=False, comment="The key of an equipment class or of an asset"),
        sa.Column("part", WORD, nullable=False),
        sa.PrimaryKeyConstraint("fits", "part", name="pk_part_fits"),
        sa.ForeignKeyConstraint(["part"], ["parts.key"], name="fk_part_fits_part_parts"),
    )
    op.create_index("ix_part_fits_part", "part_fits", ["part"])


def _sensors() -> None:
    op.create_table(
        "point_sensors",
        sa.Column("asset", WORD, nullable=False),
        sa.Column("point", WORD, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("calibrated_on", sa.Date),
        sa.Column("interval_days", sa.Integer),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date, comment="Never calibrated: the first day of the calendar"),
        sa.PrimaryKeyConstraint("asset", "point", name="pk_point_sensors"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_point_sensors_asset_assets"),
    )
    op.create_index("ix_point_sensors_due_on", "point_sensors", ["due_on"])


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("sha256", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("mime", WORD, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("uploaded_by", sa.Text, nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", "site", name="pk_files"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_files_site_sites"),
    )
