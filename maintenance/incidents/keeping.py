"""Opening incidents, leading them through their stages, freezing what is closed. Inside the caller's transaction.

Instants are aware UTC. Who may do it is the caller's to check.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.incidents.document import incident_document
from maintenance.incidents.links import link_problems
from maintenance.incidents.model import (
    STAGES,
    Incident,
    Involved,
    Stage,
    StageEntry,
)
from maintenance.incidents.rules import begun, fitting_plan, moment, refuse_closed, with_plan
from maintenance.notify.messages import SEVERITIES, Notice, local
from maintenance.notify.outbox import notify_channels
from maintenance.ports import MaintenanceTx
from maintenance.records.freezing import place_of
from maintenance.records.model import Record, Sealing
from maintenance.records.retention import laws_at, retention
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.audit import canonical, sha256
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound

TOPIC = "incident"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An incident to be opened. From a ticket (``work_order``) it takes what is not said: asset, severity, title, and
    when it was reported. ``plan`` is an emergency plan's key; without one the fitting plan is taken."""

    site: str
    kind: Category
    title: LocalName = LocalName("", "")
    severity: Severity | None = None
    at: datetime | None = None
    people: Sequence[Involved] = ()
    note: str = ""
    asset: str | None = None
    location: str | None = None
    work_order: str | None = None
    plan: str | None = None


def open_incident(tx: MaintenanceTx, wanted: Wanted, by: str, now: datetime) -> Incident:
    """A new incident with its report and its plan's list; the channels of the site are told. Raises ``BadData`` naming
    what cannot stand, ``Conflict`` where the ticket has an incident that is not closed."""
    site = tx.assets.site(wanted.site)
    order = None if wanted.work_order is None else _ticket(tx, wanted)
    asset_key = wanted.asset or (None if order is None else order.asset)
    asset = None if asset_key is None else _asset(tx, wanted.site, asset_key)
    location = wanted.location or (None if asset is None else asset.location)
    _need_place(tx, wanted.site, location)
    at = wanted.at
    if at is None and order is not None:
        at = order.opened_at
    at = moment(at, now)
    year = at.astimezone(ZoneInfo(site.time_zone)).year
    number = tx.incidents.next_number(site.code, year)
    title = wanted.title
    if not title.zh and order is not None:
        title = order.title
    incident = Incident(
        id=new_key(),
        site=site.code,
        code=f"INC-{year}-{number:03d}",
        number=number,
        kind=wanted.kind,
        severity=wanted.severity or (Severity.MAJOR if order is None else order.severity),
        title=title,
        stage=Stage.REPORT,
        stages=(StageEntry(Stage.REPORT, at, now, by, tuple(wanted.people), wanted.note.strip()),),
        asset=asset_key,
        location=location,
        work_order=wanted.work_order,
    )
    incident = begun(incident, _plan(tx, wanted, asset))
    tx.incidents.add(incident)
    _tell(tx, incident, incident.stages[0], None if asset is None else asset.department, now)
    _noted(tx, incident)
    return incident


def change(tx: MaintenanceTx, before: Incident, rule: Callable[[Incident], Incident]) -> Incident:
    """A locked incident after a rule of ``maintenance.incidents.rules``, stored where it has changed anything."""
    after = rule(before)
    if after == before:
        return before
    stored = tx.incidents.update(after)
    _noted(tx, stored)
    return stored


def take_plan(tx: MaintenanceTx, before: Incident, plan_key: str) -> Incident:
    """The incident with the list of another emergency plan. Raises ``BadData`` for a plan that does not hold here."""
    refuse_closed(before)
    return with_plan(before, _known_plan(tx, before.site, plan_key))


def close(
    tx: MaintenanceTx, before: Incident, rule: Callable[[Incident], Incident], by: str, now: datetime
) -> Incident:
    """As ``change`` for the step to the closing stage: what its lessons link to must be there, and the whole is frozen
    as a record with its SHA-256."""
    after = rule(before)
    follow_ups = () if after.lessons is None else after.lessons.follow_ups
    problems = link_problems(tx, after.site, follow_ups, "lessons.follow_ups")
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)
    record_id = new_key()
    stored = tx.incidents.update(replace(after, record=record_id))
    tx.records.add(_record(tx, stored, record_id, by, now))
    _tell(tx, stored, stored.stages[-1], None, now)
    _noted(tx, stored)
    return stored


