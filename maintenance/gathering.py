"""What the ledger and the readings know that plan rows go by: calendars, meters, what has been noticed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from maintenance.episodes import Episode
from maintenance.facts import Facts, Sighting
from maintenance.meters import Meter
from maintenance.plan import PlanRow
from maintenance.planner import Subject, Systems, rows_for
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import PointReadings
from maintenance.schedules import ConditionSchedule, MeterSchedule
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, LocalName, Point, Site
from plantroom.ports.paging import EVERYTHING, PageRequest

FEW = 100
"""Subjects up to which their times out of use are read by their keys."""

SEEN_DAYS = 14
"""How long ago an episode that is over may have begun to bring work about (the days in which a fault's return joins the
earlier one)."""


def facts_of(
    tx: MaintenanceTx,
    site: Site,
    subjects: Sequence[Subject],
    rows: Sequence[PlanRow],
    readings: PointReadings,
    now: datetime,
    systems: Systems,
    seen: "Sightings | None" = None,
) -> Mapping[str, Facts]:
    """What is known of each subject, by its key. Reads meters and episodes only where a row of theirs goes by them;
    ``seen`` keeps the site's episodes for those who ask again."""
    metered = _rows_of(subjects, [row for row in rows if isinstance(row.schedule, MeterSchedule)], systems)
    noticed = _rows_of(subjects, [row for row in rows if isinstance(row.schedule, ConditionSchedule)], systems)
    points = tx.assets.points_of(metered) if metered else {}
    simulated = tx.plan.simulated(list(metered))
    sightings = (Sightings() if seen is None else seen).of(tx, site, now) if noticed else {}
    rests = tx.rests.of_site(site.code) if len(subjects) > FEW else tx.rests.of([one.key for one in subjects])
    plain = Facts(site.calendar)
    found: dict[str, Facts] = {}
    for subject in subjects:
        asset, mine = subject.asset, metered.get(subject.key, ())
        rested = rests.get(subject.key, ())
        if asset is None or not (mine or subject.key in noticed):
            found[subject.key] = replace(plain, rests=rested) if rested else plain
            continue
        own = {} if asset.key in simulated else {point.key: point for point in points.get(asset.key, ())}
        told = [
            Sighting(episode.failure_mode, episode.opened_observed_at, mode_name(asset, episode.failure_mode))
            for episode in (sightings.get(asset.key, ()) if subject.key in noticed else ())
        ]
        found[subject.key] = Facts(site.calendar, _meters(asset, own, mine, readings, now), told, rested)
    return found


def _rows_of(subjects: Sequence[Subject], rows: Sequence[PlanRow], systems: Systems) -> Mapping[str, Sequence[PlanRow]]:
    """Which of the rows hold for which assets; those without any are left out."""
    if not rows:
        return {}
    held = ((s.key, rows_for(rows, s, systems)) for s in subjects if s.asset is not None)
    return {key: mine for key, mine in held if mine}


def _meters(
    asset: Asset, points: Mapping[str, Point], rows: Iterable[PlanRow], readings: PointReadings, now: datetime
) -> dict[str, Meter]:
    found: dict[str, Meter] = {}
    for row in rows:
        schedule = row.schedule
        if not isinstance(schedule, MeterSchedule) or schedule.point in found:
            continue
        point = points.get(schedule.point)
        if point is not None:
            template = point.template
            found[schedule.point] = Meter(readings.meter(asset, schedule.point, now), template.unit, template.name)
    return found


class Sightings:
    """Episodes of a site that are going on, or began within the last days, by asset, oldest first. Read once."""

    def __init__(self) -> None:
        self._known: Mapping[str, Sequence[Episode]] | None = None

    def of(self, tx: MaintenanceTx, site: Site, now: datetime) -> Mapping[str, Sequence[Episode]]:
        """Them, read with the first transaction that asks."""
        if self._known is None:
            self._known = _episodes(tx, site, now)
        return self._known


def _episodes(tx: MaintenanceTx, site: Site, now: datetime) -> Mapping[str, Sequence[Episode]]:
    since = now - timedelta(days=SEEN_DAYS)
    found: dict[str, dict[str, Episode]] = defaultdict(dict)
    for state in ("open", "closed"):
        request: PageRequest | None = PageRequest(limit=1000)
        while request is not None:
            page = tx.episodes.list(EVERYTHING, request, state=state, site=site.code)
            for episode in page.items:
                if state == "open" or episode.opened_at >= since:
                    found[episode.asset][episode.id] = episode
            over = state == "closed" and bool(page.items) and page.items[-1].opened_at < since
            request = None if page.next_cursor is None or over else PageRequest(limit=1000, cursor=page.next_cursor)
    return {asset: sorted(seen.values(), key=lambda e: e.opened_observed_at) for asset, seen in found.items()}


def mode_name(asset: Asset, mode: str) -> LocalName:
    """What people call a failure mode of an asset's class."""
    known = equipment_classes().get(asset.equipment_class)
    spec = None if known is None else known.mode(mode)
    return LocalName(mode, mode) if spec is None else spec.name
