"""Incidents: list, one, open, change, the next stage, corrections, the plan's list, notes, figures."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Technician, Viewer
from api.assets.lookup import visible_asset
from api.incidents.schemas import (
    CorrectionRequest,
    FiguresOfIncidents,
    IncidentChange,
    IncidentCreate,
    IncidentDetail,
    IncidentList,
    IncidentQuery,
    IncidentSummary,
    MarkRequest,
    NoteRequest,
    Spread,
    StageRequest,
)
from api.once import OnlyOnce
from api.paging import bad_field, page_request
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.shapes import Instant
from maintenance.incidents.keeping import Wanted, change, close, open_incident, take_plan
from maintenance.incidents.model import Figures, Incident, Involved, Part, Stage, figures, spread
from maintenance.incidents.ports import IncidentFilter
from maintenance.incidents.rules import advanced, corrected, marked, noted, refuse_closed
from maintenance.ports import MaintenanceTx
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"], route_class=BeginAgain)

PERIOD = timedelta(days=365)


@router.get("", operation_id="listIncidents")
def list_incidents(query: Annotated[IncidentQuery, Query()], caller: Viewer, services: Parts) -> IncidentList:
    """Incidents, the newest report first."""
    filters = IncidentFilter(
        scope=caller.scope,
        site=query.site,
        stage=query.stage,
        kind=query.kind,
        severity=query.severity,
        asset=query.asset,
        work_order=query.work_order,
        open_only=query.open,
        begins=query.begins,
        ends=query.ends,
    )
    with services.ledger.read() as tx:
        page = tx.incidents.list(filters, page_request(query))
        refs = services.directory.refs(tx)
        items = [IncidentSummary.of(one, refs(one.asset)) for one in page.items]
    return IncidentList(items=items, next_cursor=page.next_cursor)


@router.get("/figures", operation_id="getIncidentFigures")
def get_figures(
    caller: Viewer,
    services: Parts,
    site: str | None = None,
    begins: Annotated[Instant | None, Query(alias="from")] = None,
    ends: Annotated[Instant | None, Query(alias="to")] = None,
) -> FiguresOfIncidents:
    """How quickly command, the place itself and the end were reached; of incidents that were reported in a period
    (default: the last 365 days)."""
    last = ends or services.clock.now()
    first = begins or last - PERIOD
    with services.ledger.read() as tx:
        found = tx.incidents.within(caller.scope, site, first, last)
    each = [figures(one) for one in found]

    def over(pick: Callable[[Figures], float | None]) -> Spread:
        return Spread.model_validate(spread([pick(one) for one in each]))

    return FiguresOfIncidents(
        begins=first,
        ends=last,
        incidents=len(found),
        closed=sum(one.closed for one in found),
        to_command=over(lambda one: one.to_command_s),
        to_on_site=over(lambda one: one.to_on_site_s),
        to_closing=over(lambda one: one.to_closing_s),
    )


@router.post("", operation_id="createIncident", status_code=201)
def post_incident(
    form: IncidentCreate, caller: Technician, services: Parts, once: OnlyOnce, response: Response
) -> IncidentDetail:
    """Open an incident by hand or from a ticket. The channels of the site are told."""
    with services.ledger.begin() as tx:
        by, site = caller.principal, _site(tx, caller, form)
        once.begin(tx, caller)
        people = tuple(one.to_domain() for one in form.people)
        wanted = Wanted(
            site=site,
            kind=form.kind,
            title=form.title.to_domain(),
            severity=form.severity,
            at=form.at,
            people=people or (Involved(Part.REPORTER, by.display_name or by.name, by.name),),
            note=form.note,
            asset=form.asset,
            location=form.location,
            work_order=form.work_order,
            plan=form.emergency_plan,
        )
        incident = open_incident(tx, wanted, by.name, services.clock.now())
        response.headers["Location"] = f"/api/v1/incidents/{incident.id}"
        shown = _answer(tx, services, response, incident)
        return once.keep(tx, shown, response.headers)


def _site(tx: MaintenanceTx, caller: Access, form: IncidentCreate) -> str:
    """The site of an incident to be opened, on which the caller may."""
    site = form.site
    if form.work_order is not None:
        order = tx.orders.get(form.work_order)
        caller.require_order_sight(order.site, order.contractor)
        site = site or order.site
    elif form.asset is not None:
        site = site or visible_asset(tx, caller, form.asset).asset.site
    if site is None:
        raise bad_field("site", "missing", "填写站点、设备或工单 / name a site, an asset or a ticket")
    caller.require_change(site)
    return tx.assets.site(site).code


@router.get("/{incident_id}", operation_id="getIncident")
def get_incident(incident_id: str, caller: Viewer, services: Parts, response: Response) -> IncidentDetail:
    """One incident with its stages, list and timeline; its `ETag` is what a change sends as `If-Match`."""
    with services.ledger.read() as tx:
        incident = tx.incidents.get(incident_id)
        caller.require_sight(incident.site)
        shown = _shown(tx, services, incident)
    response.headers["ETag"] = etag(incident.version)
    return shown


@router.patch("/{incident_id}", operation_id="changeIncident")
def patch_incident(
    incident_id: str,
    form: IncidentChange,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> IncidentDetail:
    """Change title, severity, place or emergency plan. 412 when somebody else was faster."""
    with services.ledger.begin() as tx:
        before = _locked(tx, caller, incident_id)
        current, names = _shown(tx, services, before), sorted(form.model_fields_set)
        require_version(expected_version(if_match), current, before.version, names, "incident")
        if form.location is not None and form.location not in {p.key for p in tx.assets.locations(before.site)}:
            raise bad_field("location", "unknown_location", "该站点没有此位置 / there is no such place on the site")

        def rule(incident: Incident) -> Incident:
            refuse_closed(incident)
            if form.emergency_plan is not None:
                incident = take_plan(tx, incident, form.emergency_plan)
            title = form.named()
            return replace(
                incident,
                title=title if title is not None and title.zh else incident.title,
                severity=form.severity or incident.severity,
                location=form.location or incident.location,
            )

        return _answer(tx, services, response, change(tx, before, rule))


@router.post("/{incident_id}/stages", operation_id="moveIncident")
def post_stage(
    incident_id: str,
    form: StageRequest,
    caller: Technician,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> IncidentDetail:
    """Reach the next stage: report > command > on_site > coordination > closing; coordination may be left out with a
    note. 409 for a stage that does not follow, 422 naming what is missing. Closing needs a supervisor and freezes the
    whole as a record. With `If-Match`, 412 when it has changed."""
    now, by = services.clock.now(), caller.principal.name
    people = tuple(one.to_domain() for one in form.people)
    lessons = None if form.lessons is None else form.lessons.to_domain()
    with services.ledger.begin() as tx:
        before = _locked(tx, caller, incident_id)
        _unchanged(tx, services, before, if_match, "stage")

        def rule(incident: Incident) -> Incident:
            return advanced(
                incident, form.stage, at=form.at, people=people, note=form.note, by=by, now=now, lessons=lessons
            )

        if form.stage is not Stage.CLOSING:
            return _answer(tx, services, response, change(tx, before, rule))
        caller.raised(Role.SUPERVISOR).require_site(before.site)
        return _answer(tx, services, response, close(tx, before, rule, by, now))


@router.post("/{incident_id}/stages/{stage}/corrections", operation_id="correctIncidentStage")
def post_correction(
    incident_id: str,
    stage: Stage,
    form: CorrectionRequest,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> IncidentDetail:
    """Put a reached stage right. What it said before is kept."""
    now, by = services.clock.now(), caller.principal.name
    people = None if form.people is None else tuple(one.to_domain() for one in form.people)
    with services.ledger.begin() as tx:
        before = _locked(tx, caller, incident_id)
        _unchanged(tx, services, before, if_match, "stages")

        def rule(incident: Incident) -> Incident:
            return corrected(
                incident, stage, at=form.at, people=people, note=form.note, reason=form.reason, by=by, now=now
            )

        return _answer(tx, services, response, change(tx, before, rule))


@router.post("/{incident_id}/items/{item}", operation_id="markIncidentItem")
def post_mark(
    incident_id: str, item: str, form: MarkRequest, caller: Technician, services: Parts, response: Response
) -> IncidentDetail:
    """Say what became of an item of the plan's list. Marks of several people at one moment are all kept."""
    now, by = services.clock.now(), caller.principal.name
    with services.ledger.begin() as tx:
        before = _locked(tx, caller, incident_id)
        after = change(
            tx, before, lambda one: marked(one, item, form.outcome, at=form.at, note=form.note, by=by, now=now)
        )
        return _answer(tx, services, response, after)


