"""Planned orders in bulk, frozen checklists, standings: on both databases."""

from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.scheduled import JobRun
from maintenance.standings import DraftOccurrence, DraftOrder, Standing
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, WorkOrder, WorkOrderOccurrence
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key, new_keys
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.codec import dump
from tests.contract.ledger.given import NOW, asset, name, occurrence, order
from tests.contract.ledger.older import insert, insert_asset, insert_orders, insert_site, older_ledger

ITEMS = (ChecklistItem("1", "ok", name("n")), ChecklistItem("2", "number", name("pressure"), unit="MPa", low=0.1))
HOSTILE = 'P "1"\\ \t两\n行'


def part(cycle: int, lineage: str = "row-1", subject: str = "p1") -> DraftOccurrence:
    return DraftOccurrence(lineage, subject, cycle, "SP-01", "2026-03-01", "2026-02-27", "2026-03-04")


def draft(name: str, template: str, *parts: DraftOccurrence, **changes: Any) -> DraftOrder:
    made = DraftOrder(
        name, "demo", "statutory", "scheduled", HOSTILE, "Pump 1: monthly", "p1", None,
        datetime(2026, 3, 4, 15, 59, 59, tzinfo=UTC), "2026-02-27", None, "理由。", "Reason.", (), template, parts,
    )  # fmt: skip
    return made._replace(**changes)


