"""The budget lines of the user's plan (``budget_lines.toml``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from maintenance.seed.strict import once, tables
from plantroom.domain.assets import LocalName

FILE = "budget_lines.toml"


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line: what the user's plan says and what that is in CNY a year of one site (``None``: as needed)."""

    key: str
    name: LocalName
    as_written: LocalName
    cny_per_year: float | None
    basis: str
    status: str


@cache
def budget_lines() -> Mapping[str, BudgetLine]:
    """Lines by key, in the order of the user's plan."""
    file = tables(FILE, ["lines"])
    basis, status = file.basis(), file.status().value
    found: dict[str, BudgetLine] = {}
    for entry in file.entries("lines", "key"):
        key, name, written = entry.key(), entry.name(), entry.name("as_written_")
        once(FILE, "line", [*found, key])
        found[key] = BudgetLine(key, name, written, entry.number("cny_per_year"), basis, status)
        entry.finish()
    return MappingProxyType(found)
