"""When machines are out of use. Of those that are, the history of changes says since when; of those that it does not
know, the ledger keeps it from now on. What was to be done on or after the day on which a machine was scrapped has not
been missed."""

import json
import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
SCRAPPED = "scrapped"
AT_REST = ("out_of_service", SCRAPPED)


def upgrade() -> None:
    """Make the table, with what is known."""
    op.create_table(
        "asset_rests",
        sa.Column("id", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, comment="When it came back; NULL: it is out of use still"),
        sa.Column("scrapped", INSTANT, comment="Since when it has been scrapped; NULL: it is not"),
        sa.PrimaryKeyConstraint("id", name="pk_asset_rests"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_asset_rests_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_asset_rests_asset_assets"),
        comment="When machines were out of service or scrapped",
    )
    op.create_index("ix_asset_rests_asset_since", "asset_rests", ["asset", "since"])
    op.create_index("ix_asset_rests_site", "asset_rests", ["site"])
    op.create_index(
        "uq_asset_rests_going_on",
        "asset_rests",
        ["asset"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    _those_at_rest()
    _scrapped()


def _those_at_rest() -> None:
    """A rest begins with the first word of the unbroken stretch in which the history has a machine at rest."""
    known = sa.table("assets", *map(sa.column, ("key", "site", "status")))
    rests = sa.table("asset_rests", *map(sa.column, ("id", "site", "asset", "since", "scrapped")))
    bind = op.get_bind()
    now: object = datetime.now(UTC)
    if bind.dialect.name == "sqlite":
        now = round(datetime.now(UTC).timestamp() * 1_000_000)
    found = bind.execute(sa.select(known.c.key, known.c.site, known.c.status).where(known.c.status.in_(AT_REST))).all()
    rows = []
    for key, site, status in found:
        said = _said(key)
        since, scrapped = _stretch(said)
        scrapped = scrapped or now if status == SCRAPPED else None
        rows.append({"id": uuid.uuid4().hex, "site": site, "asset": key, "since": since or now, "scrapped": scrapped})
    if rows:
        bind.execute(rests.insert(), rows)


def _said(asset: str) -> list[tuple[object, str]]:
    """Each status that the history knows of an asset, with its instant as it is stored, oldest first."""
    entries = sa.table("audit_entries", *map(sa.column, ("position", "key", "entity", "after", "at")))
    of_it = sa.select(entries.c.at, entries.c.after).where(
        entries.c.entity == "asset", entries.c.key == asset, entries.c.after.like('%"status":"%')
    )
    told = op.get_bind().execute(of_it.order_by(entries.c.position)).all()
    found = [(at, json.loads(after).get("status")) for at, after in told]
    return [(at, status) for at, status in found if isinstance(status, str)]


def _stretch(said: list[tuple[object, str]]) -> tuple[object, object]:
    """Since when an asset has been at rest, and since when it has been scrapped, as of its last word."""
    since = scrapped = None
    for at, status in said:
        since = None if status not in AT_REST else at if since is None else since
        scrapped = None if status != SCRAPPED else at if scrapped is None else scrapped
    return since, scrapped


def _scrapped() -> None:
    """What was to be done on or after the day on which a machine was scrapped was not missed; what was over before, or
    of which nobody knows, was."""
    occurrences = sa.table(
        "occurrences", *map(sa.column, ("lineage", "subject", "cycle", "site", "latest", "state", "work_order"))
    )
    orders = sa.table("work_orders", *map(sa.column, ("id", "state", "end_reason")))
    steps = sa.table("work_order_transitions", *map(sa.column, ("work_order", "to", "at")))
    sites = sa.table("sites", *map(sa.column, ("code", "time_zone")))
    o, bind = occurrences.c, op.get_bind()
    withdrawn = (
        sa.select(o.lineage, o.subject, o.cycle, o.latest, sites.c.time_zone, sa.func.max(steps.c.at))
        .select_from(occurrences)
        .join(orders, orders.c.id == o.work_order)
        .join(steps, sa.and_(steps.c.work_order == orders.c.id, steps.c.to == "cancelled"))
        .join(sites, sites.c.code == o.site)
        .where(o.state == "missed", orders.c.state == "cancelled", orders.c.end_reason == "asset scrapped")
        .group_by(o.lineage, o.subject, o.cycle, o.latest, sites.c.time_zone)
    )
    words: dict[str, list[tuple[object, str]]] = {}
    for lineage, subject, cycle, latest, zone, at in bind.execute(withdrawn).all():
        told = words.setdefault(subject, _said(subject))
        _, since = _stretch([one for one in told if one[0] <= at])
        if str(latest) >= _day(since or at, zone):
            this = sa.and_(o.lineage == lineage, o.subject == subject, o.cycle == cycle)
            bind.execute(occurrences.update().where(this).values(state="waived"))


def _day(at: object, zone: str) -> str:
    instant = at if isinstance(at, datetime) else datetime.fromtimestamp(int(str(at)) / 1_000_000, UTC)
    return instant.astimezone(ZoneInfo(zone)).date().isoformat()
