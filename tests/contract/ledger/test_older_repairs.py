"""Tickets of a ledger from before there were records of work become repairs."""

import json
from contextlib import closing
from dataclasses import replace

from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, asset
from tests.contract.ledger.older import insert_asset, insert_orders, insert_site, instant, older_ledger


def test_a_closed_ticket_is_a_repair_that_can_be_learned_from(empty_url: str) -> None:
    with older_ledger(empty_url, "0020") as connection:
        insert_site(connection)
        insert_asset(connection, replace(asset(), model="CR-5"), [])
        done = {
            "id": "done",
            "state": "completed",
            "ended": True,
            "completed_at": instant(connection, NOW),
            "verdict": json.dumps({"verdict": "confirmed", "cause": "wear"}),
        }
        insert_orders(connection, [done, {"id": "waits"}])
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            closed, waiting = map(tx.repairs.latest, ("done", "waits"))
    assert closed is not None
    assert waiting is not None
    assert (closed.state, closed.confirmed, closed.model, closed.verdict) == ("completed", True, "CR-5", "confirmed")
    assert (closed.opened_at, closed.completed_at, closed.attempt) == (NOW, NOW, 0)
    assert (waiting.state, waiting.confirmed, waiting.completed_at) == ("open", False, None)
