"""What the month's report says of the month to come."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maintenance.intervals import Interval, IntervalUnit
from maintenance.orders import create_order
from maintenance.plan import Layer, OccurrenceKey, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, Origin, WorkOrderOccurrence
from plantroom.domain.assets import LocalName
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.reporting import HALF_MONTH, furnish
from tests.contract.maintenance.test_reports import MARCH, made, text_of

Store = Ledger[MaintenanceTx]
DAILY = replace(
    HALF_MONTH, lineage="l-d", code="FI-PAT", name=LocalName("防火巡查", "Fire patrol"),
    interval=Interval(1, IntervalUnit.DAY), max_gap_days=None,
)  # fmt: skip
LOOK = replace(
    HALF_MONTH, lineage="l-i", code="WA-M", name=LocalName("水泵月检", "Monthly look"), kind="inspection",
    interval=Interval(1, IntervalUnit.MONTH), layer=Layer.CONTRACT,
)  # fmt: skip
GREASE = replace(LOOK, lineage="l-g", code="WA-G", name=LocalName("加油", "Greasing"), kind="preventive")


@pytest.fixture
def april(any_ledger: Store, tmp_path: Path) -> Store:
    """A patrol on each day of April, a look on the second, a visit on the ninth, greasing on the third."""
    furnish(any_ledger, FolderFiles(tmp_path))
    with any_ledger.begin() as tx:
        for row in (DAILY, LOOK, GREASE):
            tx.plan.put_row(row)
        for day in range(1, 31):
            planned(tx, DAILY, day, None)
        planned(tx, LOOK, 2, "pump-1")
        planned(tx, GREASE, 3, "pump-1")
        planned(tx, HALF_MONTH, 9, "lift-1")
    return any_ledger


def planned(tx: MaintenanceTx, row: PlanRow, day: int, asset: str | None) -> None:
    due = date(2026, 4, day)
    order = create_order(
        tx, site="demo", kind=Kind(row.kind), origin=Origin.PLAN, title=row.name, by="system:planner",
        now=datetime(2026, 3, 25, tzinfo=UTC), asset=asset, due=datetime(2026, 4, day, 15, tzinfo=UTC),
    )  # fmt: skip
    key = OccurrenceKey(row.lineage, asset or "site:demo", day)
    stands_for = (WorkOrderOccurrence(key, row.code, due - timedelta(days=1), due),)
    tx.orders.update(replace(order, occurrences=stands_for), order.version)


def test_rounds_are_one_line_a_row_and_the_rest_stands_by_date(april: Store, tmp_path: Path) -> None:
    text = text_of(made(april, tmp_path, MARCH)[1])
    part = text.partition("下月安排 ")[2].partition("指标定义")[0]
    assert part.startswith("计划工作: 33 (下列 2 + 巡查与日常检查 30 + 其他未列出 1)")
    assert part.count("防火巡查") == 1
    assert "防火巡查 FI-PAT 30 – 2026-04-01 2026-04-30 法定" in part
    assert "加油" not in part


def test_what_a_law_asks_for_comes_first_and_is_marked(april: Store, tmp_path: Path) -> None:
    text = text_of(made(april, tmp_path, replace(MARCH, language="en"))[1]).partition("inspections next month")[2]
    assert re.search(
        r"2026-04-09 Half-month maintenance Passenger lift 1 .*? statutory 2026-04-02 Monthly look Pump 1 inspection",
        text,
    )
    assert "Fire patrol FI-PAT 30 – 2026-04-01 2026-04-30 statutory" in text
