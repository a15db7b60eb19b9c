"""Tickets of a ledger from before there were records of work become repairs."""

from contextlib import closing
from dataclasses import replace

import sqlalchemy as sa

from maintenance.orders import create_order, keep
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State
from plantroom.domain.assets import LocalName, Site
from plantroom.storage.ledger import SqlLedger, tables_work
from plantroom.storage.ledger.tables import metadata
from tests.contract.ledger.given import NOW, asset

TABLES = [
    table
    for table in reversed(metadata.sorted_tables)
    if table in [one for one in vars(tables_work).values() if isinstance(one, sa.Table)]
]


def test_a_closed_ticket_is_a_repair_that_can_be_learned_from(empty_url: str) -> None:
    made = []
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
            tx.assets.add(replace(asset(), site="demo", model="CR-5"), [])
            for verdict in ({"verdict": "confirmed", "cause": "wear"}, None):
                order = create_order(
                    tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("异响", "Noise"),
                    by="wang", now=NOW, asset="p1",
                )  # fmt: skip
                made.append(order.id)
                if verdict is not None:
                    keep(tx, replace(order, verdict=verdict))
                    for to in (State.IN_PROGRESS, State.COMPLETED):
                        apply_transition(tx, order.id, to, NOW, "li", now=NOW)
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        assert len(TABLES) == 11
        for table in TABLES:
            table.drop(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0027'"))
    engine.dispose()
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            closed, waiting = map(tx.repairs.latest, made)
    assert closed is not None
    assert waiting is not None
    assert (closed.state, closed.confirmed, closed.model, closed.verdict) == ("completed", True, "CR-5", "confirmed")
    assert (closed.opened_at, closed.completed_at, closed.attempt) == (NOW, NOW, 0)
    assert (waiting.state, waiting.confirmed, waiting.completed_at) == ("open", False, None)
