"""A row that takes a row of the law's place on a site with a history, and gives it back: made into orders, on a real
ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.unit.maintenance.rows import row

Store = Ledger[MaintenanceTx]
DAY = timedelta(days=1)
PUMP = AppliesTo(assets=("pump-1",))
LAW = row("LAW", 1, "month", 3, 0, max_gap_days=31, layer=Layer.LAW, anchor=date(2026, 3, 4), applies_to=PUMP)
OURS = row("OURS", 3, "month", 3, 3, fulfils=("LAW",), anchor=date(2026, 6, 25), applies_to=PUMP)


def put(ledger: Store, one: PlanRow) -> None:
    with ledger.begin() as tx:
        tx.plan.put_row(one)


def known(ledger: Store, code: str) -> Sequence[Occurrence]:
    with ledger.read() as tx:
        found = tx.plan.occurrences_of("demo", "pump-1")
    return sorted((o for o in found if o.plan_row == code), key=lambda o: o.key.cycle)


def do(ledger: Store, one: Occurrence, at: datetime) -> None:
    assert one.work_order is not None
    with ledger.begin() as tx:
        apply_transition(tx, one.work_order, State.IN_PROGRESS, at, "li")
        apply_transition(tx, one.work_order, State.COMPLETED, at, "li")


def test_the_laws_gap_holds_over_the_change_and_back(any_ledger: Store) -> None:
    """NOW is 2 March 2026; the law's row is done on the 4th, ours stands for it from the 20th to the end of May."""
    put(any_ledger, LAW)
    materialise(any_ledger, NOW, SYSTEMS)
    do(any_ledger, known(any_ledger, "LAW")[0], NOW + 2 * DAY)
    at = datetime(2026, 3, 20, 2, tzinfo=UTC)
    with any_ledger.begin() as tx:
        for one in tx.plan.occurrences_of("demo", "pump-1"):
            if one.state is OccurrenceState.DUE and one.work_order is not None:
                apply_transition(tx, one.work_order, State.CANCELLED, at, "li", "ours now")
    put(any_ledger, replace(OURS, effective_from=date(2026, 3, 20)))
    materialise(any_ledger, at, SYSTEMS)
    first = known(any_ledger, "OURS")[0]
    assert first.latest == date(2026, 4, 4), "31 days after the law's row was done"
    for number in range(2):
        one = known(any_ledger, "OURS")[number]
        at = datetime(*one.latest.timetuple()[:3], 2, tzinfo=UTC)
        materialise(any_ledger, at, SYSTEMS)
        do(any_ledger, one, at)
    materialise(any_ledger, at + DAY, SYSTEMS)
    last = at.date()
    at = datetime(2026, 5, 20, 2, tzinfo=UTC)
    put(any_ledger, replace(OURS, effective_from=date(2026, 3, 20), version=2, ends=date(2026, 5, 20)))
    with any_ledger.begin() as tx:
        for one in tx.plan.occurrences_of("demo", "pump-1"):
            if one.state is OccurrenceState.DUE and one.work_order is not None:
                apply_transition(tx, one.work_order, State.CANCELLED, at, "li", "the law's row again")
    materialise(any_ledger, at, SYSTEMS)
    due = [o for o in known(any_ledger, "LAW") if o.state is OccurrenceState.DUE]
    assert due[0].latest == min(last + 31 * DAY, date(2026, 6, 4))
    assert all(o.nominal_date >= date(2026, 5, 20) for o in due), "what ours stood for is not asked for again"
    assert materialise(any_ledger, at, SYSTEMS)["created"] == 0
