"""Last completions of rows that are done in one go, and lines and days that were wrong."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from maintenance.imports import last_completions
from maintenance.imports.kinds import Asked
from maintenance.imports.outcome import AllRights
from maintenance.imports.ports import Mode
from maintenance.imports.running import Wanted, run_import, undo_import
from maintenance.materialise import materialise
from maintenance.plan import Layer, OccurrenceState, PlanRow
from maintenance.schedules import MeterSchedule
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.ports.clock import FixedClock
from plantroom.storage.ledger.plan import SqlPlan
from tests.contract.imports.importing import Store, exported, take, undo
from tests.contract.imports.test_last_completions import (
    HEAD,
    LAW,
    MONTHLY,
    PUMPS,
    dates,
    known,
    look,
    problems,
    put,
    standing,
)
from tests.contract.imports.test_last_completions_beside_records import at, bring, complete, nested, warned
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.unit.maintenance.rows import row

ENTERED = date(2026, 3, 2)


def lift() -> list[PlanRow]:
    half, _ = nested()
    law = {"applies_to": PUMPS, "layer": Layer.LAW}
    return [
        half,
        row("N-Q", 3, "month", 15, 0, max_gap_days=92, contains=("N-HM",), **law),
        row("N-HY", 6, "month", 30, 0, max_gap_days=184, contains=("N-Q",), **law),
        row("N-Y", 1, "year", 60, 0, max_gap_days=366, contains=("N-HY",), **law),
    ]


def jobs(store: Store) -> list[tuple[date | None, list[str]]]:
    codes = {one.code for one in lift()}
    found = {order.id: order for code in codes for order in standing(store, code)}
    return sorted((one.earliest, sorted(o.plan_row for o in one.occurrences)) for one in found.values())  # type: ignore[type-var]


def test_a_visit_that_stands_is_found_again_for_a_deeper_row_that_comes_later(ledger: Store) -> None:
    put(ledger, *lift())
    look(ledger)
    complete(ledger, "N-HM", at(ENTERED))
    next_day = date(2026, 3, 3)
    look(ledger, next_day)
    before = jobs(ledger)
    document = bring(ledger, "X-1,N-Q,2025-12-30,,\nX-1,N-HY,2025-12-30,,\nX-1,N-Y,2025-06-30,,\n", next_day)
    assert document["errors"] == []
    look(ledger, next_day)
    found = jobs(ledger)
    assert [rows for _, rows in found if "N-Q" in rows] == [["N-HM", "N-Q"]]
    assert look(ledger, next_day)["created"] == 0
    assert undo(ledger, document["import_id"])["errors"] == []
    look(ledger, next_day)
    assert jobs(ledger) == before


def test_undoing_leaves_it_to_the_planner_to_make_the_dates_anew(ledger: Store) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    without = dates(ledger, "OWN-M")
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    look(ledger)
    orders = {one.id for one in standing(ledger, "OWN-M")}
    assert undo(ledger, document["import_id"])["errors"] == []
    assert {one.id for one in standing(ledger, "OWN-M")} == orders
    assert not [one for one in known(ledger, "OWN-M") if one.state is OccurrenceState.FORMER]
    look(ledger)
    assert dates(ledger, "OWN-M") == without
    assert not [one for one in known(ledger, "OWN-M") if one.evidence]


def test_the_plan_is_read_once_whatever_is_withdrawn(ledger: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(ledger, MONTHLY)
    take(ledger, "assets", "设备编号,设备类别\n" + "".join(f"P-{n},水泵\n" for n in range(6)))
    look(ledger)
    read: list[object] = []
    of = SqlPlan.rows

    def rows(self: SqlPlan, *which: Any) -> Any:
        read.append(which)
        return of(self, *which)

    text = HEAD + "".join(f"P-{n},OWN-M,2026-02-20,,\n" for n in range(6))
    document = take(ledger, "last_completions", text)
    monkeypatch.setattr(SqlPlan, "rows", rows)
    look(ledger)
    assert undo(ledger, document["import_id"])["errors"] == []
    look(ledger)
    assert len(read) == 2


def test_entered_again_before_the_planner_has_looked_it_counts(ledger: Store) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    undo(ledger, document["import_id"])
    assert take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-24,,\n")["created"] == 1
    look(ledger)
    assert [day for _, day, _ in dates(ledger, "OWN-M")][:2] == [date(2026, 2, 24), date(2026, 3, 24)]


def test_what_was_done_of_a_deeper_row_alone_counts_for_what_it_contains(ledger: Store) -> None:
    half, year = nested()
    put(ledger, replace(half, anchor=date(2026, 1, 30)), year)
    look(ledger)
    before = dates(ledger, "N-HM")
    document = bring(ledger, "X-1,N-Y,2026-02-27,特检院,T-9\n", ENTERED)
    assert [one["code"] for one in document["rows"]] == ["X-1/N-Y", "X-1/N-HM"]
    look(ledger)
    former, first, *_ = known(ledger, "N-HM")
    assert (former.latest, first.latest) == (date(2026, 2, 27), date(2026, 3, 14))
    assert (former.evidence or {})["done_with"] == "N-Y"
    assert exported(ledger, "last_completions").decode().count("X-1") == 1
    assert undo(ledger, document["import_id"])["errors"] == []
    look(ledger)
    assert dates(ledger, "N-HM") == before


def test_exported_and_imported_again_nothing_changes(ledger: Store) -> None:
    put(ledger, *nested())
    bring(ledger, "X-1,N-HM,2026-02-18,,\n", ENTERED)
    document = bring(ledger, "X-1,N-Y,2026-02-27,,\n", ENTERED)
    assert (document["created"], document["updated"]) == (1, 1)
    look(ledger)
    before = dates(ledger, "N-HM")
    again = take(ledger, "last_completions", exported(ledger, "last_completions"))
    assert (again["created"], again["updated"], again["unchanged"], again["errors"]) == (0, 0, 1, [])
    look(ledger)
    assert dates(ledger, "N-HM") == before
    corrected = bring(ledger, "X-1,N-Y,2026-02-25,,\n", ENTERED)
    assert corrected["updated"] == 2
    assert known(ledger, "N-HM")[0].latest == date(2026, 2, 25)


def test_a_deeper_row_s_completion_says_nothing_of_a_row_that_was_to_be_done_since(ledger: Store) -> None:
    put(ledger, *nested())
    assert bring(ledger, "X-1,N-Y,2025-06-30,,\n", ENTERED)["created"] == 1
    assert known(ledger, "N-HM") == []


def test_a_row_with_a_record_of_its_own_is_not_done_with_a_deeper_one(ledger: Store) -> None:
    put(ledger, *nested())
    look(ledger)
    complete(ledger, "N-HM", NOW)
    assert bring(ledger, "X-1,N-Y,2026-02-27,,\n", ENTERED)["created"] == 1
    assert not [one for one in known(ledger, "N-HM") if one.state is OccurrenceState.FORMER]


def test_who_did_it_is_corrected_without_making_anything_anew(ledger: Store) -> None:
    put(ledger, MONTHLY)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,李工,\n")
    look(ledger)
    orders = {one.id for one in standing(ledger, "OWN-M")}
    asked = Asked("wang", at(date(2026, 3, 3)), "demo")
    text = io.BytesIO((HEAD + "X-1,OWN-M,2026-02-20,王工,WX-1\n").encode())
    wanted = Wanted("last_completions", "t.csv", Mode.COMMIT, asked)
    assert run_import(ledger, wanted, text, FixedClock(asked.now))["updated"] == 1
    look(ledger)
    assert {one.id for one in standing(ledger, "OWN-M")} == orders
    evidence = known(ledger, "OWN-M")[0].evidence or {}
    assert (evidence["entered_on"], evidence["entered_by"]) == ("2026-03-02", "somebody")
    assert (evidence["changed_on"], evidence["changed_by"], evidence["done_by"]) == ("2026-03-03", "wang", "王工")


def test_of_two_lines_with_one_day_the_first_counts(ledger: Store) -> None:
    put(ledger, MONTHLY)
    text = HEAD + "X-1,OWN-M,2026-02-20,李工,\nX-1,OWN-M,2026-02-20,王工,WX-2\nX-1,OWN-M,2026-02-20,李工,\n"
    document = take(ledger, "last_completions", text)
    same = "same_day_line"
    assert problems(document, "warnings") == [(3, "上次完成日期", same), (4, "上次完成日期", same)]
    assert (document["errors"], document["created"], document["unchanged"]) == ([], 1, 2)
    assert (known(ledger, "OWN-M")[0].evidence or {})["done_by"] == "李工"


def test_a_machine_is_the_same_however_its_code_is_typed(ledger: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_completions, "AT_ONCE", 1)
    put(ledger, MONTHLY)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\nＸ－１,OWN-M,2026-02-24,,\n")
    assert (document["errors"], warned(document), document["created"]) == ([], ["older_line"], 1)
    assert known(ledger, "OWN-M")[0].latest == date(2026, 2, 24)


def test_a_row_by_a_meter_is_not_said_to_have_no_date(ledger: Store) -> None:
    put(ledger, replace(MONTHLY, schedule=MeterSchedule("run_hours", 1500)))
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    assert (document["errors"], document["warnings"], document["created"]) == ([], [], 1)


class NoAdministrator(AllRights):
    """A supervisor."""

    def may_leave_law(self, site: str | None) -> bool:
        return site is None and False


def wrong_year(ledger: Store) -> tuple[dict[str, Any], date]:
    put(ledger, LAW)
    look(ledger)
    document = bring(ledger, "X-1,OWN-L,2025-02-20,,\n", ENTERED)
    assert warned(document) == ["gap_is_over"]
    look(ledger)
    later = date(2026, 3, 4)
    look(ledger, later)
    assert known(ledger, "OWN-L")[1].latest == ENTERED
    return document, later


def test_a_wrong_year_is_corrected_when_what_it_made_due_is_over(ledger: Store) -> None:
    _, later = wrong_year(ledger)
    document = bring(ledger, "X-1,OWN-L,2026-02-20,,\n", later, NoAdministrator())
    assert (warned(document), document["updated"]) == ([], 1)
    look(ledger, later)
    former, first, *_ = known(ledger, "OWN-L")
    assert (former.latest, first.latest) == (date(2026, 2, 20), date(2026, 3, 23))
    assert not [one for one in standing(ledger, "OWN-L") if "missed" in one.tags]


def test_a_wrong_year_is_taken_back_by_who_entered_it(ledger: Store) -> None:
    document, later = wrong_year(ledger)
    other = undo_import(ledger, document["import_id"], Asked("li", at(later), rights=NoAdministrator()))
    assert [one["code"] for one in other["errors"]] == ["in_use"]  # type: ignore[attr-defined]
    mine = undo_import(ledger, document["import_id"], Asked("somebody", at(later), rights=NoAdministrator()))
    assert mine["errors"] == []
    look(ledger, later)
    assert not [one for one in standing(ledger, "OWN-L") if "missed" in one.tags]
    assert known(ledger, "OWN-L")[0].latest >= later


def test_a_wrong_year_stays_when_somebody_has_begun_what_it_made_due(ledger: Store) -> None:
    document, later = wrong_year(ledger)
    with ledger.begin() as tx:
        order = str(known(ledger, "OWN-L")[1].work_order)
        apply_transition(tx, order, State.IN_PROGRESS, at(later), "li", "")
        apply_transition(tx, order, State.ON_HOLD, at(later), "li", "x", code="waiting_parts")
    assert warned(bring(ledger, "X-1,OWN-L,2026-02-20,,\n", later)) == ["work_begun"]
    refused = undo_import(ledger, document["import_id"], Asked("somebody", at(later)))
    assert [one["code"] for one in refused["errors"]] == ["in_use"]  # type: ignore[attr-defined]


def test_a_general_row_s_completion_is_not_exported_beside_that_of_the_site_s_own_row(ledger: Store) -> None:
    put(ledger, MONTHLY)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    put(ledger, replace(MONTHLY, lineage="own-of-demo", site="demo"))
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-24,,\n")
    assert len(known(ledger, "OWN-M")) == 2
    again = take(ledger, "last_completions", exported(ledger, "last_completions"))
    assert (again["errors"], again["warnings"], again["unchanged"], again["updated"]) == ([], [], 1, 0)


def test_a_row_is_named_by_the_heading_of_plan_tables_and_the_firm_is_who_did_it(ledger: Store) -> None:
    put(ledger, MONTHLY)
    text = "设备编号,项目编号,上次保养日期,保养单位\nX-1,OWN-M,2026-02-20,迅达\n"
    document = take(ledger, "last_completions", text)
    assert (document["errors"], document["warnings"], document["created"]) == ([], [], 1)
    assert (known(ledger, "OWN-M")[0].evidence or {})["done_by"] == "迅达"


@pytest.mark.parametrize(
    ("kind", "text", "is_said"),
    [
        ("users", "用户名,角色,站点,完成日期\nli,技术员,demo,2026-01-01\n", False),
        ("plan_table", "编号,适用设备类,维护周期,完成日期\nMY-9,水泵,每月,2026-01-01\n", True),
    ],
)
def test_a_last_day_is_that_of_work_where_the_table_is_of_work(
    ledger: Store, kind: str, text: str, is_said: bool
) -> None:
    (warning,) = [one for one in take(ledger, kind, text)["warnings"] if one["code"] == "ignored_column"]
    assert ("last_completions" in warning["message"]) is is_said


def test_a_time_that_no_clock_shows_is_none(ledger: Store) -> None:
    put(ledger, MONTHLY)
    assert problems(take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20 99:99,,\n")) == [
        (2, "上次完成日期", "bad_date")
    ]
    assert take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20 23:59,,\n")["created"] == 1


@pytest.mark.parametrize("code", ["OWN-L", "OWN-M"])
def test_entered_in_the_evening_and_planned_after_midnight_it_is_due_that_day_and_not_missed(
    ledger: Store, code: str
) -> None:
    put(ledger, LAW, MONTHLY)
    evening = datetime(2026, 3, 2, 15, tzinfo=UTC)
    wanted = Wanted("last_completions", "t.csv", Mode.COMMIT, Asked("somebody", evening, "demo"))
    document = run_import(
        ledger, wanted, io.BytesIO((HEAD + f"X-1,{code},2025-08-15,,\n").encode()), FixedClock(evening)
    )
    assert warned(document) == ["gap_is_over"]
    night = datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert materialise(ledger, night, SYSTEMS)["missed"] == 0
    assert known(ledger, code)[1].latest == date(2026, 3, 3)
    assert not [one for one in standing(ledger, code) if "missed" in one.tags]
    assert materialise(ledger, night, SYSTEMS)["created"] == 0
    later = date(2026, 3, 6)
    look(ledger, later)
    assert known(ledger, code)[1].latest == date(2026, 3, 3)
    assert [one for one in standing(ledger, code) if "missed" in one.tags]
    again = take(ledger, "last_completions", exported(ledger, "last_completions"))
    assert (again["errors"], again["updated"]) == ([], 0)
    assert bring(ledger, f"X-1,{code},2026-02-15,,\n", later)["updated"] == 1
    look(ledger, later)
    assert known(ledger, code)[1].latest >= later
