"""That the heads of a pack and of the month's report, which count by last day, and their lists of what was done, which
go by completion, say how each is counted and add up to each other."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maintenance.orders import create_order
from maintenance.plan import AppliesTo, Occurrence, OccurrenceKey, OccurrenceState
from maintenance.planner import site_subject
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State, WorkOrderOccurrence
from plantroom.domain.assets import LocalName
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.reporting import HALF_MONTH, bare_visit, furnish, visit
from tests.contract.maintenance.test_reports import MARCH, PACK, made, text_of

Store = Ledger[MaintenanceTx]
Text = Callable[..., str]


@pytest.fixture
def text(any_ledger: Store, tmp_path: Path) -> Text:
    """March has four visits due: two in time, one late, one missed. Done in it, too: one of February, late, and one of
    April, early; one of March was done in April."""
    files = FolderFiles(tmp_path)
    furnish(any_ledger, files)
    for number, day, late in ((10, date(2026, 2, 26), 5), (11, date(2026, 4, 2), -4), (12, date(2026, 3, 31), 1)):
        with any_ledger.begin() as tx:
            visit(tx, files, number, day, late=late)

    def read(wanted: object = PACK, language: str = "zh") -> str:
        return text_of(made(any_ledger, tmp_path, replace(wanted, language=language))[1])  # type: ignore[type-var]

    return read


def test_what_fell_due_says_when_it_was_done(text: Text) -> None:
    for wanted in (PACK, MARCH):
        said = text(wanted)
        assert "按最迟日期计：最迟日期在期间内的计划项。" in said
        assert (
            "到期合计 5：期间内完成 3，期间之前完成 0，期间之后完成 1，未完成 1（漏做 1，延期 0，旁路 0，逾期未做 0）"
            in said
        )
    assert "Due in all 5: done in the period 3, before it 0, after it 1, not done 1 (missed 1," in text(language="en")


def test_the_list_of_records_says_how_many_were_due_at_another_time(text: Text) -> None:
    said = text()
    assert re.search(r"EL-HM 半月维保 .*? 5 2 2 1 ", said), "the head counts by last day"
    (listed,) = re.findall(r"维护记录 日期 # .*?非计划项", said)
    assert len(re.findall(r"半月维保 EL-HM", listed)) == 5
    assert "共 5 份；含计划项 5 项：最迟日期在期间之前 1，期间内 3，期间之后 1；" in listed
    assert "期间内完成的计划项 3：维护记录 3，按小时的巡查（按日汇总） 0，其他完成的工作 0，无工单" in said
    assert "with jobs of the plan: 5 (due before the period 1, in it 3, after it 1)" in text(language="en")


def test_the_month_s_number_of_finished_orders_adds_up_with_what_fell_due(text: Text) -> None:
    said = text(MARCH)
    assert "6 完成的工作 · 按完成日期" in said
    assert "共 6 份；含计划项 5 项：最迟日期在期间之前 1，期间内 3，期间之后 1；非计划项 1 份" in said
    assert "期间内完成的计划项 3：完成的工单 3，无工单（由读数或人工登记） 0" in said


def test_work_for_the_site_itself_that_was_due_before_the_period_is_listed(any_ledger: Store, tmp_path: Path) -> None:
    furnish(any_ledger, FolderFiles(tmp_path))
    row = replace(
        HALF_MONTH, lineage="l-p", code="FI-PAT", name=LocalName("防火巡查", "Fire patrol"), kind="preventive",
        applies_to=AppliesTo(site=True), department=LocalName("消防管理部门", "Fire"),
    )  # fmt: skip
    itself, day = site_subject("demo", LocalName("示范", "Demo")).key, date(2026, 2, 27)
    key, done = OccurrenceKey("l-p", itself, 1), datetime(2026, 3, 2, 3, tzinfo=UTC)
    with any_ledger.begin() as tx:
        tx.plan.put_row(row)
        order = create_order(
            tx, site="demo", kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=row.name, by="system:planner",
            now=done - timedelta(days=9),
        )  # fmt: skip
        stands_for = (WorkOrderOccurrence(key, "FI-PAT", day, day),)
        tx.orders.update(replace(order, occurrences=stands_for), order.version)
        tx.plan.add_occurrences([Occurrence(key, "demo", "FI-PAT", day, day, day, OccurrenceState.DUE, None, order.id)])
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, order.id, to, done, "li", now=done)
    said = text_of(made(any_ledger, tmp_path, replace(PACK, asset=None, system="fire"))[1])
    assert re.search(rf"2026-03-02 11:00 {order.number} 防火巡查", said)
    assert "含计划项 1 项：最迟日期在期间之前 1，期间内 0，" in said


def test_a_job_that_somebody_has_said_is_done_without_an_order_is_in_no_list(any_ledger: Store, tmp_path: Path) -> None:
    furnish(any_ledger, FolderFiles(tmp_path))
    key, day = OccurrenceKey("l-hm", "lift-1", 30), date(2026, 3, 29)
    done = datetime(2026, 3, 28, 3, tzinfo=UTC)
    with any_ledger.begin() as tx:
        tx.plan.add_occurrences(
            [Occurrence(key, "demo", "EL-HM", day, day, day, OccurrenceState.DONE, done, evidence={"value": 1.0})]
        )
    said = text_of(made(any_ledger, tmp_path, PACK)[1])
    assert "期间内完成的计划项 4：维护记录 3，" in said
    assert "无工单（由读数或人工登记） 1" in said


def test_work_that_was_sent_back_is_in_no_list_and_has_its_order(any_ledger: Store, tmp_path: Path) -> None:
    furnish(any_ledger, FolderFiles(tmp_path))
    later = datetime(2026, 3, 30, 3, tzinfo=UTC)
    with any_ledger.begin() as tx:
        order = bare_visit(tx, 20, date(2026, 3, 28))
        apply_transition(tx, order.id, State.IN_PROGRESS, later, "wang", "照片不清", now=later, person=True)
    for wanted in (PACK, MARCH):
        said = text_of(made(any_ledger, tmp_path, wanted)[1])
        assert "无工单（由读数或人工登记） 0，工单未列入（退回重做等） 1" in said
    english = text_of(made(any_ledger, tmp_path, replace(PACK, language="en"))[1])
    assert "by hand) 0, orders not listed (sent back to be done again, or the like) 1" in english
