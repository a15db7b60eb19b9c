"""A small plant for the tests of the ingest, and messages for it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from plantroom.domain.assets import (
    Asset,
    EquipmentClass,
    EventTemplate,
    FailureModeSpec,
    Limits,
    LocalName,
    Plant,
    Point,
    PointKind,
    PointTemplate,
    Severity,
    Site,
    Source,
)
from plantroom.ports.spool import SpoolReader, SpoolRecord

NAME = LocalName("名", "name")
NOON_MS = 1_795_262_400_000
"""2026-11-21T12:00:00Z"""

PRESSURE = PointTemplate(
    "pressure",
    NAME,
    "MPa",
    PointKind.MEASURE,
    Limits(warning_high=0.8, alarm_high=1.0, deadband=0.05, warning_delay_s=10, alarm_delay_s=5, off_delay_s=5),
    physical_low=0.0,
    physical_high=4.0,
    stuck_after_s=60,
    stale_after_s=120,
    failure_mode="over_pressure",
)
VIBRATION = PointTemplate("vibration", NAME, "mm/s", PointKind.MEASURE)
RUNNING = PointTemplate("running", NAME, "1", PointKind.STATE, physical_low=0, physical_high=1)
AUTO_MODE = PointTemplate(
    "auto_mode", NAME, "1", PointKind.STATE, Limits(alarm_low=0.5, alarm_delay_s=5, off_delay_s=0)
)
TEMPLATES = (PRESSURE, VIBRATION, RUNNING, AUTO_MODE)

PUMP = EquipmentClass(
    "pump",
    NAME,
    ("water",),
    TEMPLATES,
    (
        EventTemplate("tripped", NAME, "trip", Severity.MAJOR, safety=False),
        EventTemplate("trip_reset", NAME, "trip", Severity.INFO, safety=False, clears="tripped"),
        EventTemplate("flooded", NAME, "flood", Severity.CRITICAL, safety=True),
    ),
    (
        FailureModeSpec("over_pressure", NAME, Severity.MAJOR),
        FailureModeSpec("trip", NAME, Severity.MAJOR),
        FailureModeSpec("flood", NAME, Severity.CRITICAL),
    ),
    offline_after_s=300,
)
CLASSES: Mapping[str, EquipmentClass] = {"pump": PUMP}


def pump(code: str = "P-1", **changes: object) -> Asset:
    return replace(Asset(f"key-{code}", "demo", code, "pump", NAME), **changes)  # type: ignore[arg-type]


def plant_of(
    assets: Sequence[Asset] = (pump(),),
    sources: Sequence[Source] = (),
    templates: Sequence[PointTemplate] = TEMPLATES,
    revision: int = 1,
) -> Plant:
    return Plant(
        revision=revision,
        sites={"demo": Site("demo", NAME)},
        assets={a.key: a for a in assets},
        codes={(a.site, a.code): a.key for a in assets},
        points={a.key: {t.key: Point(a.key, t) for t in templates} for a in assets},
        sources={s.asset: s for s in sources},
        learn_windows=(),
    )


class ListSpool(SpoolReader):
    """A spool in memory. ``state`` and ``position`` are what a restart would find."""

    def __init__(self) -> None:
        self.records: list[SpoolRecord] = []
        self.position = 0
        self.state = b""
        self._read = 0

    def put(self, topic: str, payload: bytes, received_ms: int = NOON_MS, *, again: bool = False) -> SpoolRecord:
        record = SpoolRecord(len(self.records) + 1, received_ms, topic, payload, again=again)
        self.records.append(record)
        return record

    def read(self, max_records: int, timeout_s: float) -> Sequence[SpoolRecord]:
        found = self.records[self._read : self._read + max_records]
        self._read += len(found)
        if not found:
            time.sleep(min(timeout_s, 0.005))
        return found

    def look_ahead(self, behind: int, max_records: int, timeout_s: float) -> Sequence[SpoolRecord]:
        own, self._read = self._read, behind
        found = self.read(max_records, timeout_s)
        self._read = own
        return found

    def rewind(self) -> None:
        self._read = self.position

    def commit(self, position: int, state: bytes) -> None:
        self.position, self.state = position, state

    def committed(self) -> tuple[int, bytes]:
        return self.position, self.state

    def depth(self) -> int:
        return len(self.records) - self.position