def test_a_draft_becomes_the_order_that_it_says(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        key = tx.plan.freeze([ITEMS])[0]
        two = draft("w1", key, part(7), part(3, "row-2"), tags=("isolates",), opened_at=NOW, state="open")
        (added,), records = tx.plan.add_drafts("demo", [two])
    assert (added[0], records) == (two, 0)
    shown = tuple(
        WorkOrderOccurrence(OccurrenceKey(lineage, "p1", cycle), "SP-01", date(2026, 3, 1), date(2026, 3, 4))
        for lineage, cycle in (("row-1", 7), ("row-2", 3))
    )
    with planted.read() as tx:
        assert tx.orders.get("w1") == WorkOrder(
            "w1", added[1], "demo", Kind.STATUTORY, Origin.PLAN, State.OPEN, LocalName(HOSTILE, "Pump 1: monthly"),
            asset="p1", due=two.due, earliest=date(2026, 2, 27), opened_at=NOW, reason=LocalName("理由。", "Reason."),
            tags=("isolates",), occurrences=shown, template=ITEMS,
        )  # fmt: skip
        stored = tx.plan.occurrences([o.key for o in shown])
    assert {o.work_order for o in stored.values()} == {"w1"}
    assert {o.state for o in stored.values()} == {OccurrenceState.DUE}


def test_of_occurrences_that_are_there_the_rest_is_added(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        key = tx.plan.freeze([ITEMS])[0]
        tx.plan.add_occurrences([occurrence(1), occurrence(5)])
        mine = [draft("w1", key, part(1), part(2)), draft("w2", key, part(5)), draft("w3", key, part(6))]
        added = tx.plan.add_drafts("demo", mine, [part(1), part(9)])
    assert [(one.id, [o.cycle for o in one.occurrences]) for one, _ in added.orders] == [("w1", [2]), ("w3", [6])]
    assert added.records == 1
    with planted.read() as tx:
        known = {o.key.cycle: (o.state, o.work_order) for o in tx.plan.occurrences_of("demo", "p1")}
        assert [o.key.cycle for o in tx.orders.get("w1").occurrences] == [2]
    due = OccurrenceState.DUE
    assert known == {1: (due, None), 2: (due, "w1"), 5: (due, None), 6: (due, "w3"), 9: (OccurrenceState.MISSED, None)}


def test_a_checklist_is_kept_once_and_stays_what_it_was(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add_many([order("w1", template=ITEMS), order("w2", number=0, template=ITEMS), order("w3", number=0)])
        one, again, empty = tx.plan.freeze([ITEMS, ITEMS, ()])
        count = tx.work.connection.execute(sa.text("SELECT count(*) FROM checklist_templates")).scalar_one()
    assert one == again != empty
    assert count == 2
    with planted.begin() as tx:
        known = tx.orders.get("w1")
        tx.orders.update(replace(known, template=()), known.version)
    with planted.read() as tx:
        assert tx.orders.get("w1").template == ITEMS
        assert tx.orders.get("w2").template == ITEMS
        assert tx.orders.get("w3").template == ()


def test_orders_of_an_earlier_version_keep_their_checklists(empty_url: str) -> None:
    with older_ledger(empty_url, "0020") as connection:
        insert_site(connection)
        insert_asset(connection, asset(), [])
        insert_orders(connection, [{"id": one, "template": dump(ITEMS)} for one in ("w1", "w2")])
        planned = [occurrence(1), occurrence(2, "row-0")]
        insert(connection, "occurrences", [occurrence_before(one) for one in planned])
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            assert [tx.orders.get(one).template for one in ("w1", "w2")] == [ITEMS, ITEMS]
            assert list(tx.plan.occurrences_of("demo")) == planned


def occurrence_before(one: Occurrence) -> dict[str, Any]:
    days = {name: getattr(one, name).isoformat() for name in ("nominal_date", "earliest", "latest")}
    return {**asdict(one.key), **days, "site": one.site, "plan_row": one.plan_row, "state": one.state.value}


def standing(subject: str = "p1", changes: int = 0) -> Standing:
    return Standing(subject, "demo", "f", date(2026, 3, 2), date(2026, 3, 9), 4, changes)


def test_a_standing_holds_until_something_changes(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.plan.put_standings([standing()])
    today = date(2026, 3, 2)
    with planted.read() as tx:
        stored = tx.plan.standings("demo")["p1"]
    assert stored == replace(standing(), planned=0)
    assert stored.holds("f", today)
    assert not stored.holds("g", today)
    assert not stored.holds("f", date(2026, 3, 9))
    assert not stored.holds("f", date(2026, 3, 1)), "a clock that went back"
    for change in (
        lambda tx: tx.plan.add_occurrences([occurrence(1)]),
        lambda tx: tx.plan.update_occurrences([replace(occurrence(1), state=OccurrenceState.MISSED)]),
        lambda tx: tx.orders.add(order(occurrences=(shown(1),))),
        lambda tx: tx.orders.update(tx.orders.get("w1"), tx.orders.get("w1").version),
        lambda tx: tx.plan.changed("p1", "demo"),
    ):
        with planted.begin() as tx:
            before = tx.plan.standings_of(["p1"])["p1"]
            tx.plan.put_standings([before])
        with planted.begin() as tx:
            change(tx)
        with planted.read() as tx:
            assert not tx.plan.standings_of(["p1"])["p1"].holds("f", today), change


def shown(cycle: int) -> WorkOrderOccurrence:
    return WorkOrderOccurrence(occurrence(cycle).key, "SP-01", date(2026, 3, 1), date(2026, 3, 4))


def test_what_the_planning_itself_changes_counts_as_known(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        known = tx.plan.standings_of(["p1"]).get("p1")
        tx.plan.add_occurrences([occurrence(1)])
        tx.plan.put_standings([standing(changes=0 if known is None else known.changes)])
    with planted.read() as tx:
        assert tx.plan.standings("demo")["p1"].holds("f", date(2026, 3, 2))


def test_a_change_of_which_the_planning_did_not_know_is_seen(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.plan.changed("p1", "demo")
    with planted.begin() as tx:
        tx.plan.put_standings([standing(changes=0)])
    with planted.read() as tx:
        assert not tx.plan.standings("demo")["p1"].holds("f", date(2026, 3, 2))


def test_cards_are_those_of_all_assets(planted: SqlLedger) -> None:
    with planted.read() as tx:
        cards = tx.plan.cards("demo")
    assert [card.key for card in cards] == ["p1", "p2"]
    assert (cards[0].code, cards[0].equipment_class, cards[0].status) == ("P-101", "pump", "in_service")


def test_what_became_of_a_job_replaces_the_word_before(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.jobs.put(JobRun("a", NOW))
        tx.jobs.put(JobRun("a", NOW, NOW, None, ""))
        tx.jobs.put(JobRun("b", NOW, None, NOW, "no"))
    with planted.read() as tx:
        assert tx.jobs.runs() == {"a": JobRun("a", NOW, NOW), "b": JobRun("b", NOW, None, NOW, "no")}


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_many_keys_at_once_rise_and_are_unique(count: int) -> None:
    before, keys, after = new_key(), new_keys(count), new_key()
    assert [before, *keys, after] == sorted({before, *keys, after})
    assert len(keys) == count
