"""What was done of a row before Plantroom, brought along in a table: its dates count from there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from maintenance.materialise import materialise
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.ports import OrderFilter
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger.engine import SqlTx
from tests.contract.imports.importing import Store, exported, take, undo
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.unit.maintenance.rows import row

PUMPS = AppliesTo(classes=("pump",))
MONTHLY = row("OWN-M", 1, "month", 5, 3, applies_to=PUMPS)
LAW = row("OWN-L", 1, "month", 5, 3, applies_to=PUMPS, max_gap_days=31, layer=Layer.LAW)
ROUND = row("OWN-H", 2, "hour", applies_to=PUMPS)
OF_SITE = row("OWN-S", 1, "year", 30, 30, applies_to=AppliesTo(site=True))
HEAD = "设备编号,计划项,上次完成日期,完成人,记录编号\n"


def put(store: Store, *rows: PlanRow) -> None:
    with store.begin() as tx:
        for one in rows:
            tx.plan.put_row(one)


def look(store: Store, day: date = date(2026, 3, 2)) -> dict[str, int]:
    return materialise(store, datetime(day.year, day.month, day.day, 1, tzinfo=UTC), SYSTEMS)


def known(store: Store, code: str) -> Sequence[Occurrence]:
    with store.read() as tx:
        found = [one for one in tx.plan.occurrences_of("demo") if one.plan_row == code]
    return sorted(found, key=lambda one: one.key)


def dates(store: Store, code: str) -> list[tuple[int, date, str]]:
    return [(one.key.cycle, one.nominal_date, one.state.value) for one in known(store, code)]


def standing(store: Store, code: str) -> list[WorkOrder]:
    with store.read() as tx:
        found = tx.orders.list(OrderFilter(open_only=True), PageRequest(limit=1000)).items
    return [one for one in found if any(o.plan_row == code for o in one.occurrences)]


def problems(document: dict[str, Any], which: str = "errors") -> list[tuple[int, str, str]]:
    return [(one["row"], one["column"], one["code"]) for one in document[which]]


def test_dates_count_from_it_and_what_nobody_has_begun_is_made_anew(ledger: Store) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    first = standing(ledger, "OWN-M")
    assert first
    assert not take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,李工,WX-17\n")["errors"]
    look(ledger)
    assert dates(ledger, "OWN-M") == [
        (-1, date(2026, 2, 20), "former"), (0, date(2026, 3, 20), "due"), (1, date(2026, 4, 20), "due")
    ]  # fmt: skip
    assert look(ledger)["created"] == 0
    with ledger.read() as tx:
        assert {tx.orders.get(one.id).state for one in first} == {State.CANCELLED}
    (former, *_) = known(ledger, "OWN-M")
    assert former.evidence == {
        "entered_on": "2026-03-02",
        "entered_by": "somebody",
        "done_by": "李工",
        "record": "WX-17",
    }
    assert former.completed_at is not None
    assert former.work_order is None


def test_done_early_for_a_date_of_the_rows_own_calendar_counts_for_that(ledger: Store) -> None:
    put(ledger, replace(MONTHLY, anchor=date(2026, 1, 4), early_days=10))
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-26,,\n")
    look(ledger)
    assert [day for _, day, _ in dates(ledger, "OWN-M")][:2] == [date(2026, 3, 4), date(2026, 4, 4)]


def test_it_is_due_on_the_day_of_entering_where_the_longest_gap_has_run_out(ledger: Store) -> None:
    put(ledger, LAW)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-L,2025-08-01,,\n")
    assert problems(document, "warnings") == [(2, "上次完成日期", "gap_is_over")]
    look(ledger)
    assert not [one for one in known(ledger, "OWN-L") if one.state is OccurrenceState.MISSED]
    assert not [one for one in standing(ledger, "OWN-L") if "missed" in one.tags]
    (first,) = [one for one in known(ledger, "OWN-L") if one.key.cycle == 0]
    assert (first.latest, first.state) == (date(2026, 3, 2), OccurrenceState.DUE)
    with ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, str(first.work_order), to, NOW, "li", "")
    look(ledger)
    (_, *rest) = (one for one in known(ledger, "OWN-L") if one.key.cycle >= 0)
    assert rest[0].latest == date(2026, 4, 2)


def test_the_newest_date_that_was_over_is_due_on_the_day_of_entering_and_the_others_are_not(ledger: Store) -> None:
    put(ledger, MONTHLY)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2025-08-15,,\n")
    assert problems(document, "warnings") == [(2, "上次完成日期", "gap_is_over")]
    look(ledger)
    assert dates(ledger, "OWN-M")[:3] == [
        (-1, date(2025, 8, 15), "former"), (0, date(2026, 2, 15), "due"), (1, date(2026, 3, 15), "due")
    ]  # fmt: skip
    assert known(ledger, "OWN-M")[1].latest == date(2026, 3, 2)
    assert not any("missed" in one.tags for one in standing(ledger, "OWN-M"))


def test_what_the_ledger_has_on_record_itself_is_left_alone(ledger: Store) -> None:
    put(ledger, LAW)
    look(ledger)
    order = standing(ledger, "OWN-L")[0]
    with ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, order.id, to, NOW, "li", "")
    before = known(ledger, "OWN-L")
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-L,2026-02-20,,\n")
    assert problems(document, "warnings") == [(2, "上次完成日期", "own_record")]
    assert (document["created"], document["unchanged"]) == (0, 1)
    assert known(ledger, "OWN-L") == before


def test_another_day_is_an_update_and_undoing_gives_the_first_one_back(ledger: Store) -> None:
    put(ledger, MONTHLY)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    look(ledger)
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-24,王工,\n")
    assert document["rows"][0]["changes"] == {"done_on": ["2026-02-20", "2026-02-24"], "done_by": [None, "王工"]}
    look(ledger)
    assert [day for _, day, _ in dates(ledger, "OWN-M")][:2] == [date(2026, 2, 24), date(2026, 3, 24)]
    assert undo(ledger, document["import_id"])["errors"] == []
    look(ledger)
    assert [day for _, day, _ in dates(ledger, "OWN-M")][:2] == [date(2026, 2, 20), date(2026, 3, 20)]


def test_a_blank_cell_leaves_what_is_known_and_the_word_for_it_empties_it(ledger: Store) -> None:
    put(ledger, MONTHLY)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,李工,WX-17\n")
    assert take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")["unchanged"] == 1
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,（空）\n")
    assert document["rows"][0]["changes"] == {"record": ["WX-17", None]}
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,（空）,,\n")
    assert problems(document) == [(2, "上次完成日期", "missing_value")]


def test_undoing_takes_its_dates_away_but_not_behind_work_that_was_done(ledger: Store) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    without = dates(ledger, "OWN-M")
    document = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    look(ledger)
    assert undo(ledger, document["import_id"])["errors"] == []
    look(ledger)
    assert dates(ledger, "OWN-M") == without
    again = take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    look(ledger)
    order = standing(ledger, "OWN-M")[0]
    with ledger.begin() as tx:
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, order.id, to, NOW, "li", "")
    refused = undo(ledger, again["import_id"])
    assert [one["code"] for one in refused["errors"]] == ["in_use"]


def test_the_history_has_it_and_shows_who_changes_it_behind_its_back(ledger: Store) -> None:
    put(ledger, MONTHLY)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    look(ledger)
    seal_all(ledger)
    assert verify(ledger).broken is None
    with ledger.begin() as tx:
        assert isinstance(tx, SqlTx)
        tx.work.connection.exec_driver_sql("UPDATE occurrences SET latest = '2026-02-25' WHERE state = 'former'")
    assert verify(ledger).broken is not None


def test_figures_leave_it_out(ledger: Store) -> None:
    put(ledger, MONTHLY)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    with ledger.read() as tx:
        found = tx.figures.facts("demo", date(2026, 2, 1), date(2026, 2, 28), *_february(), NOW)
        assert not [one for one in found.due if one.plan_row == "OWN-M"]
        assert not tx.report_store.due("demo", date(2026, 2, 1), date(2026, 2, 28))
        assert not tx.figures.anything("demo", date(2026, 2, 1), date(2026, 2, 28), *_february())


def _february() -> tuple[datetime, datetime]:
    return datetime(2026, 1, 31, 16, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_a_row_is_named_by_its_name_too_and_one_of_the_site_without_an_asset(ledger: Store) -> None:
    put(ledger, MONTHLY, OF_SITE)
    text = HEAD + f"X-1,{MONTHLY.name.zh},2026/2/20,,\n,OWN-S,2025年6月1日,检测公司,\n"
    document = take(ledger, "last_completions", text)
    assert not document["errors"]
    assert dates(ledger, "OWN-S") == [(-1, date(2025, 6, 1), "former")]
    for form in ("csv", "xlsx"):
        same = take(ledger, "last_completions", exported(ledger, "last_completions", form))
        assert (same["created"], same["updated"], same["unchanged"], same["errors"]) == (0, 0, 2, [])


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("X-9,OWN-M,2026-02-20,,", "设备编号", "unknown_asset"),
        ("X-1,EL-HM,2026-02-20,,", "计划项", "not_for_asset"),
        ("X-1,换机油,2026-02-20,,", "计划项", "unknown_row"),
        ("X-1,OWN-H,2026-02-20,,", "计划项", "by_the_hour"),
        ("X-1,OWN-M,2026-03-03,,", "上次完成日期", "still_to_come"),
        ("X-1,OWN-M,20/02/2026,,", "上次完成日期", "bad_date"),
        ("X-1,OWN-M,昨天,,", "上次完成日期", "bad_date"),
        ("X-1,OWN-M,,,", "上次完成日期", "missing_value"),
        ("X-1,,2026-02-20,,", "计划项", "missing_value"),
        (",OWN-M,2026-02-20,,", "计划项", "not_for_asset"),
    ],
)
def test_a_line_that_says_nothing_sensible_keeps_the_table_out(
    ledger: Store, line: str, column: str, code: str
) -> None:
    put(ledger, MONTHLY, ROUND)
    document = take(ledger, "last_completions", f"{HEAD}{line}\nX-1,OWN-M,2026-02-20,,\n")
    assert problems(document) == [(2, column, code)]
    assert known(ledger, "OWN-M") == []


def test_of_the_lines_of_a_history_the_newest_counts(ledger: Store) -> None:
    put(ledger, MONTHLY)
    text = HEAD + "X-1,OWN-M,2026-01-20,,\nX-1,OWN-M,2026-02-20,,\nX-1,OWN-M,2025-12-20,,\n"
    document = take(ledger, "last_completions", text)
    assert problems(document, "warnings") == [(2, "上次完成日期", "older_line"), (4, "上次完成日期", "older_line")]
    assert (document["created"], document["unchanged"]) == (1, 2)
    assert dates(ledger, "OWN-M") == [(-1, date(2026, 2, 20), "former")]
    again = take(ledger, "last_completions", text)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)


def test_headings_of_other_programs_mean_the_same(ledger: Store) -> None:
    put(ledger, MONTHLY)
    document = take(
        ledger, "last_completions", "Equipment,Task Name,Last Completed Date,Technician\nX-1,OWN-M,2026-02-20,Li\n"
    )
    assert (document["created"], document["errors"]) == (1, [])
    document = take(ledger, "last_completions", "設備編號,維護項目,上次保養日期\nX-1,OWN-M,2026-02-20\n")
    assert (document["unchanged"], document["errors"]) == (1, [])


def test_maximos_export_brings_the_rows_and_then_what_was_done_last_of_them(ledger: Store) -> None:
    text = (
        "PMNUM,ASSETNUM,DESCRIPTION,FREQUENCY,FREQUNIT,STATUS,SITEID,NEXTDATE,LASTCOMPDATE\n"
        "1001,X-1,Rope inspection,3,MONTHS,ACTIVE,demo,2026-04-15 00:00:00,2026-01-15 00:00:00\n"
        "1002,X-1,Cleaning,1,WEEKS,INACTIVE,demo,2026-03-05,\n"
    )
    document = take(ledger, "plan_table", text)
    assert (document["created"], document["errors"]) == (1, [])
    document = take(ledger, "last_completions", text)
    assert (document["created"], document["errors"]) == (1, [])
    assert problems(document, "warnings")[-1:] == [(3, "STATUS", "inactive_row")]
    assert dates(ledger, "1001") == [(-1, date(2026, 1, 15), "former")]
