"""Ledgers as earlier versions of Plantroom left them, made by their own migrations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import Connection, make_url

from plantroom.domain.assets import Asset, Point
from plantroom.migrations import config
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.columns import to_microseconds
from tests.contract.ledger.given import NOW

MADE_SINCE = {"0034": ["asset_rests"], "0035": ["seed_choices", "class_points"], "0039": ["kept_answers"]}
"""Tables by the revision that made them."""


@contextmanager
def older_ledger(url: str, revision: str) -> Iterator[Connection]:
    """A new ledger with the schema of that revision, to be filled with ``insert``."""
    address = make_url(url)
    if address.database and address.drivername == "sqlite":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        command.upgrade(config(connection), revision)
        yield connection
    engine.dispose()


def back_to(connection: Connection, revision: str) -> None:
    """A ledger says that it is of an earlier revision, and has none of the tables that were made since."""
    for made, tables in MADE_SINCE.items():
        if made > revision:
            for table in tables:
                connection.execute(sa.text(f"DROP TABLE {table}"))
    connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{revision}'"))


def insert(connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of one table, with its columns as they were."""
    columns = [sa.column(name) for name in rows[0]]
    connection.execute(sa.table(table, *columns).insert(), list(rows))


def insert_site(connection: Connection, code: str = "demo") -> None:
    insert(connection, "sites", [{"code": code, "name_zh": code, "name_en": code, "time_zone": "Asia/Shanghai"}])


def insert_asset(connection: Connection, made: Asset, points: Sequence[Point]) -> None:
    """An asset with its points, as they were stored up to schema 0020."""
    given = {
        "key": made.key,
        "site": made.site,
        "code": made.code,
        "equipment_class": made.equipment_class,
        "name_zh": made.name.zh,
        "name_en": made.name.en,
        "status": made.status.value,
        "criticality": made.criticality,
        "location": made.location,
        "manufacturer": made.manufacturer,
        "model": made.model,
        "serial": made.serial,
        "version": made.version,
        "custom": dump(dict(made.custom)),
    }
    insert(connection, "assets", [given])
    insert(connection, "asset_codes", [{"site": made.site, "code": made.code, "asset": made.key}])
    rows = [
        {
            "asset": made.key,
            "key": one.key,
            "position": number,
            "unit": one.template.unit,
            "kind": one.template.kind.value,
            "template": dump(one.template),
        }
        for number, one in enumerate(points)
    ]
    if rows:
        insert(connection, "points", rows)


def insert_orders(connection: Connection, orders: Sequence[dict[str, Any]]) -> None:
    """Orders of the machine ``p1`` as they were stored up to schema 0021, with their own copies of the checklists
    (``template``); what is not given is as of an open ticket."""
    now = instant(connection, NOW)
    for number, given in enumerate(orders, 1):
        words = dict.fromkeys(("title_zh", "title_en", "reason_zh", "reason_en"), given["id"])
        empty = dict.fromkeys(("first_checks", "tags", "occurrences", "template"), "[]")
        made = {
            "number": number, "site": "demo", "kind": "corrective", "origin": "staff", "state": "open", "ended": False,
            "severity": "general", "safety": False, "asset": "p1", "due_order": now, "reopened": 0, "answers": "{}",
            "version": 1, "opened_at": now,
        }  # fmt: skip
        insert(connection, "work_orders", [made | words | empty | given])


def instant(connection: Connection, at: datetime) -> object:
    """As the database keeps it."""
    return at if connection.dialect.name == "postgresql" else to_microseconds(at)
