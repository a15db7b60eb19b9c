"""Looks through the ledger for what runs out soon and tells the channels, each once a stage.

Safe with any number of schedulers and whenever it runs: a message is written once by its ``dedup``.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from maintenance.deadlines.stages import STAGES, Deadline, never_calibrated, notices
from maintenance.notify.outbox import ZONE, notify_channels
from maintenance.people.known import licence_kinds
from maintenance.people.upkeep import expiring
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.scheduler import Job
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.parts import PointSensor
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import EVERYTHING

JOB = "deadlines"
EVERY = timedelta(hours=1)
CALIBRATION = LocalName("校准", "calibration")


def deadlines_job(ledger: Ledger[MaintenanceTx], base_url: str) -> Job:
    """The scheduler's job: every hour, since sites begin their day at different times."""
    return Job(JOB, EVERY, lambda now: _told(tell_deadlines(ledger, now, base_url)))


def _told(messages: int) -> None:
    if messages:
        structlog.get_logger().info("deadlines_told", messages=messages)


def tell_deadlines(ledger: Ledger[MaintenanceTx], now: datetime, base_url: str = "") -> int:
    """Write what has to be told; gives how many messages were new."""
    with ledger.read() as tx:
        if not tx.channels.list():
            return 0
        sites = {site.code: local_day(now, ZoneInfo(site.time_zone)) for site in tx.assets.sites()}
        found = [
            (deadline, today)
            for site, today in sites.items()
            for deadline in (*_licences(tx, site, today), *_calibrations(tx, site, today))
        ]
        today = local_day(now, ZoneInfo(ZONE))
        found += [(one, today) for one in _certificates(tx, today)]
        uncalibrated = {site: _uncalibrated(tx, site, today) for site, today in sites.items()}
    made = [pair for deadline, day in found for pair in notices([deadline], day, base_url)]
    made += [
        (never_calibrated(site, points, sites[site].strftime("%Y-%m")), None)
        for site, points in uncalibrated.items()
        if points
    ]
    if not made:
        return 0
    with ledger.begin() as tx:
        return sum(notify_channels(tx, notice, now, department) for notice, department in made)


def _licences(tx: MaintenanceTx, site: str, today: date) -> Iterator[Deadline]:
    for due in tx.assets.licences_due(EVERYTHING, today + timedelta(days=STAGES[0] + 1), site):
        licence = due.licence
        assert licence.expires_on is not None
        yield Deadline(
            key=f"licence:{due.asset.key}:{licence.kind}:{licence.number}",
            site=site,
            what=LocalName(licence.kind, licence.kind),
            whose=_named(due.asset),
            number=licence.number,
            last_day=licence.expires_on,
            department=due.asset.department,
        )


def _certificates(tx: MaintenanceTx, today: date) -> Iterator[Deadline]:
    """Those of people, on each site where they work, and of contractors."""
    contractors = {one.id: one.site for one in tx.people.contractors(EVERYTHING)}
    for one in expiring(tx, EVERYTHING, today, STAGES[0]):
        kind = licence_kinds().get(one.kind)
        for site in _sites_of(tx, one.holder) if one.is_person else [contractors.get(one.holder)]:
            yield Deadline(
                key=f"certificate:{'person' if one.is_person else 'contractor'}:{one.holder}:{one.kind}:{one.number}",
                site=site,
                what=LocalName(one.kind, one.kind) if kind is None else kind.name,
                whose=LocalName(one.name, one.name),
                # The number of a person's certificate is for supervisors and the person, not for a group's channel.
                number="" if one.is_person else one.number,
                last_day=one.expires_on,
            )


def _sites_of(tx: MaintenanceTx, username: str) -> list[str | None]:
    user = tx.accounts.user_by_name(username)
    sites = {grant.site for grant in user.grants} if user is not None else set()
    return [None] if None in sites else [*sorted(site for site in sites if site is not None)]


def _calibrations(tx: MaintenanceTx, site: str, today: date) -> Iterator[Deadline]:
    for sensor, asset in _of_site(tx, tx.sensors.due(EVERYTHING, today + timedelta(days=STAGES[0]), site)):
        if sensor.due_on is not None:
            machine = _named(asset)
            yield Deadline(
                key=f"calibration:{sensor.asset}:{sensor.point}",
                site=site,
                what=CALIBRATION,
                whose=LocalName(f"{machine.zh} {sensor.point}", f"{machine.en} {sensor.point}"),
                number=sensor.serial,
                last_day=sensor.due_on,
                department=asset.department,
                statutory=False,
            )


def _uncalibrated(tx: MaintenanceTx, site: str, today: date) -> list[str]:
    never = [one for one in tx.sensors.due(EVERYTHING, today, site) if one.due_on is None]
    return [f"{asset.code} {sensor.point}" for sensor, asset in _of_site(tx, never)]


def _of_site(tx: MaintenanceTx, sensors: Iterable[PointSensor]) -> list[tuple[PointSensor, Asset]]:
    listed = list(sensors)
    assets = tx.assets.several({one.asset for one in listed})
    return [(one, assets[one.asset]) for one in listed if one.asset in assets]


def _named(asset: Asset) -> LocalName:
    return LocalName(f"{asset.name.zh}（{asset.code}）", f"{asset.name.en} ({asset.code})")
