"""A loop test on a real ledger, step by step, with what happens around it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.findings import FindingApplier
from maintenance.loop_driver import LoopKeeper
from maintenance.loop_start import Wanted, start_loop_test
from maintenance.loop_tests import LoopCheck, LoopTest
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Asset, Limits, LocalName, Point, PointKind, PointTemplate, Severity
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import LI, NOW, orders

CLASSES = equipment_classes()
S = timedelta(seconds=1)
TRAPPED = "passenger_trapped"
VIBRATION = PointTemplate(
    "vibration", LocalName("振动", "vibration"), "mm/s", PointKind.MEASURE, Limits(alarm_high=7.1, alarm_delay_s=5)
)
TEMPERATURE = PointTemplate(
    "temp", LocalName("温度", "temperature"), "Cel", PointKind.MEASURE, failure_mode="bearing_wear"
)


class Walk:
    """A loop test with what happens around it."""

    def __init__(self, ledger: Ledger[MaintenanceTx]) -> None:
        self.ledger = ledger
        self.now = NOW
        with ledger.begin() as tx:
            tx.accounts.put_user(LI)
            tx.assets.put_points([Point("pump-1", VIBRATION), Point("pump-1", TEMPERATURE)])
            tx.assets.add(Asset("panel", "demo", "F-1", "fire_panel", LocalName("火警主机", "Fire panel")), [])

    def start(self, *keys: str, **wanted: Any) -> LoopTest:
        with self.ledger.begin() as tx:
            assets = [tx.assets.get(key).asset for key in keys]
            self.test = start_loop_test(tx, Wanted("demo", assets, **wanted), CLASSES, "wang", self.now)
        return self.test

    def after(self, seconds: float) -> "Walk":
        self.now += seconds * S
        return self

    def comes(self, finding: FindingRaised | FindingCleared) -> None:
        with self.ledger.begin() as tx:
            FindingApplier(tx, self.now, CLASSES).apply(finding)

    def look(self, seen: dict[int, datetime] | None = None) -> list[LoopCheck]:
        with self.ledger.begin() as tx:
            LoopKeeper(tx, self.now, CLASSES).advance(self.test.id, seen or {})
        return self.checks()

    def keep(self, what: Callable[[LoopKeeper], Any]) -> Any:
        with self.ledger.begin() as tx:
            return what(LoopKeeper(tx, self.now, CLASSES))

    def checks(self) -> list[LoopCheck]:
        with self.ledger.read() as tx:
            return list(tx.loop_tests.checks(self.test.id))

    def accept(self, ticket: WorkOrder, by: str = "li", *, person: bool = True, at: datetime | None = None) -> None:
        """``at``: when it was done, where that is heard of only now."""
        with self.ledger.begin() as tx:
            apply_transition(tx, ticket.id, State.ACKNOWLEDGED, at or self.now, by, now=self.now, person=person)

    def event(self, name: str, asset: str = "lift-1", **changes: Any) -> FindingRaised:
        known = {e.key: e for e in CLASSES["elevator"].events} | {e.key: e for e in CLASSES["fire_panel"].events}
        template = known[name]
        raised = FindingRaised(
            finding_id=f"f-{name}-{self.now.isoformat()}-{changes.get('subject', '')}",
            site="demo",
            asset=asset,
            failure_mode=template.failure_mode,
            source=FindingSource.RULE,
            severity=template.severity,
            safety=template.safety,
            observed_at=self.now,
            received_at=self.now,
            subject=name,
            detail={"event": name, "data": {}, "tags": [], "name": {"zh": template.name.zh, "en": template.name.en}},
        )
        return replace(raised, **changes)

    def limit(self, **changes: Any) -> FindingRaised:
        raised = FindingRaised(
            finding_id=f"limit-{self.now.isoformat()}",
            site="demo",
            asset="pump-1",
            failure_mode="bearing_wear",
            source=FindingSource.LIMIT,
            severity=Severity.MAJOR,
            safety=False,
            observed_at=self.now,
            received_at=self.now,
            subject="vibration:alarm_high",
            evidence=(Evidence("vibration", 1.0, 9.0, 7.1),),
            detail={"level": "alarm_high", "value": 9.0, "limit": 7.1, "beyond_since": (self.now - 5 * S).isoformat()},
        )
        return replace(raised, **changes)

    def over(self, raised: FindingRaised) -> FindingCleared:
        return FindingCleared(
            f"over-{raised.finding_id}", "demo", raised.asset, raised.failure_mode, raised.source, self.now, self.now,
            raised.subject,
        )  # fmt: skip

    def tickets(self, asset: str) -> list[WorkOrder]:
        return sorted(orders(self.ledger, asset=asset, kind="corrective"), key=lambda one: one.number)


def states(check: LoopCheck) -> list[str]:
    return [one.state.value for one in check.steps]


@pytest.fixture
def walk(any_ledger: Ledger[MaintenanceTx]) -> Walk:
    return Walk(any_ledger)
