"""The checklists of the seed (``checklists_*.toml``), checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from maintenance.item_conditions import read_condition
from maintenance.schedules import SEASONS
from maintenance.seed.options import options
from maintenance.seed.strict import FOLDER, STATUSES, Entry, once, tables
from maintenance.work_orders import ChecklistItem
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData

TYPES = ("ok", "number", "choice", "text", "photo", "signature")
UNITS = frozenset(
    (
        "1", "%", "/h", "/min", "A", "Cel", "Hz", "K", "L/s", "MOhm", "MPa", "Ohm", "Pa", "V", "[NTU]", "[pH]",
        "g/m2", "h", "kN/m", "kPa", "lx", "m", "m/s", "m2", "m3", "m3/d", "mg/L", "min", "mm", "mm/s", "s", "uS/cm",
    )
)  # fmt: skip
"""Units that items may have; all of them UCUM."""

EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "T": (),
    "R": (),
    "P": ("photo",),
    "S": ("signature",),
    "K": ("photo", "signature"),
}
"""What the codes of plan_tables.md ask for: tick, reading, photo, signature, key test (result, photo, signature)."""

TEST_WORDS = ("试验", "测试", "校验", "检测")
"""Items whose name has one of these have evidence (plan_tables.md, rule 3)."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist of the seed: what it is based on and how far that can be trusted."""

    code: str
    name: LocalName
    basis: str
    status: str
    items: tuple[ChecklistItem, ...]


@cache
def checklist_files() -> tuple[str, ...]:
    """Names of the files."""
    return tuple(sorted(path.name for path in FOLDER.glob("checklists_*.toml")))


@cache
def seed_checklists() -> Mapping[str, Checklist]:
    """Checklists by code. Raises ``BadData`` naming file and entry: unknown fields, points, units or conditions, a
    text that is missing in one language, a step or code that is there twice, limits that are upside down or without a
    status, a test without evidence."""
    found: dict[str, Checklist] = {}
    steps: dict[str, ChecklistItem] = {}
    refs: list[tuple[Entry, str, str, int]] = []
    for file in checklist_files():
        for entry in tables(file, ["checklists"]).entries("checklists", "code"):
            one = _checklist(entry, steps, refs)
            once(file, "checklist", [*found, one.code])
            found[one.code] = one
    for entry, code, step, place in refs:
        if step not in steps:
            entry.refuse(f"there is no step {step!r} to refer to")
        items = list(found[code].items)
        items[place] = steps[step]
        found[code] = Checklist(
            code, found[code].name, found[code].basis, found[code].status, tuple(items)
        )  # fmt: skip
    return MappingProxyType(found)


def _checklist(entry: Entry, steps: dict[str, ChecklistItem], refs: list[tuple[Entry, str, str, int]]) -> Checklist:
    code, name = entry.text("code"), entry.name()
    basis, status = entry.basis(), entry.status().value
    items: list[ChecklistItem] = []
    for line in entry.entries("items", "step"):
        if line.has("ref"):
            refs.append((line, code, line.text("ref"), len(items)))
            line.finish()
            items.append(ChecklistItem("", "ok", name))
            continue
        item = _item(line, code, name, basis, status)
        if item.step in steps:
            line.refuse("the step is there twice")
        steps[item.step] = item
        items.append(item)
    if not items:
        entry.refuse("there are no items")
    entry.finish()
    return Checklist(code, name, basis, status, tuple(items))


def _item(entry: Entry, code: str, section: LocalName, basis: str, status: str) -> ChecklistItem:
    step, name = entry.text("step"), entry.name()
    if not step.startswith(f"{code}-"):
        entry.refuse(f"a step of {code} begins with {code}-")
    kind = entry.one_of("type", TYPES, "ok")
    evidence = _evidence(entry, kind, name)
    low, high = entry.number("low"), entry.number("high")
    if low is not None and high is not None and low > high:
        entry.refuse("low is above high")
    limits = entry.one_of("limits", STATUSES) if entry.has("limits") else ""
    if (low is None and high is None) == bool(limits):
        entry.refuse("limits is the status of low and high: with them and only with them")
    unit = entry.text("unit", "")
    if (kind == "number") != (unit in UNITS):
        entry.refuse(f"unit {unit!r}: numbers have one of {', '.join(sorted(UNITS))}, other types none")
    if kind != "number" and (limits or entry.has("point")):
        entry.refuse("only numbers have limits or are readings of a point")
    choices = tuple(one.name() for one in entry.entries("choices"))
    if (kind == "choice") != (len(choices) > 1):
        entry.refuse("a choice has two or more choices, other types none")
    point, signal = entry.text("point", "") or None, entry.text("signal", "") or None
    item = ChecklistItem(
        step=step,
        type=kind,
        name=name,
        requirement=entry.name_if_given("req_"),
        point=point,
        unit=unit,
        low=low,
        high=high,
        choices=choices,
        evidence=evidence,
        section=section,
        guidance=entry.name_if_given("guide_"),
        conditions=_conditions(entry),
        batch_ok=kind == "ok" and not evidence,
        signal=signal,
        basis=entry.basis(basis),
        status=entry.status(default=status).value,
        limits_status=limits,
    )
    entry.finish()
    return item


def _evidence(entry: Entry, kind: str, name: LocalName) -> tuple[str, ...]:
    codes = entry.text("ev", "T").split("+")
    unknown = [code for code in codes if code not in EVIDENCE]
    if unknown:
        entry.refuse(f"ev: {unknown[0]!r} is none of {', '.join(EVIDENCE)}")
    found = tuple(dict.fromkeys(one for code in codes for one in EVIDENCE[code]))
    if any(word in name.zh for word in TEST_WORDS) and not found:
        entry.refuse("a test has evidence")
    if kind in ("photo", "signature") and kind not in found:
        entry.refuse(f"a {kind} is its own evidence")
    return found


def _conditions(entry: Entry) -> tuple[str, ...]:
    found = entry.words("when")
    known = {"season": SEASONS, "option": tuple(options()), "class": tuple(equipment_classes())}
    for text in found:
        try:
            condition = read_condition(text)
        except BadData as error:
            entry.refuse(str(error))
        if condition.kind in known and condition.value not in known[condition.kind]:
            entry.refuse(f"when: there is no {condition.kind} {condition.value!r}")
    return found
