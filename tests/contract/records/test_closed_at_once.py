"""An occurrence that is closed while its row goes to another one: nothing is lost, and the check finds nothing."""

import threading
from datetime import date
from typing import Any

import sqlalchemy as sa

from maintenance.plan import OccurrenceState
from maintenance.records.verifying import verify
from plantroom.errors import NotFound
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from tests.contract.ledger.given import NOW, occurrence


def test_what_is_closed_while_its_row_is_handed_over_is_neither_lost_nor_a_finding(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.plan.add_occurrences([occurrence(1), occurrence(2)])
    with planted.begin() as tx:
        tx.plan.update_occurrences([occurrence(1, state=OccurrenceState.MISSED)])
    refused: list[bool] = []

    def close() -> None:
        try:
            with planted.begin() as tx:
                tx.plan.update_occurrences([occurrence(2, state=OccurrenceState.DONE, completed_at=NOW)])
            refused.append(False)
        except NotFound:
            refused.append(True)

    other = threading.Thread(target=close)

    def meanwhile(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("DELETE FROM occurrences") and not other.ident:
            other.start()
            other.join(1)

    with planted.begin() as tx:
        assert isinstance(tx, SqlTx)
        sa.event.listen(tx.work.connection, "before_cursor_execute", meanwhile)
        tx.plan.hand_over("row-1", "row-2", "demo", date(2026, 1, 1))
    assert other.ident, "the other one began in the middle"
    other.join(30)
    assert len(refused) == 1
    with planted.read() as tx:
        states = {one.key.cycle: one.state for one in tx.plan.occurrences_of_row("row-2")}
    kept = OccurrenceState.DUE if refused[0] else OccurrenceState.DONE
    assert states == {1: OccurrenceState.MISSED, 2: kept}
    verdict = verify(planted)
    assert verdict.broken is None, verdict.broken
