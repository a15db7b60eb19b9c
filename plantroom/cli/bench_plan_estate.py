"""An estate for ``bench plan``: sites, machines, plan rows and what was done before.

Every machine has its own anchor and every row on it a history of its own: done in time, early, late, credited, missed;
a few are overdue. Elevators and fire systems have rows that contain each other.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from maintenance.plan import AppliesTo, Interval, IntervalUnit, Layer, OccurrenceState, PlanRow, Roll
from maintenance.recurrence import first_cycle, nominal
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import LocalName, Site
from plantroom.domain.keys import new_key
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_maintenance import occurrences
from plantroom.storage.ledger.tables_plant import asset_codes, assets

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ZONES = ("Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin")
HOLIDAYS = {(1, 1), (5, 1), (5, 2), (5, 3), *((10, day) for day in range(1, 8))}

OVERDUE = 0.002
"""Share of rows on machines that somebody has neglected."""

SHARES = {
    "elevator": 0.08, "fire_pump_set": 0.04, "pump": 0.07, "ahu": 0.22, "lighting": 0.2, "distribution_board": 0.17,
    "water_tank": 0.08, "escalator": 0.03, "stairs": 0.11,
}  # fmt: skip
"""Of the machines, by class."""

Text = tuple[str, int, str, int, int, dict[str, Any]]

_TABLE: dict[str, Sequence[Text]] = {
    "elevator": (
        ("HM", 15, "day", 5, 0, {"max_gap_days": 15, "layer": Layer.LAW}),
        ("Q", 3, "month", 15, 0, {"max_gap_days": 92, "layer": Layer.LAW, "contains": ("HM",)}),
        ("HY", 6, "month", 30, 0, {"max_gap_days": 184, "layer": Layer.LAW, "contains": ("Q",)}),
        ("Y", 1, "year", 60, 0, {"max_gap_days": 366, "layer": Layer.LAW, "contains": ("HY",)}),
        ("LOOK", 1, "week", 2, 2, {"roll": Roll.NEAREST}),
    ),
    "fire_pump_set": (
        ("RUN", 1, "week", 2, 2, {}),
        ("M", 1, "month", 5, 5, {"max_gap_days": 35, "layer": Layer.LAW, "contains": ("RUN",)}),
        ("Q", 3, "month", 10, 10, {"contains": ("M",), "layer": Layer.LAW}),
        ("Y", 1, "year", 30, 30, {"max_gap_days": 400, "layer": Layer.LAW, "contains": ("Q",)}),
        ("TANK", 2, "week", 3, 3, {"roll": Roll.BACK}),
    ),
    "pump": (
        ("WEEK", 1, "week", 2, 2, {"roll": Roll.NEAREST}),
        ("MONTH", 1, "month", 5, 5, {}),
        ("GREASE", 3, "month", 10, 10, {"shift_percent": 100}),
        ("HALF", 6, "month", 15, 15, {"shift_percent": 50}),
        ("YEAR", 1, "year", 30, 30, {"roll": Roll.FORWARD}),
    ),
    "ahu": (
        ("LOOK", 2, "week", 2, 2, {}),
        ("FILTER", 1, "month", 4, 4, {"shift_percent": 100, "roll": Roll.NEAREST}),
        ("BELT", 3, "month", 10, 10, {}),
        ("COIL", 6, "month", 15, 15, {"max_gap_days": 200}),
        ("YEAR", 1, "year", 30, 30, {}),
    ),
    "lighting": (
        ("ROUND", 15, "day", 3, 4, {"roll": Roll.FORWARD}),
        ("MONTH", 1, "month", 5, 5, {}),
        ("CLEAN", 3, "month", 14, 14, {"shift_percent": 100}),
        ("TEST", 6, "month", 20, 20, {"layer": Layer.LAW, "max_gap_days": 190}),
        ("YEAR", 1, "year", 30, 30, {}),
    ),
    "distribution_board": (
        ("LOOK", 2, "week", 3, 3, {}),
        ("MONTH", 1, "month", 5, 5, {"roll": Roll.NEAREST}),
        ("HEAT", 3, "month", 10, 10, {}),
        ("HALF", 6, "month", 15, 15, {}),
        ("YEAR", 1, "year", 30, 30, {"layer": Layer.LAW, "max_gap_days": 380}),
    ),
    "water_tank": (
        ("LOOK", 15, "day", 3, 3, {"max_gap_days": 20}),
        ("SAMPLE", 1, "month", 5, 5, {"layer": Layer.LAW, "max_gap_days": 35}),
        ("VALVES", 3, "month", 10, 10, {}),
        ("CLEAN", 6, "month", 15, 0, {"layer": Layer.LAW, "max_gap_days": 184}),
        ("YEAR", 1, "year", 30, 30, {"fulfils": ()}),
    ),
    "escalator": (
        ("HM", 15, "day", 5, 0, {"max_gap_days": 15, "layer": Layer.LAW}),
        ("Q", 3, "month", 15, 0, {"max_gap_days": 92, "layer": Layer.LAW, "contains": ("HM",)}),
        ("HY", 6, "month", 30, 0, {"max_gap_days": 184, "layer": Layer.LAW, "contains": ("Q",)}),
        ("Y", 1, "year", 60, 0, {"max_gap_days": 366, "layer": Layer.LAW, "contains": ("HY",)}),
        ("LOOK", 1, "week", 2, 2, {}),
    ),
    "stairs": (
        ("ROUND", 15, "day", 3, 3, {}),
        ("MONTH", 1, "month", 5, 5, {}),
        ("RAIL", 3, "month", 14, 14, {}),
        ("HALF", 6, "month", 20, 20, {}),
        ("YEAR", 1, "year", 30, 30, {}),
    ),
}


@dataclass(frozen=True, slots=True)
class Estate:
    """What was made: machines, (row, machine) assignments and the closed occurrences of their histories."""

    assets: int
    assignments: int
    history: int


def works(day: date) -> bool:
    """Monday to Friday, but for some holidays."""
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def plan_rows() -> dict[str, list[PlanRow]]:
    """The rows by class."""
    found: dict[str, list[PlanRow]] = {}
    for equipment_class, table in _TABLE.items():
        prefix = equipment_class.upper()
        found[equipment_class] = [
            _row(equipment_class, prefix, code, every, unit, early, late, more)
            for code, every, unit, early, late, more in table
        ]
    return found


def _row(
    equipment_class: str, prefix: str, code: str, every: int, unit: str, early: int, late: int, more: dict[str, Any]
) -> PlanRow:
    inside = tuple(f"{prefix}-{one}" for one in more.get("contains", ()))
    kind = "statutory" if more.get("layer") is Layer.LAW else "preventive"
    return PlanRow(
        lineage=new_key(),
        code=f"{prefix}-{code}",
        name=LocalName(f"{equipment_class} {code} 保养", f"{equipment_class} {code} maintenance"),
        kind=kind,
        applies_to=AppliesTo(classes=(equipment_class,)),
        interval=Interval(every, IntervalUnit(unit)),
        early_days=early,
        late_days=late,
        basis="TSG T5002-2017" if kind == "statutory" else "",
        department=LocalName("设备管理部门", "Equipment"),
        checklist=f"{prefix}-{code}",
        **(more | {"contains": inside}),
    )


def make_estate(tx: SqlTx, sites: int, machines: int, seed: int) -> Estate:
    """Fill an empty ledger."""
    dice = random.Random(seed)  # noqa: S311 - a benchmark
    rows = plan_rows()
    for some in rows.values():
        for row in some:
            tx.plan.put_row(row)
            items = tuple(
                ChecklistItem(f"{row.code}-{n}", "ok", LocalName(f"第{n}项 检查", f"Check {n}")) for n in range(1, 11)
            )
            tx.plan.put_checklist(row.code, items)
    known = {site.code for site in tx.assets.sites()}
    codes = [f"site-{n:02d}" for n in range(sites)]
    for n, code in enumerate(codes):
        if code not in known:
            tx.assets.add_site(Site(code, LocalName(f"园区{n}", f"Estate {n}"), time_zone=ZONES[n % len(ZONES)]))
    cards = list(_machines(codes, machines, dice))
    backend, connection = tx.work.backend, tx.work.connection
    backend.insert_many(connection, assets, cards)
    named = [{"site": card["site"], "code": card["code"], "asset": card["key"]} for card in cards]
    backend.insert_many(connection, asset_codes, named)
    history = [one for card in cards for row in rows[card["equipment_class"]] for one in _history(row, card, dice)]
    backend.insert_many(connection, occurrences, history)
    return Estate(len(cards), sum(len(rows[card["equipment_class"]]) for card in cards), len(history))


def _machines(sites: Sequence[str], count: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    classes = dice.choices(list(SHARES), list(SHARES.values()), k=count)
    for n, equipment_class in enumerate(classes):
        since = date(2010, 1, 1) + timedelta(days=dice.randrange((TODAY - date(2010, 1, 1)).days - 400))
        yield {
            "key": new_key(), "site": sites[n % len(sites)], "code": f"M-{n:05d}", "equipment_class": equipment_class,
            "name_zh": f"{n}号{equipment_class}", "name_en": f"{equipment_class} {n}", "status": "in_service",
            "criticality": "B", "location": None, "department": None, "manufacturer": "", "model": "", "serial": "",
            "installed_on": None, "in_service_on": since, "version": 1, "custom": {},
        }  # fmt: skip


def _history(row: PlanRow, card: dict[str, Any], dice: random.Random) -> Iterator[dict[str, Any]]:
    """Up to three cycles whose windows are over, the newest of them so that the next is not overdue (mostly)."""
    anchor = card["in_service_on"]
    newest = first_cycle(anchor, row.interval, TODAY - timedelta(days=row.late_days)) - 1
    neglected = dice.random() < OVERDUE
    newest -= 2 if neglected else 0
    for cycle in range(max(0, newest - dice.randrange(3)), newest + 1):
        day = nominal(anchor, row.interval, cycle)
        last_of_all = cycle == newest
        missed = dice.random() < 0.05 and not last_of_all
        done = day + timedelta(days=dice.randint(-row.early_days, row.late_days))
        if last_of_all and row.max_gap_days is not None and not neglected:
            done = max(done, TODAY - timedelta(days=dice.randrange(row.max_gap_days)))
        if last_of_all and row.shift_percent and not neglected:
            done = max(done, day)
        done = min(done, TODAY - timedelta(days=1))
        credited = row.kind == "statutory" and dice.random() < 0.2
        state = OccurrenceState.CREDITED if credited else OccurrenceState.DONE
        yield {
            "lineage": row.lineage, "subject": card["key"], "cycle": cycle, "site": card["site"], "plan_row": row.code,
            "nominal_date": day, "earliest": day - timedelta(days=row.early_days),
            "latest": day + timedelta(days=row.late_days),
            "state": OccurrenceState.MISSED.value if missed else state.value,
            "completed_at": None if missed else datetime(done.year, done.month, done.day, 7, 30, tzinfo=UTC),
            "work_order": None,
        }  # fmt: skip
