"""What the planning goes by at one site on one day, and which subjects it concerns."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from maintenance.columns.sets import RowSet, row_set
from maintenance.gathering import Sightings
from maintenance.item_conditions import Circumstances
from maintenance.local_days import LocalDays
from maintenance.plan import PlanRow
from maintenance.planner import Subject, Systems, asset_subject, hour_rows_for, rows_for, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import every_day, has_dates, local_day
from maintenance.rests import AT_REST, Rest
from maintenance.rolling import IsWorkingDay
from maintenance.schedules import ConditionSchedule, MeterSchedule
from maintenance.site_calendar import seasons_on, working_days
from maintenance.standings import Card, Standing
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Site

ALWAYS = "every day"


@dataclass(slots=True)
class SitePlan:
    """A site's rows, assets and standings as one reading transaction saw them; ``own`` is the key of the site itself
    as a subject, ``templates`` are checklists by where and when they are due and the lineages of their rows,
    ``sightings`` the site's episodes, both for this run; ``rests`` the times out of use of its assets."""

    site: Site
    zone: ZoneInfo
    today: date
    horizon_days: int
    systems: Systems
    is_working_day: IsWorkingDay
    calendar: str
    rows: Sequence[PlanRow]
    cards: Mapping[str, Card]
    standings: Mapping[str, Standing]
    stamp: str
    rests: Mapping[str, Sequence[Rest]] = field(default_factory=dict)
    by_code: Mapping[str, PlanRow] = field(init=False)
    local: LocalDays = field(init=False)
    own: str = field(init=False)
    templates: dict[tuple[Circumstances, tuple[str, ...]], tuple[ChecklistItem, ...]] = field(
        init=False, default_factory=dict
    )
    sightings: Sightings = field(init=False, default_factory=Sightings)
    _named: dict[str, tuple[str, ...]] = field(init=False)
    _said: str = field(init=False)
    _sets: dict[tuple[str, bool, bool, tuple[str, ...]], RowSet] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.by_code = {row.code: row for row in self.rows}
        self.local = LocalDays(self.zone)
        self.own = site_subject(self.site.code, self.site.name).key
        self._said = blake2b(repr(self.site.calendar).encode(), digest_size=8).hexdigest()
        named: dict[str, list[str]] = defaultdict(list)
        for row in self.rows:
            for asset in row.applies_to.assets:
                named[asset].append(row.lineage)
        self._named = {asset: tuple(lineages) for asset, lineages in named.items()}

    @property
    def until(self) -> date:
        """The last day of the horizon."""
        return self.today + timedelta(days=self.horizon_days)

    def set_of(self, card: Card) -> RowSet:
        """The rows that hold for a subject. Assets of one class and status share them, but for rows that name them."""
        rests = card.status in AT_REST
        key = (card.equipment_class, rests, card.key == self.own, self._named.get(card.key, ()))
        found = self._sets.get(key)
        if found is None:
            subject = self.subject(card)
            dated, hourly = (of(self.rows, subject, self.systems) for of in (rows_for, hour_rows_for))
            found = self._sets[key] = row_set([*dated, *hourly], self.by_code, self.today)
        return found

    def subject(self, card: Card) -> Subject:
        """The subject of a card, as far as the card tells of it."""
        if card.key == self.own:
            return site_subject(self.site.code, self.site.name)
        name, status = LocalName(card.zh, card.en), AssetStatus(card.status)
        return asset_subject(
            Asset(
                card.key, self.site.code, card.code, card.equipment_class, name, status=status,
                department=card.department, in_service_on=card.in_service_on,
            )
        )  # fmt: skip

    def where(self, equipment_class: str | None, due: date) -> Circumstances:
        """What is known of a job that is due on a local day, as its checklist's conditions ask for it."""
        site = self.site
        options = None if site.options is None else frozenset(site.options)
        return Circumstances(seasons_on(site.calendar, due), options, equipment_class or None)

    def fingerprint(self, card: Card, rows: RowSet) -> str:
        """Changes with all that decides on a subject's dates but its history and the day. What is not plain may go by
        the day of installation and whatever else is on the asset's card, and by the site's seasons and opening hours.
        """
        version = "" if rows.in_columns else f"{card.version}.{self._said}"
        since = card.in_service_on or ""
        return f"{rows.fingerprint}.{card.status}.{since}.{self.calendar}.{self.horizon_days}.{version}"

    def changes(self, subject: str) -> int:
        """How many changes of a subject had been noted when this was read."""
        found = self.standings.get(subject)
        return 0 if found is None else found.changes

    def stale(self) -> Iterator[Card]:
        """The subjects that have to be planned."""
        for card in self.cards.values():
            rows = self.set_of(card)
            standing = self.standings.get(card.key)
            if standing is None or not standing.holds(self.fingerprint(card, rows), self.today):
                yield card


def is_restless(rows: RowSet) -> bool:
    """Whether some of the rows go by more than days and their history (readings, episodes, hours): their subject is
    planned by each run."""
    return any(_goes_by_more(row) for row in rows.rows)


def _goes_by_more(row: PlanRow) -> bool:
    by_events = isinstance(row.schedule, MeterSchedule | ConditionSchedule)
    return by_events or row.fulfilled_by is not None or not has_dates(row.interval)


def read_site(
    tx: MaintenanceTx,
    site: Site,
    now: datetime,
    systems: Systems,
    horizon_days: int,
    is_working_day: IsWorkingDay | None = None,
) -> SitePlan:
    """What the planning of a site goes by now; the working days are those of its calendar unless others are given.
    ``ValueError`` and its like for a site that makes no sense."""
    zone = ZoneInfo(site.time_zone)
    works = is_working_day or working_days(site.calendar, site.time_zone)
    today = local_day(now, zone)
    # Before the rows: what changes between the two is seen as changed.
    stamp, standings = tx.plan.stamp(site.code), tx.plan.standings(site.code)
    own = site_subject(site.code, site.name)
    itself = Card(own.key, "", own.name.zh, own.name.en, "", AssetStatus.IN_SERVICE.value, None, None, 0)
    cards = {card.key: card for card in (itself, *tx.plan.cards(site.code))}
    return SitePlan(
        site, zone, today, horizon_days, systems, works, calendar_fingerprint(works, today.year),
        tx.plan.rows(site.code, today), cards, standings, stamp, tx.rests.of_site(site.code),
    )  # fmt: skip


@lru_cache(maxsize=256)
def calendar_fingerprint(is_working_day: IsWorkingDay, year: int) -> str:
    """Changes with the working days from the year before to the second one after."""
    if is_working_day is every_day:
        return ALWAYS
    first, last = date(year - 1, 1, 1).toordinal(), date(year + 2, 12, 31).toordinal()
    works = bytes(is_working_day(date.fromordinal(day)) for day in range(first, last + 1))
    return blake2b(works, digest_size=8).hexdigest()