@router.post("/{incident_id}/notes", operation_id="addIncidentNote")
def post_note(
    incident_id: str, form: NoteRequest, caller: Technician, services: Parts, once: OnlyOnce, response: Response
) -> IncidentDetail:
    """Add a line to the timeline."""
    now, by = services.clock.now(), caller.principal.name
    with services.ledger.begin() as tx:
        before = _locked(tx, caller, incident_id)
        once.begin(tx, caller)
        after = change(tx, before, lambda one: noted(one, form.text, at=form.at, by=by, now=now))
        shown = _answer(tx, services, response, after)
        return once.keep(tx, shown, response.headers)


def _locked(tx: MaintenanceTx, caller: Access, incident_id: str) -> Incident:
    try:
        incident = tx.incidents.lock(incident_id)
    except NotFound:
        raise NotFound("there is no such incident") from None
    caller.require_change(incident.site)
    return incident


def _unchanged(tx: MaintenanceTx, services: Services, before: Incident, if_match: str | None, field: str) -> None:
    if if_match is not None:
        require_version(expected_version(if_match), _shown(tx, services, before), before.version, [field], "incident")


def _shown(tx: MaintenanceTx, services: Services, incident: Incident) -> IncidentDetail:
    return IncidentDetail.whole(incident, services.directory.refs(tx)(incident.asset))


def _answer(tx: MaintenanceTx, services: Services, response: Response, incident: Incident) -> IncidentDetail:
    response.headers["ETag"] = etag(incident.version)
    return _shown(tx, services, incident)