def _record(tx: MaintenanceTx, incident: Incident, record_id: str, by: str, now: datetime) -> Record:
    site = tx.assets.site(incident.site)
    asset = None if incident.asset is None else tx.assets.get(incident.asset).asset
    place = place_of(tx, incident.site, incident.location)
    document = canonical(incident_document(incident, site, asset, place, now, by))
    ended = incident.stages[-1].at.astimezone(ZoneInfo(site.time_zone)).date()
    kept = retention(None if asset is None else asset.equipment_class, laws_at(tx, incident.site))
    return Record(
        id=record_id,
        work_order=None,
        number=incident.number,
        kind=TOPIC,
        site=incident.site,
        asset=incident.asset,
        title_zh=f"{incident.code} {incident.title.zh}",
        title_en=f"{incident.code} {incident.title.en}",
        completed_on=ended,
        frozen_at=now,
        frozen_by=by,
        cause=Sealing.CLOSED.value,
        keep_years=kept.years,
        keep_basis=kept.basis,
        keep_status=kept.status.value,
        keep_until=kept.until(ended),
        sha256=sha256(document),
        document=document,
        incident=incident.id,
    )


def _ticket(tx: MaintenanceTx, wanted: Wanted) -> WorkOrder:
    try:
        order = tx.orders.lock(wanted.work_order or "")
    except NotFound:
        order = None
    if order is None or order.site != wanted.site:
        raise _bad("work_order", "unknown_work_order", "该站点没有此工单 / there is no such work order on the site")
    there = tx.incidents.of_order(order.id)
    if there is not None:
        raise Conflict(
            f"工单#{order.number}已有事件{there.code} / {there.code} was opened from #{order.number} already"
        )
    return order


def _asset(tx: MaintenanceTx, site: str, key: str) -> Asset:
    found = tx.assets.several([key]).get(key)
    if found is None or found.site != site:
        raise _bad("asset", "unknown_asset", "该站点没有此设备 / there is no such asset on the site")
    return found


def _need_place(tx: MaintenanceTx, site: str, key: str | None) -> None:
    if key is not None and key not in {one.key for one in tx.assets.locations(site)}:
        raise _bad("location", "unknown_location", "该站点没有此位置 / there is no such place on the site")


def _plan(tx: MaintenanceTx, wanted: Wanted, asset: Asset | None) -> EmergencyPlan | None:
    if wanted.plan is not None:
        return _known_plan(tx, wanted.site, wanted.plan)
    found = tx.emergency.list(wanted.site)
    return fitting_plan(found, wanted.kind, None if asset is None else asset.equipment_class)


def _known_plan(tx: MaintenanceTx, site: str, key: str) -> EmergencyPlan:
    found = next((plan for plan in tx.emergency.list(site) if plan.key == key), None)
    if found is None:
        raise _bad("emergency_plan", "unknown_plan", "该站点没有此预案 / there is no such emergency plan on the site")
    return found


def _tell(tx: MaintenanceTx, incident: Incident, entry: StageEntry, department: str | None, now: datetime) -> None:
    """Tell the site's channels that an incident was reported, or is over."""
    site, stage, severity = tx.assets.site(incident.site), STAGES[entry.stage], SEVERITIES[incident.severity]
    at = local(entry.at, ZoneInfo(site.time_zone), now)
    new = entry.stage is Stage.REPORT
    notice = Notice(
        topic=TOPIC,
        site=incident.site,
        title=LocalName(
            f"【{severity.zh}】{incident.code} {stage.zh}：{incident.title.zh}",
            f"[{severity.en}] {incident.code} {stage.en}: {incident.title.en}",
        ),
        lines=(
            LocalName(f"时间：{at}", f"At: {at}"),
            LocalName(entry.note, entry.note),
            LocalName("", "")
            if incident.plan is None
            else LocalName(f"预案：{incident.plan.name.zh}", f"Plan: {incident.plan.name.en}"),
        ),
        dedup=f"incident:{incident.id}:{entry.stage}",
        severity=incident.severity,
        urgent=new and not entry.late and incident.severity in (Severity.CRITICAL, Severity.MAJOR),
        work_order=incident.work_order,
        facts={"incident": {"id": incident.id, "code": incident.code, "stage": entry.stage.value}},
    )
    notify_channels(tx, notice, now, department)


def _noted(tx: MaintenanceTx, incident: Incident) -> None:
    data = {"id": incident.id, "code": incident.code, "stage": incident.stage.value, "asset": incident.asset}
    tx.live.note("incident", incident.site, data)


def _bad(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])
