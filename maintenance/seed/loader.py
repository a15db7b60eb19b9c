"""Reads the seed files: plan rows, checklists, departments. Data only; nothing is written here."""

import csv
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from maintenance.plan import AppliesTo, Interval, IntervalUnit, Layer, Missed, PlanRow
from maintenance.recurrence import default_early_days
from maintenance.work_orders import ChecklistItem, Kind
from plantroom.domain.assets import LocalName, Status
from plantroom.errors import BadData

FOLDER = Path(__file__).parent
EFFECTIVE = date(2025, 1, 1)
"""From when the default profile holds: where dates count from on assets without an in-service date."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the user's tables; ``aliases`` are other spellings."""

    key: str
    name: LocalName
    aliases: tuple[str, ...]


@cache
def departments() -> Mapping[str, Department]:
    """Departments by key."""
    data = tomllib.loads((FOLDER / "departments.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {d["key"]: Department(d["key"], LocalName(d["zh"], d["en"]), tuple(d["aliases"])) for d in data["departments"]}
    )


def department_named(text: str) -> LocalName | None:
    """The department that a text names (either script or English), else ``None``."""
    wanted = _fold(text)
    for department in departments().values():
        if wanted in {_fold(t) for t in (department.name.zh, department.name.en, *department.aliases)}:
            return department.name
    return None


@cache
def checklists() -> Mapping[str, tuple[ChecklistItem, ...]]:
    """Checklists by code. Raises ``BadData`` when a step is there twice."""
    found: dict[str, tuple[ChecklistItem, ...]] = {}
    steps: set[str] = set()
    for path in sorted(FOLDER.glob("checklists_*.toml")):
        for listed in tomllib.loads(path.read_text(encoding="utf-8"))["checklists"]:
            items = tuple(_item(raw, LocalName(listed["zh"], listed["en"])) for raw in listed["items"])
            for item in items:
                if item.step in steps:
                    raise BadData(f"{path.name}: step {item.step} is there twice")
                steps.add(item.step)
            found[listed["code"]] = items
    return MappingProxyType(found)


@cache
def plan_rows() -> tuple[PlanRow, ...]:
    """The rows of the default profile. Raises ``BadData`` naming the row that is wrong."""
    text = (FOLDER / "plan_rows.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = []
    for raw in csv.DictReader(lines):
        try:
            rows.append(_row(raw))
        except (KeyError, ValueError, TypeError) as error:
            raise BadData(f"plan_rows.csv: {raw.get('code')}: {error}") from error
    return tuple(rows)


def _row(raw: Mapping[str, str]) -> PlanRow:
    interval = Interval(int(raw["every"]), IntervalUnit(raw["unit"]))
    late = int(raw["late"])
    applies = _applies(raw["applies"])
    custom: dict[str, object] = {"profile": "default"}
    if raw["user"]:
        custom["user_row"] = raw["user"]
    if raw["isolates"]:
        custom["isolates"] = True
    return PlanRow(
        lineage=f"default:{raw['code']}",
        code=raw["code"],
        name=LocalName(raw["zh"], raw["en"]),
        kind=Kind(raw["kind"]).value,
        applies_to=applies,
        interval=interval,
        anchor=date.fromisoformat(raw["anchor"]) if raw["anchor"] else None,
        early_days=int(raw["early"]) if raw["early"] else default_early_days(interval, late),
        late_days=late,
        max_gap_days=int(raw["gap"]) if raw["gap"] else None,
        contains=tuple(raw["contains"].split()),
        missed=Missed(raw["missed"]),
        layer=Layer(raw["layer"]),
        basis=raw["basis"],
        status=Status(raw["status"]).value,
        executor=raw["executor"],
        department=departments()[raw["department"]].name,
        checklist=raw["checklist"] or None,
        estimated_minutes=int(raw["minutes"]),
        effective_from=EFFECTIVE,
        custom=custom,
    )


def _applies(text: str) -> AppliesTo:
    if text == "site":
        return AppliesTo(site=True)
    kind, _, value = text.partition(":")
    if kind == "system":
        return AppliesTo(system=value)
    if kind == "class":
        return AppliesTo(classes=(value,))
    raise ValueError(f"applies to {text!r}")


def _item(raw: Mapping[str, Any], section: LocalName) -> ChecklistItem:
    return ChecklistItem(
        step=raw["step"],
        type=raw.get("type", "ok"),
        name=LocalName(raw["zh"], raw["en"]),
        requirement=LocalName(raw.get("req_zh", ""), raw.get("req_en", "")),
        point=raw.get("point"),
        unit=raw.get("unit", ""),
        low=None if raw.get("low") is None else float(raw["low"]),
        high=None if raw.get("high") is None else float(raw["high"]),
        evidence=tuple(raw.get("evidence", ())),
        section=section,
    )


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
