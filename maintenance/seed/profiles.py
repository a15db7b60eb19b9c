"""Profiles (what sort of building) and jurisdictions (whose law) of the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from maintenance.plan import Interval, Layer
from maintenance.recurrence import longest_days
from maintenance.schedules import BY_INTERVAL, SEASONS, Schedule
from maintenance.seed.notation import month_day, schedule_of
from maintenance.seed.rows import LAWS, PROFILES, interval_of, seed_rows
from maintenance.seed.strict import Entry, once, tables
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import MINUTES_A_DAY, Opening, Season

PROFILES_FILE, JURISDICTIONS_FILE = "profiles.toml", "jurisdictions.toml"
RECORDS = ("elevator", "fire_tests", "fire_patrols", "tank_cleaning")


@dataclass(frozen=True, slots=True)
class Override:
    """What a profile or jurisdiction asks for beyond the national row; ``None``: as it is."""

    code: str
    basis: str
    status: str
    interval: Interval | None = None
    schedule: Schedule | None = None
    early_days: int | None = None
    late_days: int | None = None
    max_gap_days: int | None = None
    layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A sort of building. ``survey_months``: how often owners are asked."""

    key: str
    name: LocalName
    meaning: LocalName
    basis: str
    status: str
    satisfaction_percent: int
    survey_months: int
    openings: tuple[Opening, ...]
    overrides: tuple[Override, ...]


