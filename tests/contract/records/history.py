"""A history of some length, sealed in several seals, with heads kept outside; and ways to falsify it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from maintenance.records.sealing import publish
from plantroom.domain.audit import Head
from plantroom.domain.authorship import Author, AuthorKind, acting
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_audit import APPEND_ONLY, audit_seals
from plantroom.storage.ledger.tables_records import FROZEN
from tests.contract.ledger.given import NOW, add_plant

IN_SEAL = 4


def write(ledger: SqlLedger, count: int, start: int = 0) -> None:
    """So many changes of one asset by several people."""
    for number in range(start, start + count):
        author = Author(("zhang", "li", "wang")[number % 3], AuthorKind.PERSON, f"u{number % 3}", f"reason {number}")
        with acting(author), ledger.begin() as tx:
            tx.assets.update(replace(tx.assets.get("p1").asset, serial=f"S-{number}"), None)


def seal_small(ledger: SqlLedger) -> None:
    """Seal everything, a few entries a seal."""
    with ledger.begin() as tx:
        up_to = tx.audit.settle()
    assert up_to is not None
    while True:
        with ledger.begin() as tx:
            if tx.audit.seal_next(up_to, IN_SEAL) is None:
                return


def sealed_history(ledger: SqlLedger) -> list[Head]:
    """About thirty entries in several seals, with a head in the middle and one at the end: the heads."""
    add_plant(ledger)
    write(ledger, 12)
    seal_small(ledger)
    publish(ledger, NOW)
    write(ledger, 12, 12)
    seal_small(ledger)
    publish(ledger, NOW + timedelta(days=1))
    with ledger.read() as tx:
        return list(tx.audit.heads())


def unlock(tx: SqlTx) -> None:
    """Take the triggers away, as whoever administers the database can."""
    connection = tx.work.connection
    if connection.dialect.name == "postgresql":
        for table in (*APPEND_ONLY, *FROZEN):
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER {table.name}_append_only")
        for name in ("work_order_transitions", "operations", "work_order_marks"):
            connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        return
    found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    for trigger in found:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")


def rows(tx: SqlTx, table: sa.Table) -> list[dict[str, Any]]:
    """All rows of a table by its key."""
    statement = table.select().order_by(*table.primary_key.columns)
    return [dict(row) for row in tx.work.connection.execute(statement).mappings()]


def reseal(tx: SqlTx, start: int = 1) -> None:
    """Make the chain anew over what there is, from a seal on, as a forger who knows how it is made."""
    tx.work.connection.execute(audit_seals.delete().where(audit_seals.c.number >= start))
    newest = tx.audit.settle()
    while tx.audit.seal_next(newest or 0, IN_SEAL) is not None:
        pass
