"""Last completions beside what the ledger has on record, who may enter them, and what they do to other rows."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from maintenance.figures.compliance import outcome
from maintenance.imports.kinds import Asked
from maintenance.imports.last_completions_kind import LastCompletionsKind
from maintenance.imports.outcome import AllRights, Outcome
from maintenance.imports.ports import Mode
from maintenance.imports.running import Wanted, run_import, undo_import
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import LocalName
from plantroom.ports.clock import FixedClock
from tests.contract.imports.importing import Store, exported, take, undo
from tests.contract.imports.test_last_completions import HEAD, LAW, MONTHLY, PUMPS, known, look, put, standing
from tests.contract.maintenance.conftest import NOW
from tests.unit.maintenance.rows import row

DUE, MISSED = OccurrenceState.DUE, OccurrenceState.MISSED


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def bring(store: Store, text: str, day: date, rights: AllRights | None = None) -> dict[str, Any]:
    asked = Asked("somebody", at(day), "demo", rights=rights or AllRights())
    wanted = Wanted("last_completions", "t.csv", Mode.COMMIT, asked)
    return run_import(store, wanted, io.BytesIO((HEAD + text).encode()), FixedClock(at(day)))


def warned(document: dict[str, Any]) -> list[str]:
    return [one["code"] for one in document["warnings"]]


def complete(store: Store, code: str, when: datetime) -> Occurrence:
    (first, *_) = [one for one in known(store, code) if one.state is DUE]
    with store.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, str(first.work_order), to, when, "li", "")
    return next(one for one in known(store, code) if one.key == first.key)


def states(found: Sequence[Occurrence]) -> list[tuple[str, date]]:
    return [(one.state.value, one.latest) for one in found]


def test_what_is_overdue_stays_so(ledger: Store) -> None:
    put(ledger, LAW)
    look(ledger)
    later = date(2026, 3, 30)
    look(ledger, later)
    before = known(ledger, "OWN-L")
    assert before[0].latest < later
    document = bring(ledger, "X-1,OWN-L,2026-02-10,,\n", later)
    assert (warned(document), document["created"]) == (["own_record"], 0)
    look(ledger, later)
    assert known(ledger, "OWN-L") == before


def test_what_is_overdue_with_its_order_stays_so_whatever_its_own_last_day(ledger: Store) -> None:
    half, year = nested()
    put(ledger, replace(half, anchor=date(2026, 3, 5)), replace(year, late_days=30, anchor=date(2026, 3, 20)))
    look(ledger)
    (both,) = [one for one in standing(ledger, "N-Y") if len(one.occurrences) > 1]
    later = date(2026, 3, 24)
    look(ledger, later)
    before = known(ledger, "N-Y")
    assert before[0].work_order == both.id
    assert before[0].latest >= later, "its own last day is not over"
    assert warned(bring(ledger, "X-1,N-Y,2026-02-10,,\n", later)) == ["own_record"]
    look(ledger, later)
    assert known(ledger, "N-Y") == before


def test_undoing_takes_nothing_overdue_off_the_record(ledger: Store) -> None:
    put(ledger, LAW)
    look(ledger)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-L,2026-02-20,,\n")
    look(ledger)
    later = date(2026, 4, 15)
    look(ledger, later)
    before = known(ledger, "OWN-L")
    refused = undo_import(ledger, document["import_id"], Asked("somebody", at(later)))
    assert [one["code"] for one in refused["errors"]] == ["in_use"]  # type: ignore[attr-defined]
    look(ledger, later)
    assert known(ledger, "OWN-L") == before


def test_what_falls_due_before_the_planner_looks_is_made_anew_all_the_same(ledger: Store) -> None:
    put(ledger, replace(MONTHLY, anchor=date(2026, 2, 28), late_days=5))
    look(ledger)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-27,,\n")
    look(ledger, date(2026, 3, 8))
    assert [one.nominal_date for one in known(ledger, "OWN-M")][:2] == [date(2026, 2, 28), date(2026, 3, 28)]
    assert not [one for one in known(ledger, "OWN-M") if one.state is MISSED]


@pytest.mark.parametrize("line", ["X-1,OWN-L,2024-01-10,,\n", "X-1,OWN-L,2026-01-20,,\n"])
def test_a_row_that_stands_for_one_whose_gap_has_run_out_is_due_once_and_not_missed(ledger: Store, line: str) -> None:
    put(ledger, LAW, row("OURS", 2, "week", 5, 3, applies_to=PUMPS, fulfils=("OWN-L",)))
    assert warned(take(ledger, "last_completions", HEAD + line)) == ["gap_is_over"]
    look(ledger)
    assert not [one for one in (*known(ledger, "OURS"), *known(ledger, "OWN-L")) if one.state is MISSED]
    assert not [one for one in standing(ledger, "OURS") if "missed" in one.tags]
    (first, *_) = [one for one in known(ledger, "OURS") if one.state is DUE]
    assert first.latest == date(2026, 3, 2)
    reason = standing(ledger, "OURS")[0].reason
    assert reason is not None
    assert line.split(",")[2] in reason.en


def test_its_own_gap_is_that_of_the_row_that_it_stands_for(ledger: Store) -> None:
    put(ledger, LAW, row("OURS", 2, "week", 5, 3, applies_to=PUMPS, fulfils=("OWN-L",)))
    assert warned(take(ledger, "last_completions", HEAD + "X-1,OURS,2024-01-10,,\n")) == ["gap_is_over"]
    look(ledger)
    assert not [one for one in known(ledger, "OURS") if one.state is MISSED]


def test_done_on_the_day_that_it_is_due_it_is_in_time(ledger: Store) -> None:
    put(ledger, LAW)
    take(ledger, "last_completions", HEAD + "X-1,OWN-L,2025-08-01,,\n")
    look(ledger)
    done = complete(ledger, "OWN-L", NOW)
    assert (done.state, done.latest) == (OccurrenceState.DONE, date(2026, 3, 2))
    begins, ends = datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)
    with ledger.read() as tx:
        facts = tx.figures.facts("demo", date(2026, 3, 1), date(2026, 3, 31), begins, ends, NOW)
        mine = [one for one in facts.due if one.plan_row == "OWN-L"]
        assert "in_time" in {outcome(one, NOW, UTC) for one in mine}


class Cleaning(AllRights):
    """A supervisor of one department."""

    def may_change(self, site: str | None, department: str | None) -> bool:
        return site is not None and department in (None, "保洁部")


def test_rows_of_another_department_are_not_the_caller_s(ledger: Store) -> None:
    site = row(
        "OWN-S", 1, "year", 30, 30, applies_to=AppliesTo(site=True), department=LocalName("消防维护部门", "Fire")
    )
    put(ledger, site, MONTHLY)
    document = bring(ledger, ",OWN-S,2025-06-01,,\n", date(2026, 3, 2), Cleaning())
    assert [one["code"] for one in document["errors"]] == ["not_yours"]
    assert not known(ledger, "OWN-S")


def test_a_row_that_somebody_is_at_is_left_alone(ledger: Store) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    begun = standing(ledger, "OWN-M")[0]
    with ledger.begin() as tx:
        apply_transition(tx, begun.id, State.IN_PROGRESS, NOW, "li", "")
    before = known(ledger, "OWN-M")
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    assert (warned(document), document["unchanged"]) == (["work_begun"], 1)
    look(ledger)
    assert known(ledger, "OWN-M") == before


def test_what_is_done_while_the_table_is_compared_is_seen(ledger: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    real = LastCompletionsKind.still

    def meanwhile(self: LastCompletionsKind, tx: MaintenanceTx, outcome: Outcome) -> bool:
        (first, *_) = [one for one in tx.plan.occurrences_of("demo") if one.plan_row == "OWN-M" and one.state is DUE]
        if outcome.changes:
            for to in (State.IN_PROGRESS, State.COMPLETED):
                apply_transition(tx, str(first.work_order), to, NOW, "li", "")
        return real(self, tx, outcome)

    monkeypatch.setattr(LastCompletionsKind, "still", meanwhile)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    assert (document["created"], warned(document)) == (0, ["own_record"])


def nested() -> tuple[PlanRow, PlanRow]:
    half = row("N-HM", 15, "day", 5, 0, applies_to=PUMPS, max_gap_days=15, layer=Layer.LAW)
    return half, row("N-Y", 1, "year", 60, 0, applies_to=PUMPS, max_gap_days=366, contains=("N-HM",), layer=Layer.LAW)


def test_a_deeper_row_s_completion_is_one_of_what_it_contains(ledger: Store) -> None:
    put(ledger, *nested())
    text = "X-1,N-Y,2026-02-27,特检院,T-9\nX-1,N-HM,2026-02-12,李工,\n"
    document = bring(ledger, text, date(2026, 3, 2))
    assert warned(document) == ["done_with"]
    look(ledger)
    (former, first, *_) = known(ledger, "N-HM")
    assert (former.latest, first.latest) == (date(2026, 2, 27), date(2026, 3, 14))
    assert (former.evidence or {})["record"] == "T-9"
    again = bring(ledger, text, date(2026, 3, 2))
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)


def test_what_is_done_in_one_go_is_found_again(ledger: Store) -> None:
    half, year = nested()
    put(ledger, replace(half, anchor=date(2026, 3, 5)), replace(year, anchor=date(2026, 4, 4)))
    look(ledger)

    def together() -> list[list[str]]:
        return sorted(
            sorted(o.plan_row for o in one.occurrences) for one in standing(ledger, "N-HM") if len(one.occurrences) > 1
        )

    before = (together(), [(one.key, one.latest) for one in known(ledger, "N-HM")])
    assert before[0] == [["N-HM", "N-Y"]]
    document = take(ledger, "last_completions", HEAD + "X-1,N-HM,2026-02-28,,\n")
    look(ledger)
    assert together() == [["N-HM", "N-Y"]]
    assert undo(ledger, document["import_id"])["errors"] == []
    look(ledger)
    assert (together(), [(one.key, one.latest) for one in known(ledger, "N-HM")]) == before


def test_an_export_leaves_out_machines_that_are_gone_and_stays_no_change_when_rows_move_on(ledger: Store) -> None:
    put(ledger, MONTHLY)
    made = take(ledger, "assets", "设备编号,设备类别\nX-7,水泵\n")
    take(ledger, "last_completions", HEAD + "X-7,OWN-M,2026-02-20,,\n")
    refused = undo(ledger, made["import_id"])
    assert [one["code"] for one in refused["errors"]] == ["in_use"]
    put(ledger, replace(MONTHLY, applies_to=AppliesTo(classes=("elevator",))))
    same = take(ledger, "last_completions", exported(ledger, "last_completions"))
    assert (same["errors"], same["unchanged"]) == ([], 1)


def test_undoing_a_plan_table_does_not_take_last_completions_along(ledger: Store) -> None:
    made = take(ledger, "plan_table", "编号,适用设备类,维护周期\nMY-9,水泵,每月\n")
    assert not made["errors"]
    take(ledger, "last_completions", HEAD + "X-1,MY-9,2026-02-20,,\n")
    assert [one["code"] for one in undo(ledger, made["import_id"])["errors"]] == ["in_use"]
