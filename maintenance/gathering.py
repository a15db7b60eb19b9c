"""What the ledger and the readings know that plan rows go by: calendars, meters, what has been noticed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from maintenance.facts import Facts, Sighting
from maintenance.meters import Meter
from maintenance.plan import PlanRow
from maintenance.planner import Subject, Systems, rows_for
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import PointReadings
from maintenance.schedules import ConditionSchedule, MeterSchedule
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, LocalName, Plant, Site, SourceClock
from plantroom.ports.paging import EVERYTHING, PageRequest

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
) -> Mapping[str, Facts]:
    """What is known of each subject, by its key. Reads meters and episodes only where a row goes by them."""
    plain = Facts(site.calendar)
    metered = [row for row in rows if isinstance(row.schedule, MeterSchedule)]
    noticed = [row for row in rows if isinstance(row.schedule, ConditionSchedule)]
    if not metered and not noticed:
        return dict.fromkeys((s.key for s in subjects), plain)
    plant = tx.assets.plant()
    sightings = _sightings(tx, site, noticed, now) if noticed else {}
    found: dict[str, Facts] = {}
    for subject in subjects:
        if subject.asset is None:
            found[subject.key] = plain
            continue
        meters = _meters(plant, subject, rows_for(metered, subject, systems), readings, now)
        found[subject.key] = Facts(site.calendar, meters, sightings.get(subject.key, ()))
    return found


def is_simulated(plant: Plant, asset: str) -> bool:
    """Whether an asset's readings are recorded ones of another time."""
    source = plant.sources.get(asset)
    return source is not None and source.clock is SourceClock.SIMULATED


def _meters(
    plant: Plant, subject: Subject, rows: Iterable[PlanRow], readings: PointReadings, now: datetime
) -> dict[str, Meter]:
    asset = subject.asset
    if asset is None or is_simulated(plant, asset.key):
        return {}
    found: dict[str, Meter] = {}
    for row in rows:
        schedule = row.schedule
        if not isinstance(schedule, MeterSchedule) or schedule.point in found:
            continue
        point = plant.points.get(asset.key, {}).get(schedule.point)
        if point is not None:
            template = point.template
            found[schedule.point] = Meter(readings.meter(asset, schedule.point, now), template.unit, template.name)
    return found


def _sightings(
    tx: MaintenanceTx, site: Site, rows: Sequence[PlanRow], now: datetime
) -> Mapping[str, Sequence[Sighting]]:
    """What is going on, and what began within the last days, by asset, oldest first."""
    modes = {mode for row in rows if isinstance(row.schedule, ConditionSchedule) for mode in row.schedule.failure_modes}
    since = now - timedelta(days=SEEN_DAYS)
    assets = tx.assets.plant().assets
    found: dict[str, dict[str, Sighting]] = defaultdict(dict)
    for state in ("open", "closed"):
        request: PageRequest | None = PageRequest(limit=1000)
        while request is not None:
            page = tx.episodes.list(EVERYTHING, request, state=state, site=site.code)
            for episode in page.items:
                if episode.failure_mode in modes and (state == "open" or episode.opened_at >= since):
                    name = mode_name(assets.get(episode.asset), episode.failure_mode)
                    seen = Sighting(episode.failure_mode, episode.opened_observed_at, name)
                    found[episode.asset][episode.id] = seen
            over = state == "closed" and bool(page.items) and page.items[-1].opened_at < since
            request = None if page.next_cursor is None or over else PageRequest(limit=1000, cursor=page.next_cursor)
    return {asset: sorted(seen.values(), key=lambda s: s.observed_at) for asset, seen in found.items()}


def mode_name(asset: Asset | None, mode: str) -> LocalName:
    """What people call a failure mode of an asset's class."""
    known = None if asset is None else equipment_classes().get(asset.equipment_class)
    spec = None if known is None else known.mode(mode)
    return LocalName(mode, mode) if spec is None else spec.name
