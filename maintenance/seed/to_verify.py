"""What of the seed has to be verified before it is shown to customers as law, and what the seed leaves out."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from maintenance.plan import PlanRow
from maintenance.seed.lists import seed_checklists
from maintenance.seed.profiles import jurisdictions
from maintenance.seed.rows import before_reuse, seed_rows
from maintenance.seed.strict import tables
from maintenance.sources import cited
from plantroom.domain.assets import LocalName, Status

FILE = "to_verify.toml"


@dataclass(frozen=True, slots=True)
class First:
    """What to verify first, with the codes of the rows that hang on it."""

    name: LocalName
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the seed knowingly does not have."""

    name: LocalName
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Unverified:
    """One thing that no public source states. ``what``: row, checklist, item, limits, reuse rule, season or arrival."""

    what: str
    code: str
    name: LocalName
    basis: LocalName
    status: str


@cache
def verify_first() -> tuple[First, ...]:
    """What to verify first, by product risk."""
    known = {one.row.code for one in seed_rows()}
    found = []
    for entry in tables(FILE, ["first", "left_out"]).entries("first", "en"):
        found.append(First(entry.name(), entry.words("rows", known)))
        entry.finish()
    return tuple(found)


@cache
def left_out() -> tuple[LeftOut, ...]:
    """What the seed leaves out."""
    found = []
    for entry in tables(FILE, ["first", "left_out"]).entries("left_out", "en"):
        found.append(LeftOut(entry.name(), entry.basis(), entry.status().value))
        entry.finish()
    return tuple(found)


def unverified() -> list[Unverified]:
    """Every row, checklist, item, limit, rule for reuse, season and arrival time that is from memory, by kind and code.
    Project defaults are not among them: they claim nothing."""
    memory = Status.FROM_MEMORY.value
    found = unverified_rows(one.row for one in seed_rows())
    for one in seed_checklists().values():
        if one.status == memory:
            found.append(Unverified("checklist", one.code, one.name, cited(one.basis), one.status))
        for item in one.items:
            basis = cited(item.basis)
            if item.status == memory != one.status:
                found.append(Unverified("item", item.step, item.name, basis, item.status))
            if item.limits_status == memory:
                found.append(Unverified("limits", item.step, item.name, basis, item.limits_status))
    names = {one.row.code: one.row.name for one in seed_rows()}
    for code, rule in before_reuse().items():
        if rule.status == memory:
            found.append(Unverified("reuse rule", code, names[code], cited(rule.basis), rule.status))
    for place in jurisdictions().values():
        for fact in place.seasons:
            if fact.status == memory:
                name = LocalName(f"{place.name.zh}：{fact.season.name}", f"{place.name.en}: {fact.season.name}")
                found.append(Unverified("season", place.key, name, cited(fact.basis), fact.status))
    return found


def unverified_rows(rows: Iterable[PlanRow]) -> list[Unverified]:
    """Those of some rows whose frequency is from memory."""
    memory = Status.FROM_MEMORY.value
    return [Unverified("row", r.code, r.name, cited(r.basis), r.status) for r in rows if r.status == memory]
