"""What the planning goes by at one site on one day, and which subjects it concerns."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from maintenance.columns.sets import RowSet, row_set
from maintenance.local_days import LocalDays
from maintenance.plan import Interval, IntervalUnit, PlanRow
from maintenance.planner import Subject, Systems, asset_subject, rows_for, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import IsWorkingDay, every_day, has_dates, local_day
from maintenance.standings import Card, Standing
from maintenance.work_orders import ChecklistItem
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Site

ALWAYS = "every day"
Shared = tuple[str, bool, bool, tuple[str, ...]]
"""What subjects of the same rows have in common: class, out of use or not, the site itself, rows that name them."""

_DAILY = Interval(1, IntervalUnit.DAY)
_BY_THE_CALENDAR = ("interval", "season", "age")


@dataclass(slots=True)
class SitePlan:
    """A site's rows, assets and standings as one reading transaction saw them; ``own`` is the key of the site itself
    as a subject, ``templates`` are checklists by the lineages of their rows, for this run."""

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
    by_code: Mapping[str, PlanRow] = field(init=False)
    local: LocalDays = field(init=False)
    own: str = field(init=False)
    templates: dict[tuple[str, ...], tuple[ChecklistItem, ...]] = field(init=False, default_factory=dict)
    _named: dict[str, tuple[str, ...]] = field(init=False)
    _sets: dict[Shared, RowSet] = field(init=False, default_factory=dict)
    _restless: dict[Shared, bool] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.by_code = {row.code: row for row in self.rows}
        self.local = LocalDays(self.zone)
        self.own = site_subject(self.site.code, self.site.name).key
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
        key = self._shared(card)
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = row_set(rows_for(self.rows, self.subject(card), self.systems), self.by_code)
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

    def fingerprint(self, card: Card, rows: RowSet) -> str:
        """Changes with all that decides on a subject's dates but its history and the day."""
        version = "" if rows.in_columns else card.version
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
            known = standing is not None and standing.holds(self.fingerprint(card, rows), self.today)
            if not known or self.is_restless(card):
                yield card

    def is_restless(self, card: Card) -> bool:
        """Whether rows hold for a subject of which no standing can tell whether something has changed."""
        key = self._shared(card)
        found = self._restless.get(key)
        if found is None:
            # As if they had dates: rows without them are not among ``rows_for``.
            these = [replace(row, interval=_DAILY) for row in self.rows if _goes_by_more(row)]
            found = self._restless[key] = bool(rows_for(these, self.subject(card), self.systems)) if these else False
        return found

    def _shared(self, card: Card) -> Shared:
        rests = card.status in (AssetStatus.SCRAPPED, AssetStatus.OUT_OF_SERVICE)
        return card.equipment_class, rests, card.key == self.own, self._named.get(card.key, ())


def _goes_by_more(row: PlanRow) -> bool:
    """Whether a row goes by more than the calendar and its history (readings, other rows, episodes, the hour)."""
    kind = getattr(getattr(row, "schedule", None), "type", "interval")
    by_readings = getattr(row, "fulfilled_by", None) is not None
    return kind not in _BY_THE_CALENDAR or by_readings or not has_dates(row.interval)


def read_site(
    tx: MaintenanceTx, site: Site, now: datetime, systems: Systems, horizon_days: int, is_working_day: IsWorkingDay
) -> SitePlan:
    """What the planning of a site goes by now. ``ValueError`` and its like for a site that makes no sense."""
    zone = ZoneInfo(site.time_zone)
    today = local_day(now, zone)
    standings = tx.plan.standings(site.code)
    own = site_subject(site.code, site.name)
    itself = Card(own.key, "", own.name.zh, own.name.en, "", AssetStatus.IN_SERVICE.value, None, None, 0)
    cards = {card.key: card for card in (itself, *tx.plan.cards(site.code))}
    return SitePlan(
        site, zone, today, horizon_days, systems, is_working_day, calendar_fingerprint(is_working_day, today),
        tx.plan.rows(site.code, today), cards, standings,
    )  # fmt: skip


def calendar_fingerprint(is_working_day: IsWorkingDay, today: date) -> str:
    """Changes with the working days from last year to the year after next."""
    if is_working_day is every_day:
        return ALWAYS
    first, last = date(today.year - 1, 1, 1).toordinal(), date(today.year + 2, 12, 31).toordinal()
    works = bytes(is_working_day(date.fromordinal(day)) for day in range(first, last + 1))
    return blake2b(works, digest_size=8).hexdigest()
