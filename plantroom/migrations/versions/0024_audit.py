"""The history of changes and the chain of seals over it, which the database refuses to change."""

import uuid
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from plantroom.migrations.append_only import refuse_changes

revision = "0024"
down_revision = "0023"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, keep them from changes, begin the history."""
    _entries()
    _seals()
    _heads()
    refuse_changes("audit_entries", ordered_by="position")
    refuse_changes("audit_seals", ordered_by="number")
    refuse_changes("audit_heads", key=("date", "seal"))
    _records()
    _addenda()
    refuse_changes("statutory_records", key=("id",), or_key=("work_order",))
    refuse_changes("record_addenda", key=("id",), or_key=("record", "number"))
    _begin()


def _entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("position", POSITION, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("by_kind", WORD, nullable=False),
        sa.Column("by_id", WORD, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("request_id", WORD, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("entity", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("site", WORD),
        sa.Column("asset", WORD),
        sa.Column("before", sa.Text, comment="Canonical JSON of the fields that changed"),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("position", name="pk_audit_entries"),
        sqlite_autoincrement=True,
        comment="What every transaction changed; append-only",
    )
    op.create_index("ix_audit_entries_entity_key_position", "audit_entries", ["entity", "key", "position"])
    op.create_index("ix_audit_entries_asset_position", "audit_entries", ["asset", "position"])
    op.create_index("ix_audit_entries_site_position", "audit_entries", ["site", "position"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])


def _seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("previous", WORD, nullable=False),
        sa.Column("behind", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("spans", sa.Text, nullable=False, comment="Positions that there were"),
        sa.Column("marks", sa.Text, nullable=False, comment="First bytes of each entry's digest"),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seals"),
        sa.UniqueConstraint("previous", name="uq_audit_seals_previous"),
        comment="The chain over the history; append-only",
    )


def _heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("seal", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("ledger", WORD, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.PrimaryKeyConstraint("date", "seal", name="pk_audit_heads"),
        comment="Ends of the chain that were published; append-only",
    )


def _records() -> None:
    op.create_table(
        "statutory_records",
        sa.Column("id", WORD, nullable=False),
        sa.Column("work_order", WORD, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("completed_on", sa.Date, nullable=False),
        sa.Column("frozen_at", INSTANT, nullable=False),
        sa.Column("frozen_by", sa.Text, nullable=False),
        sa.Column("cause", WORD, nullable=False),
        sa.Column("keep_years", sa.Integer, nullable=False),
        sa.Column("keep_basis", sa.Text, nullable=False),
        sa.Column("keep_status", WORD, nullable=False),
        sa.Column("keep_until", sa.Date, nullable=False),
        sa.Column("sha256", WORD, nullable=False),
        sa.Column("document", sa.Text, nullable=False, comment="Canonical JSON"),
        sa.PrimaryKeyConstraint("id", name="pk_statutory_records"),
        sa.UniqueConstraint("work_order", name="uq_statutory_records_work_order"),
        sa.ForeignKeyConstraint(["work_order"], ["work_orders.id"], name="fk_statutory_records_work_order_work_orders"),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_statutory_records_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_statutory_records_asset_assets"),
        comment="Signed statutory work as it was; append-only",
    )
    for column in ("asset", "site"):
        name = f"ix_statutory_records_{column}_completed_on_id"
        op.create_index(name, "statutory_records", [column, "completed_on", "id"])
    op.create_index("ix_statutory_records_completed_on_id", "statutory_records", ["completed_on", "id"])


def _addenda() -> None:
    op.create_table(
        "record_addenda",
        sa.Column("id", WORD, nullable=False),
        sa.Column("record", WORD, nullable=False),
        sa.Column("site", WORD, nullable=False),
        sa.Column("asset", WORD),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("signature", WORD, comment="SHA-256 of the signature's file"),
        sa.Column("op_id", WORD),
        sa.Column("previous", WORD, nullable=False),
        sa.Column("sha256", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_addenda"),
        sa.UniqueConstraint("record", "number", name="uq_record_addenda_record_number"),
        sa.ForeignKeyConstraint(
            ["record"], ["statutory_records.id"], name="fk_record_addenda_record_statutory_records"
        ),
        sa.ForeignKeyConstraint(["site"], ["sites.code"], name="fk_record_addenda_site_sites"),
        sa.ForeignKeyConstraint(["asset"], ["assets.key"], name="fk_record_addenda_asset_assets"),
        comment="What was added to frozen records; append-only",
    )
    op.create_index("ix_record_addenda_asset", "record_addenda", ["asset"])


def _begin() -> None:
    """The first entry names the ledger for good and says from when on its changes are kept."""
    at = datetime.now(UTC)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    instant = at if is_postgresql else (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    entries = sa.table(
        "audit_entries",
        *[
            sa.column(name)
            for name in (
                "at", "by", "by_kind", "by_id", "reason", "request_id", "via", "action", "entity", "key", "label",
                "after",
            )
        ],
    )  # fmt: skip
    ledger = uuid.uuid4().hex
    op.execute(
        entries.insert().values(
            at=instant,
            by="system:migration",
            by_kind="system",
            by_id="",
            reason="从此刻起保存变更记录 / changes are kept from here on",
            request_id="",
            via="migration 0024",
            action="begun",
            entity="ledger",
            key=ledger,
            label=ledger,
            after=f'{{"kept_since":"{at.isoformat()}"}}',
        )
    )
