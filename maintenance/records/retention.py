"""How long records are kept, by the law that holds at a site: the figures of the seed's ``jurisdictions.toml``."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from maintenance.plan import Layer, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.seed.profiles import Jurisdiction, jurisdictions
from maintenance.seed.rows import seed_rows
from plantroom.domain.assets import Status

DEFAULT_LAW = frozenset({"cn"})
"""Where no row of the plan says whose law holds: that of the plan which a fresh ledger has."""

_RECORDS_OF: Mapping[str, str] = {
    "elevator": "elevator",
    "escalator": "elevator",
    "fire_pump_set": "fire_tests",
    "fire_panel": "fire_tests",
    "smoke_fan": "fire_tests",
    "emergency_lighting": "fire_tests",
}
"""By class, what the jurisdictions call its records."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a record has to be kept, why, and whether that is checked (``Status``)."""

    years: int
    basis: str
    status: Status

    def until(self, completed_on: date) -> date:
        """The day so many years later; of 29 February the 28th."""
        try:
            return completed_on.replace(year=completed_on.year + self.years)
        except ValueError:
            return completed_on.replace(year=completed_on.year + self.years, day=28)


@cache
def retention(equipment_class: str | None, laws: frozenset[str] = DEFAULT_LAW) -> Retention:
    """How long records of a class are kept where some laws hold (plan_tables.md 1.0 and 2.1): as the strictest of them
    asks; without a figure, and without an asset, as long as is known to be asked for of anything."""
    wanted = _RECORDS_OF.get(equipment_class or "")
    asked = [one for place in _national() if laws.issuperset(place.law) for one in place.retention]
    mine = [one for one in asked if one.records == wanted]
    if mine:
        longest = max(mine, key=lambda one: one.years)
        return Retention(longest.years, longest.basis, Status(longest.status))
    years = max(one.years for place in jurisdictions().values() for one in place.retention)
    return Retention(years, "the longest that is known to be asked for of any system", Status.DEFAULT)


def _national() -> Iterable[Jurisdiction]:
    """The jurisdictions that stand on no other: the first of each law."""
    found: dict[tuple[str, ...], Jurisdiction] = {}
    for place in jurisdictions().values():
        found.setdefault(place.law, place)
    return found.values()


def laws_at(tx: MaintenanceTx, site: str) -> frozenset[str]:
    """Whose law holds at a site: that whose rows are law in its plan. A site's own row stands before every site's."""
    return laws_of(tx.plan.rows(site))


def laws_of(rows: Collection[PlanRow]) -> frozenset[str]:
    """As ``laws_at``, of the rows of a site's plan."""
    whose = {one.row.code: one.law for one in seed_rows() if one.law}
    by_code = {row.code: row for row in sorted(rows, key=lambda row: row.site is not None)}
    in_force = (row for row in by_code.values() if row.layer is Layer.LAW and row.ends is None)
    return frozenset(whose[row.code] for row in in_force if row.code in whose) or DEFAULT_LAW
