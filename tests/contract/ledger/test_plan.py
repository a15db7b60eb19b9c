"""Plan rows, checklists, occurrences."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from maintenance.plan import (
    AppliesTo,
    Interval,
    IntervalUnit,
    Layer,
    Missed,
    OccurrenceKey,
    OccurrenceState,
    PlanRow,
    Roll,
)
from maintenance.records.verifying import verify
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName
from plantroom.errors import Conflict, NotFound
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, name, occurrence, plan_row, site


def test_a_row_comes_back_with_every_field(planted: SqlLedger) -> None:
    full = plan_row(
        applies_to=AppliesTo(assets=("p1", "p2")),
        interval=Interval(15, IntervalUnit.DAY),
        site="demo",
        anchor=date(2024, 2, 29),
        early_days=3,
        late_days=2,
        max_gap_days=16,
        fulfils=("L-1",),
        contains=("C-1", "C-2"),
        shift_percent=50,
        roll=Roll.NEAREST,
        missed=Missed.STACK,
        layer=Layer.LAW,
        basis="TSG T5002-2017",
        status="verified",
        executor="contractor",
        department=LocalName("工程部", "Engineering"),
        checklist="elevator-half-month",
        evidence=("photo",),
        standard=LocalName("标准", "Standard"),
        estimated_minutes=45,
        effective_from=date(2026, 1, 1),
        custom={"budget": "6-01", "n": [1, 2]},
    )
    with planted.begin() as tx:
        assert tx.plan.put_row(full) == full
    with planted.read() as tx:
        assert tx.plan.row("SP-01", "demo") == full


def test_the_next_version_replaces_the_row_and_may_rename_it(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.plan.put_row(plan_row())
    with planted.begin() as tx:
        stored = tx.plan.put_row(plan_row(code="SP-99", late_days=4))
        assert (stored.version, stored.late_days) == (2, 4)
        assert list(tx.plan.rows()) == [stored]
        assert tx.plan.row("SP-01") is None
        freed = tx.plan.put_row(plan_row("row-2", "SP-01"))
        assert freed.version == 1
        with pytest.raises(Conflict, match="SP-01"):
            tx.plan.put_row(plan_row("row-1", "SP-01"))


def test_a_row_is_given_at_the_version_in_effect_on_a_day(planted: SqlLedger) -> None:
    def begins(month: int, **changes: Any) -> PlanRow:
        return plan_row(effective_from=date(2026, month, 1), **changes)

    def put(row: PlanRow) -> PlanRow:
        with planted.begin() as tx:
            return tx.plan.put_row(row)

    first = put(begins(2))
    later = put(begins(8, code="SP-99"))
    put(begins(12, late_days=4))
    sooner = put(begins(11, late_days=5))  # takes the place of the one before
    other = put(begins(9, lineage="north-row", code="N", site="north"))
    with planted.read() as tx:
        days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 7, 31), date(2026, 8, 1), date(2026, 12, 1)]
        assert [list(tx.plan.rows("demo", on=day)) for day in days] == [[first], [first], [first], [later], [sooner]]
        assert list(tx.plan.rows(on=date(2026, 1, 1))) == [first, other]
        assert list(tx.plan.rows("demo")) == [sooner]


def test_a_transaction_makes_one_version_of_a_row_and_the_last_word_counts(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.plan.put_row(plan_row(late_days=1))
        first = tx.plan.put_row(plan_row(late_days=2))
        assert (first.version, list(tx.plan.versions(first.lineage))) == (1, [first])
    with planted.begin() as tx:
        tx.plan.put_row(plan_row(late_days=3))
        second = tx.plan.put_row(plan_row(late_days=4, effective_from=date(2026, 5, 1)))
    with planted.read() as tx:
        assert (second.version, list(tx.plan.versions(first.lineage))) == (2, [second, first])
        assert list(tx.plan.rows()) == [second]
        assert [list(tx.plan.rows(on=date(2026, month, 1))) for month in (4, 5)] == [[first], [second]]
    assert verify(planted).broken is None


def test_a_row_that_was_removed_and_put_again_is_a_new_one(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.plan.put_row(plan_row(late_days=1))
        tx.plan.remove_row("row-1")
        again = tx.plan.put_row(plan_row(late_days=2))
        assert (again.version, list(tx.plan.versions("row-1"))) == (1, [again])


def test_a_code_belongs_to_one_row_of_a_site(planted: SqlLedger) -> None:
    default = plan_row("d")
    own = plan_row("o", site="demo")
    with planted.begin() as tx:
        tx.plan.put_row(default)
        tx.plan.put_row(own)
        with pytest.raises(Conflict):
            tx.plan.put_row(plan_row("x"))
        with pytest.raises(Conflict):
            tx.plan.put_row(plan_row("x", site="demo"))
        with pytest.raises(NotFound):
            tx.plan.put_row(plan_row("x", site="nowhere"))
        tx.plan.put_row(plan_row("n", site="north"))


def test_rows_that_hold_for_a_site_are_its_own_and_the_default_profiles(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for lineage, code, of in (("d1", "A", None), ("d2", "B", None), ("o", "A", "demo"), ("n", "C", "north")):
            tx.plan.put_row(plan_row(lineage, code, site=of))
        assert {r.lineage for r in tx.plan.rows()} == {"d1", "d2", "o", "n"}
        assert {r.lineage for r in tx.plan.rows("demo")} == {"d1", "d2", "o"}
        found = [tx.plan.row("A", "demo"), tx.plan.row("A"), tx.plan.row("B", "demo"), tx.plan.row("C", "demo")]
        assert [r.lineage if r else None for r in found] == ["o", "d1", "d2", None]


def test_a_checklist_is_replaced_and_an_unknown_one_is_empty(ledger: SqlLedger) -> None:
    items = (
        ChecklistItem("1", "ok", name("look"), evidence=("photo",)),
        ChecklistItem("2", "number", name("read"), point="vibration", unit="mm/s", low=0.0, high=4.5),
        ChecklistItem("3", "choice", name("choose"), choices=(name("a"), name("b")), section=name("S")),
    )
    with ledger.begin() as tx:
        assert tuple(tx.plan.checklist("c")) == ()
        tx.plan.put_checklist("c", [items[0]])
        tx.plan.put_checklist("c", items)
    with ledger.read() as tx:
        assert tuple(tx.plan.checklist("c")) == items


def test_rows_and_checklists_are_added_many_at_once(ledger: SqlLedger) -> None:
    rows = [plan_row(lineage=f"d{n}", code=f"A-{n}", effective_from=date(2026, 1, n)) for n in (1, 2)]
    items = {f"c{n}": (ChecklistItem(str(n), "ok", name("look")),) for n in (1, 2)}
    with ledger.begin() as tx:
        tx.plan.add_rows([])
        tx.plan.put_checklists({})
        tx.plan.add_rows(rows)
        tx.plan.put_checklists(items)
    with ledger.read() as tx:
        assert tx.plan.rows() == [replace(row, version=1) for row in rows]
        assert [list(tx.plan.versions(row.lineage)) for row in rows] == [[replace(row, version=1)] for row in rows]
        assert tx.plan.checklist_codes() == set(items)
        assert {code: tuple(tx.plan.checklist(code)) for code in items} == items
    with ledger.begin() as tx, pytest.raises(Conflict, match="A-2"):
        tx.plan.add_rows([plan_row(lineage="d3", code="A-2")])


def test_occurrences_are_added_once(planted: SqlLedger) -> None:
    first, second, third = (occurrence(n) for n in (1, 2, 3))
    with planted.begin() as tx:
        assert list(tx.plan.add_occurrences([first, second])) == [first.key, second.key]
        again = replace(second, plan_row="changed")
        assert list(tx.plan.add_occurrences([again, third, third])) == [third.key]
        assert list(tx.plan.add_occurrences([])) == []
    with planted.read() as tx:
        assert list(tx.plan.occurrences_of("demo")) == [first, second, third]


def test_occurrences_are_found_by_key(planted: SqlLedger) -> None:
    stored = [occurrence(n, subject=s) for n in range(1, 4) for s in ("p1", "p2", "site:demo")]
    with planted.begin() as tx:
        tx.plan.add_occurrences(stored)
        wanted = [stored[0].key, stored[5].key, OccurrenceKey("row-1", "p1", 99), OccurrenceKey("row-2", "p1", 1)]
        assert tx.plan.occurrences(wanted) == {o.key: o for o in (stored[0], stored[5])}
        assert tx.plan.occurrences([]) == {}
        many = [OccurrenceKey("row-1", "p1", n) for n in range(5000)]
        assert set(tx.plan.occurrences(many)) == {o.key for o in stored if o.key.subject == "p1"}


def test_occurrences_of_a_site_or_a_subject(planted: SqlLedger) -> None:
    stored = [occurrence(1), occurrence(2), occurrence(1, subject="p2"), occurrence(1, subject="n1", site="north")]
    with planted.begin() as tx:
        tx.plan.add_occurrences(stored)
        assert {o.key for o in tx.plan.occurrences_of(None)} == {o.key for o in stored}
        assert {o.key.subject for o in tx.plan.occurrences_of("demo")} == {"p1", "p2"}
        assert [o.key.cycle for o in tx.plan.occurrences_of("demo", "p1")] == [1, 2]
        assert list(tx.plan.occurrences_of("north", "p1")) == []
        assert [o.key.subject for o in tx.plan.occurrences_of(None, "n1")] == ["n1"]


def test_occurrences_are_updated(planted: SqlLedger) -> None:
    done = replace(occurrence(1), state=OccurrenceState.DONE, completed_at=NOW, work_order="w1")
    missed = replace(occurrence(2), state=OccurrenceState.MISSED)
    with planted.begin() as tx:
        tx.plan.add_occurrences([occurrence(n) for n in (1, 2, 3)])
        tx.plan.update_occurrences([missed, done])
        tx.plan.update_occurrences([])
    with planted.begin() as tx:
        assert list(tx.plan.occurrences_of("demo")) == [done, missed, occurrence(3)]
        with pytest.raises(NotFound):
            tx.plan.update_occurrences([done, occurrence(9)])


def test_the_last_completion_is_the_sites_local_day(planted: SqlLedger) -> None:
    late = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # 1 March 17:00 UTC is 2 March in Shanghai, 1 March in Berlin
    with planted.begin() as tx:
        tx.assets.add_site(site("berlin", time_zone="Europe/Berlin"))
        tx.plan.add_occurrences(
            [
                occurrence(1, state=OccurrenceState.DONE, completed_at=datetime(2026, 1, 5, 3, tzinfo=UTC)),
                occurrence(2, state=OccurrenceState.CREDITED, completed_at=late),
                occurrence(3, state=OccurrenceState.MISSED, completed_at=None),
                occurrence(4),
                occurrence(1, "row-2", state=OccurrenceState.MISSED),
                occurrence(1, subject="site:berlin", site="berlin", state=OccurrenceState.DONE, completed_at=late),
            ]
        )
    with planted.read() as tx:
        demo = {("row-1", "p1"): date(2026, 3, 2)}
        assert tx.plan.last_completions("demo") == demo
        assert tx.plan.last_completions(None) == demo | {("row-1", "site:berlin"): date(2026, 3, 1)}
        assert tx.plan.last_completions("north") == {}


def test_schedulers_at_the_same_moment_share_the_occurrences(planted: SqlLedger, other: SqlLedger) -> None:
    keys = {occurrence(n).key for n in range(300)}

    def schedule(number: int) -> list[OccurrenceKey]:
        order = range(300) if number % 2 else reversed(range(300))
        new: list[OccurrenceKey] = []
        with (planted if number < 2 else other).begin() as tx:
            ours = [occurrence(n) for n in order]
            for some in (ours[:100], ours[100:]):
                new += tx.plan.add_occurrences(some)
        return new

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(schedule, range(4)))
    assert sum(len(r) for r in results) == 300
    assert {key for r in results for key in r} == keys


def test_looking_keys_up_does_not_read_the_whole_table(sqlite_url: str) -> None:
    with closing(SqlLedger(sqlite_url)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.assets.add_site(site())
            tx.plan.add_occurrences([occurrence(n) for n in range(100)])
            steps: list[str] = []

            @sa.event.listens_for(tx.work.connection, "before_cursor_execute")
            def _explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps.extend(row[3] for row in cursor.fetchall())

            assert len(tx.plan.occurrences([occurrence(n).key for n in range(5)])) == 5
    assert any(step.startswith("SEARCH occurrences USING PRIMARY KEY") for step in steps)
    assert not any(step.startswith("SCAN occurrences") for step in steps)
