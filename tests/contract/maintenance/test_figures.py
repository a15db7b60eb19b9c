"""The facts of figures, as both databases give them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from maintenance.episode_rules import LOOP_TEST
from maintenance.episodes import Episode, EpisodeState
from maintenance.figures.facts import Machine
from maintenance.figures.groups import By, Catalogue, Group, figures, period_of
from maintenance.intervals import Interval, IntervalUnit
from maintenance.orders import create_order
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.spells import Spell
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books
from maintenance.work.deferring import defer
from maintenance.work.repairing import note_repair
from maintenance.work_orders import Kind, Origin, State, WorkOrderOccurrence
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Severity
from plantroom.domain.findings import FindingSource
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS

Store = Ledger[MaintenanceTx]
ROW = PlanRow(
    "l-week", "EL-HM", LocalName("半月维保", "Half-month"), "statutory", AppliesTo(system="elevator"),
    Interval(15, IntervalUnit.DAY), layer=Layer.LAW,
)  # fmt: skip


def look(ledger: Store, by: By = By.SITE, now: datetime = NOW + timedelta(days=29)) -> list[Group]:
    with ledger.read() as tx:
        site = tx.assets.site("demo")
        names = Catalogue(SYSTEMS, equipment_classes(), {}, {row.lineage: row for row in tx.plan.rows("demo")})
        return list(figures(tx, site, period_of(site, date(2026, 3, 1), date(2026, 3, 31)), by, now, names))


def mended(
    ledger: Store,
    asset: str = "pump-1",
    verdict: str = "confirmed",
    day: int = 0,
    severity: Severity = Severity.GENERAL,
) -> str:
    """A ticket that took 10 h, with four of them on hold."""
    begin = NOW + timedelta(days=day)
    with ledger.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏水", "Leak"), by="li",
            now=begin, asset=asset, severity=severity,
        )  # fmt: skip
        for hours, to, code in (
            (1, State.ACKNOWLEDGED, ""), (2, State.IN_PROGRESS, ""), (3, State.ON_HOLD, "waiting_part"),
            (7, State.IN_PROGRESS, ""), (10, State.COMPLETED, ""),
        ):  # fmt: skip
            at = begin + timedelta(hours=hours)
            order = apply_transition(tx, order.id, to, at, "li", "why", now=at, code=code)
        order = tx.orders.lock(order.id)
        said = {"verdict": verdict, "cause": "wear", "action": "replace"}
        order = tx.orders.update(replace(order, verdict=said), order.version)
        note_repair(tx, order)
        Books(tx, order, "wang", at).charge(100.0, f"F-{asset}-{day}")
    return order.id


def test_failures_repairs_and_cost_of_tickets(any_ledger: Store) -> None:
    for day in range(3):
        mended(any_ledger, day=day)
    mended(any_ledger, verdict="false_alarm", day=4)
    (site,) = look(any_ledger)
    found = site.reliability
    assert (found.failures, found.unjudged, site.cost) == (3, 0, 400.0)
    assert found.mttr_h.value == pytest.approx(5.0)  # 9 h from the acceptance, 4 of them on hold
    assert [(one.key, one.judged, one.confirmed) for one in site.tickets] == [(("staff", ""), 4, 3)]
    assert {one.clock: (one.judged, one.limit_met) for one in site.sla}["acknowledge"] == (4, 0)
    pumps = {one.key: one for one in look(any_ledger, By.CLASS)}
    assert (pumps["pump"].reliability.failures, pumps["elevator"].reliability.failures) == (3, 0)


def test_loop_tests_are_in_no_figure(any_ledger: Store) -> None:
    tested = mended(any_ledger)
    with any_ledger.begin() as tx:
        order = tx.orders.lock(tested)
        tx.orders.update(replace(order, tags=(*order.tags, LOOP_TEST)), order.version)
        for key, tags in (("e1", (LOOP_TEST,)), ("e2", ("late",))):
            at = (NOW, NOW, NOW)
            of_rule, state = FindingSource.RULE, EpisodeState.OPEN
            tx.episodes.add(
                Episode(key, "demo", "pump-1", "leak", of_rule, state, Severity.MAJOR, False, *at, tags=tags)
            )
    (site,) = look(any_ledger)
    assert (site.reliability.failures, site.tickets) == (0, ())
    assert [one.total for one in site.alarms] == [1]


def test_down_time_is_what_was_recorded(any_ledger: Store) -> None:
    mended(any_ledger, severity=Severity.CRITICAL)
    with any_ledger.begin() as tx:
        day = timedelta(days=1)
        tx.spells.add(Spell("s1", "demo", "pump-1", "", "li", NOW + 5 * day, NOW + 6 * day, AssetStatus.IN_SERVICE))
    pump = {one.key: one for one in look(any_ledger, By.ASSET)}["pump-1"]
    assert pump.reliability.down_hours == pytest.approx(34)
    assert pump.name == LocalName("1号泵（P-1）", "Pump 1 (P-1)")


def test_statutory_work_is_counted_apart(any_ledger: Store) -> None:
    done = [
        Occurrence(
            OccurrenceKey("l-week", "lift-1", n), "demo", "EL-HM", date(2026, 3, 1 + n), date(2026, 3, 1), day,
            OccurrenceState.MISSED if n % 2 else OccurrenceState.DONE, None if n % 2 else NOW,
        )
        for n in range(4)
        for day in [date(2026, 3, 10 + n)]
    ]  # fmt: skip
    with any_ledger.begin() as tx:
        tx.plan.put_row(ROW)
        tx.plan.add_occurrences(done)
    lifts = {one.key: one for one in look(any_ledger, By.SYSTEM)}["elevator"]
    assert (lifts.plan.due, lifts.statutory.due, lifts.statutory.missed) == (0, 4, 2)
    assert lifts.statutory.rate.value == 0.5


def put_off(ledger: Store, to: date) -> str:
    """Planned work of a pump, due on 10 March, that is put off; gives the order that carries it on."""
    key, day = OccurrenceKey("l-look", "pump-1", 1), date(2026, 3, 10)
    row = replace(ROW, lineage="l-look", code="LOOK", kind="preventive", layer=Layer.CONTRACT)
    with ledger.begin() as tx:
        tx.plan.put_row(replace(row, applies_to=AppliesTo(assets=("pump-1",))))
        order = create_order(
            tx, site="demo", kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=LocalName("看", "Look"), by="li", now=NOW,
            asset="pump-1", due=NOW + timedelta(days=8),
        )  # fmt: skip
        tx.plan.add_occurrences([Occurrence(key, "demo", "LOOK", day, day, day, OccurrenceState.DUE, None, order.id)])
        stands_for = (WorkOrderOccurrence(key, "LOOK", day, day),)
        order = tx.orders.update(replace(order, occurrences=stands_for), order.version)
        put = defer(tx, tx.orders.lock(order.id), to, "other", "春节 / holidays", "li", NOW + timedelta(days=1))
    return put.follows.id


def test_what_was_put_off_is_not_said_to_be_missed(any_ledger: Store) -> None:
    follows = put_off(any_ledger, date(2026, 3, 25))
    (site,) = look(any_ledger)
    assert (site.plan.due, site.plan.deferred, site.plan.missed) == (1, 1, 0)
    with any_ledger.read() as tx:
        (due,) = tx.report_store.due("demo", date(2026, 3, 1), date(2026, 3, 31))
    assert due.order_state == "deferred"
    assert "春节 / holidays" in (due.end_reason or "")
    last = NOW + timedelta(days=23)
    with any_ledger.begin() as tx:
        apply_transition(tx, follows, State.MISSED, last, "wang", "还是没做 / not done even then", now=last)
    (site,) = look(any_ledger)
    assert (site.plan.deferred, site.plan.missed) == (0, 1)


@contextmanager
def counted() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)


def test_a_large_site_takes_as_many_statements_as_a_small_one(ledger: Store) -> None:
    with counted() as few:
        look(ledger, By.ASSET)
    with ledger.begin() as tx:
        names = LocalName("梯", "Lift")
        tx.assets.add_many([Asset(f"e{n}", "demo", f"E-{n}", "elevator", names) for n in range(2, 500)], [])
        tx.plan.put_row(ROW)
        tx.plan.add_occurrences(
            [
                Occurrence(
                    OccurrenceKey("l-week", f"e{n}", cycle), "demo", "EL-HM", date(2026, 3, cycle), date(2026, 3, 1),
                    date(2026, 3, cycle), OccurrenceState.DONE, NOW,
                )
                for n in range(2, 500)
                for cycle in range(1, 5)
            ]
        )  # fmt: skip
    with counted() as many:
        found = look(ledger, By.ASSET)
    assert sum(one.statutory.due for one in found) == 498 * 4
    assert len(many) == len(few) <= 16
    with ledger.read() as tx:
        scanned = [
            line
            for statement in many
            if "occurrences" in statement
            for line in _plan(tx, statement)
            if line.startswith("SCAN occurrences")
        ]
    assert scanned == []


def _plan(tx: MaintenanceTx, statement: str) -> list[str]:
    connection = tx.work.connection  # type: ignore[attr-defined]
    blanks = tuple("x" for _ in range(statement.count("?")))
    return [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", blanks)]


def test_a_machine_is_watched_since_it_was_entered_or_first_told_of(any_ledger: Store) -> None:
    """The tests' ledgers are made long after the March that they are about."""
    assert [one.known_since is not None and one.known_since > NOW for one in machines(any_ledger)] == [True, True]
    (site,) = look(any_ledger)
    assert (site.reliability.availability.value, site.reliability.availability.days) == (None, 0)
    mended(any_ledger, day=3)
    with any_ledger.begin() as tx:
        begun = NOW - timedelta(days=1)
        tx.spells.add(Spell("s1", "demo", "lift-1", "", "li", begun, NOW, AssetStatus.IN_SERVICE, NOW, "li"))
    assert {one.key: one.known_since for one in machines(any_ledger)} == {
        "pump-1": NOW + timedelta(days=3),
        "lift-1": begun,
    }


def machines(ledger: Store) -> tuple[Machine, ...]:
    with ledger.read() as tx:
        march = period_of(tx.assets.site("demo"), date(2026, 3, 1), date(2026, 3, 31))
        return tx.figures.facts("demo", march.first, march.last, march.begins, march.ends, NOW).machines
