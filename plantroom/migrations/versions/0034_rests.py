"""When machines are out of use. Of those that are, the history of changes says since when; of those that it does not
know, the ledger keeps it from now on. What was due on a machine when it was scrapped has not been missed."""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
AT_REST = ("out_of_service", "scrapped")


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
    known = sa.table("assets", *map(sa.column, ("key", "site", "status")))
    said = sa.table("audit_entries", *map(sa.column, ("key", "entity", "after", "at")))
    rests = sa.table("asset_rests", *map(sa.column, ("id", "site", "asset", "since")))
    bind = op.get_bind()
    now: object = datetime.now(UTC)
    if bind.dialect.name == "sqlite":
        now = round(datetime.now(UTC).timestamp() * 1_000_000)
    since = (
        sa.select(sa.func.max(said.c.at))
        .where(
            said.c.entity == "asset",
            said.c.key == known.c.key,
            said.c.after.like(sa.literal('%"status":"') + known.c.status + sa.literal('"%')),
        )
        .scalar_subquery()
    )
    found = bind.execute(sa.select(known.c.key, known.c.site, since).where(known.c.status.in_(AT_REST))).all()
    rows = [{"id": uuid.uuid4().hex, "site": site, "asset": key, "since": at or now} for key, site, at in found]
    if rows:
        bind.execute(rests.insert(), rows)


def _scrapped() -> None:
    occurrences = sa.table("occurrences", *map(sa.column, ("state", "work_order")))
    orders = sa.table("work_orders", *map(sa.column, ("id", "state", "end_reason")))
    withdrawn = sa.select(orders.c.id).where(orders.c.state == "cancelled", orders.c.end_reason == "asset scrapped")
    at = occurrences.update().where(occurrences.c.state == "missed", occurrences.c.work_order.in_(withdrawn))
    op.get_bind().execute(at.values(state="waived"))
