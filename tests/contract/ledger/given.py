"""What the tests of the ledger put into it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from maintenance.episodes import Episode, EpisodeState
from maintenance.plan import AppliesTo, Interval, IntervalUnit, Occurrence, OccurrenceKey, PlanRow
from maintenance.work_orders import Kind, Operation, OperationResult, Origin, State, WorkOrder
from plantroom.domain.assets import Asset, Limits, LocalName, Point, PointKind, PointTemplate, Severity, Site
from plantroom.domain.findings import Evidence, FindingRaised, FindingSource
from plantroom.storage.ledger import SqlLedger

ROOT = Path(__file__).parents[3]
"""Where other processes find this package."""

NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def name(text: str) -> LocalName:
    return LocalName(f"{text}号", text)


def site(code: str = "demo", **changes: Any) -> Site:
    return Site(code, name(code), **changes)


def asset(key: str = "p1", code: str = "P-101", **changes: Any) -> Asset:
    return replace(Asset(key=key, site="demo", code=code, equipment_class="pump", name=name(code)), **changes)


def point(key: str = "vibration", asset: str = "p1", unit: str = "mm/s", **changes: Any) -> Point:
    limits = Limits(normal_high=2.8, warning_high=4.5, alarm_high=7.1, deadband=0.2, source="ISO 20816-3")
    template = PointTemplate(key, name(key), unit, PointKind.MEASURE, limits, 0.0, 50.0, 600.0, 60.0, "bearing_wear")
    return Point(asset, replace(template, **changes))


def add_plant(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(site())
        tx.assets.add_site(site("north"))
        tx.assets.add(asset(), [point(), point("flow", unit="m3/h")])
        tx.assets.add(asset("p2", "P-102"), [point(asset="p2")])
        tx.assets.add(asset("n1", "P-101", site="north"), [])


def finding(number: int = 1, **changes: Any) -> FindingRaised:
    raised = FindingRaised(
        finding_id=f"f{number:05d}",
        site="demo",
        asset="p1",
        failure_mode="bearing_wear",
        source=FindingSource.MODEL,
        severity=Severity.MAJOR,
        safety=False,
        observed_at=NOW + number * MINUTE,
        received_at=NOW + number * MINUTE + timedelta(microseconds=7),
        subject="vibration",
        evidence=(Evidence("vibration", 0.7, 5.5, 2.1), Evidence("flow", 0.3)),
        detail={"score": 12.5, "tags": ["late"], "words": "振动偏高"},
    )
    return replace(raised, **changes)


def order(order_id: str = "w1", number: int = 0, **changes: Any) -> WorkOrder:
    made = WorkOrder(
        id=order_id,
        number=number,
        site="demo",
        kind=Kind.CORRECTIVE,
        origin=Origin.MODEL,
        state=State.OPEN,
        title=name(order_id),
        asset="p1",
        opened_at=NOW,
    )
    return replace(made, **changes)


def episode(episode_id: str = "e1", **changes: Any) -> Episode:
    made = Episode(
        id=episode_id,
        site="demo",
        asset="p1",
        failure_mode="bearing_wear",
        source=FindingSource.MODEL,
        state=EpisodeState.OPEN,
        severity=Severity.MAJOR,
        safety=False,
        opened_observed_at=NOW,
        opened_at=NOW + MINUTE,
        last_observed_at=NOW,
    )
    return replace(made, **changes)


def plan_row(lineage: str = "row-1", code: str = "SP-01", **changes: Any) -> PlanRow:
    made = PlanRow(
        lineage=lineage,
        code=code,
        name=name(code),
        kind="preventive",
        applies_to=AppliesTo(classes=("pump",)),
        interval=Interval(1, IntervalUnit.MONTH),
    )
    return replace(made, **changes)


def occurrence(cycle: int = 1, lineage: str = "row-1", subject: str = "p1", **changes: Any) -> Occurrence:
    day = date(2026, 1, 1) + timedelta(days=30 * cycle)
    made = Occurrence(
        key=OccurrenceKey(lineage, subject, cycle),
        site="demo",
        plan_row="SP-01",
        nominal_date=day,
        earliest=day - timedelta(days=3),
        latest=day + timedelta(days=5),
    )
    return replace(made, **changes)


def operation(op_id: str = "op1", minutes: int = 0, **changes: Any) -> tuple[Operation, OperationResult]:
    made = Operation(
        op_id=op_id,
        fingerprint="0" * 64,
        device="tablet-1",
        user="u1",
        type="answer",
        work_order="w1",
        step="s1",
        base_version=1,
        captured_at=NOW + minutes * MINUTE,
        value={"outcome": "not_ok", "number": 3.5, "remark": "漏水"},
    )
    made = replace(made, **changes)
    return made, OperationResult(op_id, "applied", None, 2)
