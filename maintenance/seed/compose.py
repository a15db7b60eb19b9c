"""The rows of a profile in a jurisdiction. Pure.

The national rows come first; overrides of the profile, then of the jurisdiction and its bases, only make them stricter.
Rows of a law that is foreign to the jurisdiction stay as practice: no floor, no legal claim.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from maintenance.plan import Layer, PlanRow
from maintenance.recurrence import longest_days
from maintenance.schedules import BeforeSchedule
from maintenance.seed.fingerprints import marked
from maintenance.seed.notation import season_day
from maintenance.seed.profiles import Jurisdiction, Override, Profile
from maintenance.seed.rows import SeedRow, seed_rows
from plantroom.domain.assets import Status
from plantroom.domain.calendars import Season, SiteCalendar

PRACTICE = "参照"
"""What the basis of a foreign law begins with."""


@dataclass(frozen=True, slots=True)
class Composition:
    """What a profile in a jurisdiction wants: plan rows, the site's seasons and opening hours."""

    profile: Profile
    jurisdiction: Jurisdiction
    options: frozenset[str]
    rows: tuple[PlanRow, ...]
    optional: frozenset[str]
    """Codes of rows of options that are not among ``options``: neither wanted nor unwanted."""

    def calendar(self, known: SiteCalendar) -> SiteCalendar:
        """The calendar of a site with what it has not said itself."""
        seasons = known.seasons or tuple(fact.season for fact in self.jurisdiction.seasons)
        country = known.country if known.country is not None else (self.jurisdiction.holidays or None)
        return replace(known, openings=known.openings or self.profile.openings, country=country, seasons=seasons)


def compose(profile: Profile, jurisdiction: Jurisdiction, options: Collection[str] = ()) -> Composition:
    """The rows of a profile in a jurisdiction on a site that has some options. O(rows)."""
    mine = [one for one in seed_rows() if one.set != "proposal" and _is_wanted(one, profile, jurisdiction)]
    chosen = [one for one in mine if not one.option or one.option in options]
    overrides = _by_code((*profile.overrides, *jurisdiction.overrides))
    seasons = {fact.season.name: fact.season for fact in jurisdiction.seasons}
    rows = [_row(one, overrides.get(one.row.code, ()), jurisdiction, seasons) for one in chosen]
    codes = {row.code for row in rows}
    kept = [_closed(row, codes) for row in rows if _is_whole(row, codes)]
    return Composition(
        profile,
        jurisdiction,
        frozenset(options),
        tuple(marked(row) for row in kept),
        frozenset(one.row.code for one in mine if one.row.code not in codes),
    )


def default_rows() -> tuple[PlanRow, ...]:
    """The rows of every new ledger: the national ones of the set ``default``."""
    chosen = [one.row for one in seed_rows() if one.set == "default"]
    codes = {row.code for row in chosen}
    return tuple(marked(_closed(row, codes)) for row in chosen)


def proposals() -> tuple[PlanRow, ...]:
    """What is proposed for classes of equipment that have no row: a monthly look and a yearly test."""
    return tuple(marked(one.row) for one in seed_rows() if one.set == "proposal")


def _is_wanted(one: SeedRow, profile: Profile, jurisdiction: Jurisdiction) -> bool:
    if one.only not in ("", profile.key) or one.row.code in jurisdiction.drops:
        return False
    return one.law in ("", *jurisdiction.law, *jurisdiction.foreign)


def _by_code(overrides: Iterable[Override]) -> Mapping[str, list[Override]]:
    found: dict[str, list[Override]] = {}
    for one in overrides:
        found.setdefault(one.code, []).append(one)
    return found


def _row(
    one: SeedRow, overrides: Iterable[Override], jurisdiction: Jurisdiction, seasons: Mapping[str, Season]
) -> PlanRow:
    row = one.row
    for override in overrides:
        row = _stricter(row, override)
    if one.law and one.law not in jurisdiction.law:
        row = replace(
            row,
            layer=Layer.CONTRACT,
            max_gap_days=None,
            basis=f"{PRACTICE}{row.basis}",
            status=Status.DEFAULT.value,
        )
    return replace(row, anchor=season_day(one.anchor_rule, seasons)) if one.anchor_rule else row


def _stricter(row: PlanRow, override: Override) -> PlanRow:
    """The row with what the override asks for, where that is not laxer than what another one has asked for."""
    if override.interval is not None and longest_days(override.interval) > longest_days(row.interval):
        return row
    gaps = [gap for gap in (row.max_gap_days, override.max_gap_days) if gap is not None]
    return replace(
        row,
        interval=override.interval or row.interval,
        schedule=override.schedule or row.schedule,
        early_days=row.early_days if override.early_days is None else override.early_days,
        late_days=row.late_days if override.late_days is None else min(override.late_days, row.late_days),
        max_gap_days=min(gaps, default=None),
        layer=override.layer or row.layer,
        basis=override.basis,
        status=override.status,
    )


def _is_whole(row: PlanRow, codes: Collection[str]) -> bool:
    return not isinstance(row.schedule, BeforeSchedule) or row.schedule.code in codes


def _closed(row: PlanRow, codes: Collection[str]) -> PlanRow:
    """The row without what it would contain and is not there."""
    contains = tuple(code for code in row.contains if code in codes)
    return row if contains == row.contains else replace(row, contains=contains)