@dataclass(frozen=True, slots=True)
class SeasonFact:
    """A season and how far its days can be trusted."""

    season: Season
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How many years some records are kept."""

    records: str
    years: int
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Minutes until help is with trapped passengers."""

    minutes: int
    basis: str
    status: str


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Whose law holds, everything of its bases included. ``law``: the rows of which law are law here; ``drops``: rows
    of another law that its own rows replace; other rows of another law that is not in ``foreign`` do not appear.
    ``holidays`` is a country code, empty: none are known."""

    key: str
    name: LocalName
    basis: str
    status: str
    law: tuple[str, ...]
    holidays: str
    drops: tuple[str, ...]
    seasons: tuple[SeasonFact, ...]
    trapped_arrival: Arrival
    retention: tuple[Retention, ...]
    overrides: tuple[Override, ...]
    foreign: tuple[str, ...] = ()


@cache
def profiles() -> Mapping[str, Profile]:
    """Profiles by key."""
    found: dict[str, Profile] = {}
    for entry in tables(PROFILES_FILE, ["profiles", "options"]).entries("profiles", "key"):
        key = entry.one_of("key", PROFILES)
        once(PROFILES_FILE, "profile", [*found, key])
        found[key] = Profile(
            key,
            entry.name(),
            entry.name("what_"),
            entry.basis(),
            entry.status().value,
            entry.whole("satisfaction_percent", 1),
            entry.whole("survey_months", 1),
            tuple(opening for line in entry.entries("openings") for opening in _openings(line)),
            tuple(_override(line) for line in entry.entries("overrides", "code")),
        )
        entry.finish()
    return MappingProxyType(found)


@cache
def jurisdictions() -> Mapping[str, Jurisdiction]:
    """Jurisdictions by key; a base stands before those that build on it."""
    found: dict[str, Jurisdiction] = {}
    for entry in tables(JURISDICTIONS_FILE, ["jurisdictions"]).entries("jurisdictions", "key"):
        made = _jurisdiction(entry, found)
        once(JURISDICTIONS_FILE, "jurisdiction", [*found, made.key])
        found[made.key] = made
    return MappingProxyType(found)


def _jurisdiction(entry: Entry, known: Mapping[str, Jurisdiction]) -> Jurisdiction:
    key, name, basis, status = entry.key(), entry.name(), entry.basis(), entry.status().value
    base = known[entry.one_of("base", known)] if entry.has("base") else None
    overrides = tuple(_override(line) for line in entry.entries("overrides", "code"))
    seasons = tuple(_season(line) for line in entry.entries("seasons", "name"))
    kept = tuple(_retention(line) for line in entry.entries("retention", "records"))
    arrival = _arrival(entry)
    if base is None and (arrival is None or {one.season.name for one in seasons} != set(SEASONS)):
        entry.refuse(f"one without a base says trapped_arrival and the seasons {', '.join(SEASONS)}")
    drops = entry.words("drops", {one.row.code for one in seed_rows()})
    made = Jurisdiction(
        key=key,
        name=name,
        basis=basis,
        status=status,
        law=entry.words("law", LAWS),
        holidays=entry.text("holidays", "") if entry.has("holidays") else "",
        drops=drops,
        seasons=seasons,
        trapped_arrival=arrival or Arrival(0, "", ""),
        retention=kept,
        overrides=overrides,
        foreign=entry.words("foreign", LAWS),
    )
    entry.finish()
    return made if base is None else _on(base, made, arrival)


def _on(base: Jurisdiction, made: Jurisdiction, arrival: Arrival | None) -> Jurisdiction:
    """A jurisdiction with everything of its base that it does not say itself."""
    own = {one.season.name for one in made.seasons}
    records = {one.records for one in made.retention}
    return replace(
        made,
        law=tuple(dict.fromkeys((*base.law, *made.law))),
        holidays=made.holidays or base.holidays,
        drops=(*base.drops, *made.drops),
        seasons=(*(one for one in base.seasons if one.season.name not in own), *made.seasons),
        trapped_arrival=arrival or base.trapped_arrival,
        retention=(*(one for one in base.retention if one.records not in records), *made.retention),
        overrides=(*base.overrides, *made.overrides),
        foreign=tuple(dict.fromkeys((*base.foreign, *made.foreign))),
    )


def _override(entry: Entry) -> Override:
    """An override; refused where it would be laxer than the row."""
    rows = {one.row.code: one.row for one in seed_rows()}
    row = rows[entry.one_of("code", rows)]
    schedule = schedule_of(entry) if entry.has("schedule") else None
    interval = interval_of(entry, schedule or BY_INTERVAL) if entry.has("every") else None
    layer = Layer(entry.one_of("layer", [one.value for one in Layer])) if entry.has("layer") else None
    made = Override(
        row.code,
        entry.basis(),
        entry.status().value,
        interval,
        schedule,
        entry.whole_if_given("early"),
        entry.whole_if_given("late"),
        entry.whole_if_given("gap", 1),
        layer,
    )
    if interval is not None and longest_days(interval) > longest_days(row.interval):
        entry.refuse("laxer than the row: an override only makes it stricter")
    if made.max_gap_days is not None and made.max_gap_days > (row.max_gap_days or made.max_gap_days):
        entry.refuse("gap is laxer than the row's")
    if made.late_days is not None and made.late_days > row.late_days:
        entry.refuse("late is laxer than the row's")
    entry.finish()
    return made


def _season(entry: Entry) -> SeasonFact:
    name = entry.one_of("name", SEASONS)
    start, end = month_day(entry.text("from")), month_day(entry.text("to"))
    if start is None or end is None:
        entry.refuse("from and to are days such as 11-15")
    made = SeasonFact(Season(name, start, end), entry.basis(), entry.status().value)
    entry.finish()
    return made


def _retention(entry: Entry) -> Retention:
    made = Retention(
        entry.one_of("records", RECORDS), entry.whole("years", 1), entry.basis(), entry.status().value
    )  # fmt: skip
    entry.finish()
    return made


def _arrival(entry: Entry) -> Arrival | None:
    if not entry.has("trapped_arrival"):
        return None
    inner = Entry(entry.take("trapped_arrival"), f"{entry.where}: trapped_arrival")
    made = Arrival(inner.whole("minutes", 1), inner.basis(), inner.status().value)
    inner.finish()
    return made


def _openings(entry: Entry) -> Sequence[Opening]:
    """Opening hours of some weekdays (0 Monday); ``to`` may be on the next day."""
    opens, closes = _minutes(entry, "from"), _minutes(entry, "to")
    days = entry.take("days")
    if not isinstance(days, list) or not days or any(day not in range(7) for day in days):
        entry.refuse("days are numbers, 0 Monday to 6 Sunday")
    entry.finish()
    return [Opening(day, opens, closes if closes > opens else closes + MINUTES_A_DAY) for day in days]


def _minutes(entry: Entry, field: str) -> int:
    text = entry.text(field)
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and int(hours) < 25 and int(minutes) < 60):
        entry.refuse(f"{field} {text!r}: use a time such as 10:00")
    return int(hours) * 60 + int(minutes)
