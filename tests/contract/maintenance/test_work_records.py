"""Records of work on both databases: what several people do at once, repairs, what is put off."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from maintenance.materialise import materialise
from maintenance.orders import create_order, keep, take_step
from maintenance.plan import Layer, OccurrenceState
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books, StockTooLow, TimeOverlaps
from maintenance.work.deferring import BeyondTheLaw, defer, laws_last_day
from maintenance.work.records import Coding
from maintenance.work.repairing import code, worked_last_time
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.keys import new_key
from plantroom.domain.parts import Part
from plantroom.errors import Conflict
from plantroom.ports.paging import EVERYTHING, Scope
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_work import repairs
from tests.contract.maintenance.conftest import LI, NOW, SYSTEMS, orders
from tests.contract.maintenance.tablet import Store
from tests.unit.maintenance.rows import row

DAY = timedelta(days=1)


def ticket(ledger: Store, at: datetime = NOW, asset: str = "pump-1", mode: str | None = "bearing") -> WorkOrder:
    with ledger.begin() as tx:
        made = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("异响", "Noise"), by="wang",
            now=at, asset=asset,
        )  # fmt: skip
        if mode is not None:
            code(tx, made, Coding(mode, "wear", "replace"), "wang", at)
    return made


def test_nobody_is_told_the_number_of_another_site_s_order(ledger: Store) -> None:
    first = ticket(ledger)
    span = {"starts_at": NOW - timedelta(hours=2), "ends_at": NOW - timedelta(hours=1)}
    with ledger.begin() as tx:
        tx.accounts.put_user(LI)
        tx.assets.add_site(Site("north", LocalName("北", "North")))
        away = create_order(
            tx, site="north", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏", "Leak"), by="li", now=NOW
        )
        Books(tx, away, "li", NOW).labour("li", **span)
    with pytest.raises(TimeOverlaps, match="another site") as refused, ledger.begin() as tx:
        Books(tx, tx.orders.lock(first.id), "wang", NOW).labour("li", **span)
    assert f"#{away.number}" not in str(refused.value)


def finish(ledger: Store, order: WorkOrder, at: datetime) -> None:
    with ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, order.id, to, at, "li", now=at)


def at_once(*jobs: Callable[[], object]) -> list[BaseException | None]:
    errors: list[BaseException | None] = [None] * len(jobs)

    def run(n: int) -> None:
        try:
            jobs[n]()
        except Conflict as error:
            errors[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_two_orders_cannot_have_one_person_at_the_same_time(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.accounts.put_user(LI)
    made = [ticket(any_ledger), ticket(any_ledger)]

    def work(order: WorkOrder) -> None:
        with any_ledger.begin() as tx:
            Books(tx, tx.orders.lock(order.id), "li", NOW).labour("li", None, NOW - timedelta(hours=1), NOW)

    errors = at_once(*(lambda order=order: work(order) for order in made))
    assert sorted(type(e) for e in errors if e is not None) == [TimeOverlaps]


def test_the_last_part_is_used_once(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.parts.add(Part("part-1", "demo", "6205", LocalName("轴承", "Bearing"), stock=1))
    made = [ticket(any_ledger), ticket(any_ledger)]

    def use(order: WorkOrder) -> None:
        with any_ledger.begin() as tx:
            Books(tx, tx.orders.lock(order.id), "li", NOW).use_part("part-1", 1)

    errors = at_once(*(lambda order=order: use(order) for order in made))
    assert [type(e) for e in errors if e is not None] == [StockTooLow]
    with any_ledger.read() as tx:
        assert tx.parts.get("part-1").stock == 0


def test_a_ticket_that_is_opened_again_begins_another_attempt(any_ledger: Store) -> None:
    order = ticket(any_ledger)
    finish(any_ledger, order, NOW + timedelta(hours=1))
    with any_ledger.begin() as tx:
        again = NOW + 3 * DAY
        step = take_step(tx, tx.orders.lock(order.id), State.OPEN, again, "system", "again", now=again, recurrence=True)
        keep(tx, step)
        latest = tx.repairs.latest(order.id)
        assert latest is not None
        assert (latest.attempt, latest.failure_mode, latest.cause, latest.completed_at) == (1, "bearing", None, None)
        (past,) = tx.repairs.completed(EVERYTHING, NOW, NOW + 30 * DAY)
    assert (past.completed_by, past.next_at, past.again_within(14 * DAY)) == ("li", again, True)


def test_another_ticket_of_the_same_fault_says_that_the_repair_did_not_hold(any_ledger: Store) -> None:
    first = ticket(any_ledger)
    finish(any_ledger, first, NOW + timedelta(hours=1))
    ticket(any_ledger, NOW + 20 * DAY)
    ticket(any_ledger, NOW + 2 * DAY, mode="seal_leak")
    ticket(any_ledger, NOW + 2 * DAY, asset="lift-1", mode=None)
    with any_ledger.read() as tx:
        (past,) = tx.repairs.completed(EVERYTHING, NOW, NOW + 30 * DAY)
        nothing = tx.repairs.completed(Scope(frozenset({"elsewhere"})), NOW, NOW + 30 * DAY)
    assert (past.again_within(14 * DAY), past.again_within(30 * DAY), nothing) == (False, True, [])


def test_a_false_alarm_later_says_nothing_of_the_repair(any_ledger: Store) -> None:
    finish(any_ledger, ticket(any_ledger), NOW + timedelta(hours=1))
    later = ticket(any_ledger, NOW + 5 * DAY)
    with any_ledger.begin() as tx:
        apply_transition(tx, later.id, State.REJECTED, NOW + 5 * DAY, "li", "false alarm", now=NOW + 5 * DAY)
    with any_ledger.read() as tx:
        (past,) = tx.repairs.completed(EVERYTHING, NOW, NOW + 30 * DAY)
    assert past.next_at is None


def monthly(ledger: Store, **more: object) -> WorkOrder:
    with ledger.begin() as tx:
        tx.plan.put_row(replace(row("M-1", 1, "month", anchor=date(2026, 3, 4)), **more))  # type: ignore[arg-type]
    materialise(ledger, NOW, SYSTEMS)
    return next(o for o in orders(ledger) if o.occurrences and o.asset == "pump-1")


def test_work_that_is_put_off_is_missed_until_the_other_order_is_done(any_ledger: Store) -> None:
    order = monthly(any_ledger)
    to = date(2026, 3, 20)
    with any_ledger.begin() as tx:
        put_off = defer(tx, tx.orders.lock(order.id), to, "weather", "", "boss", NOW)
        (occurrence,) = tx.plan.occurrences([o.key for o in order.occurrences]).values()
    assert (put_off.ended.state, put_off.follows.occurrences) == (State.DEFERRED, order.occurrences)
    assert (occurrence.state, occurrence.work_order) == (OccurrenceState.MISSED, put_off.follows.id)
    before = {o.id for o in orders(any_ledger)}
    materialise(any_ledger, NOW + DAY, SYSTEMS)
    assert {o.id for o in orders(any_ledger)} >= before
    finish(any_ledger, put_off.follows, NOW + 10 * DAY)
    with any_ledger.read() as tx:
        (after,) = tx.plan.occurrences([o.key for o in order.occurrences]).values()
    assert (after.state, after.completed_at) == (OccurrenceState.DONE, NOW + 10 * DAY)


def test_what_the_law_asks_for_is_refused_with_the_law_s_last_day(any_ledger: Store) -> None:
    order = monthly(any_ledger, layer=Layer.LAW, kind="statutory")
    with any_ledger.begin() as tx:
        limit = laws_last_day(tx, order)
        assert limit == order.occurrences[0].due
        with pytest.raises(BeyondTheLaw, match=limit.isoformat()):
            defer(tx, tx.orders.lock(order.id), limit + DAY, "weather", "", "boss", NOW)


CLOSED = 20_000


def test_what_worked_last_time_is_told_at_once_whatever_has_been_closed(ledger: Store) -> None:
    new = ticket(ledger)
    with ledger.begin() as tx:
        connection = tx.work.connection  # type: ignore[attr-defined]
        fill(connection)
    spans = []
    for _ in range(5):
        begun = time.process_time()
        with ledger.read() as tx:
            levels = worked_last_time(tx, new, EVERYTHING, NOW)
        spans.append((time.process_time() - begun) * 1000)
    assert [level.level for level in levels] == ["asset", "class"]
    assert min(spans) < 50, spans


def fill(connection: sa.Connection) -> None:
    """Closed tickets of one class and mode, half of them on one machine."""
    template = connection.execute(sa.select(work_orders)).mappings().first()
    assert template is not None
    common = connection.execute(sa.select(repairs)).mappings().first()
    assert common is not None
    many = []
    for n in range(CLOSED):
        opened = NOW - timedelta(hours=n + 10)
        many.append(
            {
                **common, "work_order": new_key(), "asset": "pump-1" if n % 2 else f"other-{n % 500}",
                "state": "completed", "confirmed": True, "opened_at": opened,
                "completed_at": opened + timedelta(hours=2), "cause": ("wear", "corrosion", "material")[n % 3],
            }
        )  # fmt: skip
    connection.execute(
        work_orders.insert(),
        [{**template, "id": one["work_order"], "number": 1000 + n} for n, one in enumerate(many)],
    )
    connection.execute(repairs.insert(), many)
