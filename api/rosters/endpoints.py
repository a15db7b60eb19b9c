"""Shifts, their exceptions, and who works when."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from api.access import Supervisor, Technician
from api.paging import bad_field, cut_in_order
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.rosters.schemas import (
    DutyList,
    DutyOut,
    DutyQuery,
    OnShiftQuery,
    RosterWarningOut,
    Shift,
    ShiftCreate,
    ShiftEdit,
    ShiftException,
    ShiftExceptionIn,
    ShiftExceptionList,
    ShiftList,
    ShiftQuery,
    Swap,
    WarningList,
    WarningQuery,
)
from api.services import Parts, Services
from maintenance.people.owners import known_department
from maintenance.people.rostering import duties_on, save_change, save_changes, save_shift, warnings_of
from maintenance.people.rosters import ChangeKind, Duty, ShiftChange, who_is_on
from maintenance.people.rosters import Shift as DomainShift
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key

router = APIRouter(prefix="/api/v1/rosters", tags=["people"], route_class=BeginAgain)
MOST_DAYS = 62


@router.get("/shifts", operation_id="listShifts")
def list_shifts(query: Annotated[ShiftQuery, Query()], caller: Technician, services: Parts) -> ShiftList:
    """The shifts of a site, by department and beginning."""
    caller.require_site(query.site)
    with services.ledger.read() as tx:
        found = [s for s in tx.people.shifts(query.site) if query.department in {None, s.department}]
    page = cut_in_order(found, query, lambda s: s.id)
    return ShiftList(items=[Shift.of(s) for s in page.items], next_cursor=page.next_cursor)


@router.post("/shifts", operation_id="createShift", status_code=201)
def create_shift(form: ShiftCreate, caller: Supervisor, services: Parts, response: Response) -> Shift:
    """Add a shift. 422 for one of no length, an unknown person or one without a grant on the site; 409 when somebody
    would work two shifts at once."""
    caller.require_site(form.site)
    with services.ledger.begin() as tx:
        given = form.model_dump(exclude={"name", "department"})
        department = known_department(tx, form.site, form.department)
        caller.require_site(form.site, [department])
        made = DomainShift(id=new_key(), name=form.name.to_domain(), department=department, **given)
        stored = save_shift(tx, made, _today(tx, services, form.site))
    response.headers["ETag"] = etag(stored.version)
    return Shift.of(stored)


def _today(tx: MaintenanceTx, services: Services, site: str) -> date:
    return services.clock.now().astimezone(ZoneInfo(tx.assets.site(site).time_zone)).date()


@router.patch("/shifts/{shift_id}", operation_id="changeShift")
def change_shift(
    shift_id: str, form: ShiftEdit, caller: Supervisor, services: Parts, response: Response, if_match: IfMatch = None
) -> Shift:
    """Change a shift."""
    expected = expected_version(if_match)
    with services.ledger.begin() as tx:
        stored = tx.people.shift(shift_id)
        caller.require_change(stored.site, [stored.department])
        require_version(expected, Shift.of(stored), stored.version, sorted(form.model_fields_set), "shift")
        given: dict[str, Any] = {name: getattr(form, name) for name in form.model_fields_set}
        can_be_none = {"valid_until", "cycle_days"}
        given = {name: value for name, value in given.items() if value is not None or name in can_be_none}
        if form.name is not None:
            given["name"] = form.name.to_domain()
        stored = save_shift(tx, replace(stored, **given), _today(tx, services, stored.site), expected)
    response.headers["ETag"] = etag(stored.version)
    return Shift.of(stored)


@router.delete("/shifts/{shift_id}", operation_id="deleteShift", status_code=204)
def delete_shift(shift_id: str, caller: Supervisor, services: Parts) -> None:
    """Take a shift away with its exceptions, as if it had never been. One that is over ends by `valid_until`."""
    with services.ledger.begin() as tx:
        stored = tx.people.shift(shift_id)
        caller.require_change(stored.site, [stored.department])
        tx.people.drop_shift(shift_id)


@router.post("/shifts/{shift_id}/exceptions", operation_id="createShiftException", status_code=201)
def create_exception(shift_id: str, form: ShiftExceptionIn, caller: Supervisor, services: Parts) -> ShiftException:
    """What is different on one day. 409 for somebody who does not work that shift on that day, or who would work two
    at once."""
    with services.ledger.begin() as tx:
        shift = tx.people.shift(shift_id)
        caller.require_change(shift.site, [shift.department])
        change = ShiftChange(
            new_key(), shift_id, form.day, form.kind, form.user, form.other, form.reason, caller.principal.name,
            services.clock.now(),
        )  # fmt: skip
        save_change(tx, change)
    return ShiftException.of(change)


@router.delete("/exceptions/{exception_id}", operation_id="deleteShiftException", status_code=204)
def delete_exception(exception_id: str, caller: Supervisor, services: Parts) -> None:
    """The day is as the shift has it again."""
    with services.ledger.begin() as tx:
        shift = tx.people.shift(tx.people.shift_change(exception_id).shift)
        caller.require_change(shift.site, [shift.department])
        tx.people.drop_shift_change(exception_id)


@router.post("/swaps", operation_id="swapShifts", status_code=201)
def swap_shifts(form: Swap, caller: Supervisor, services: Parts) -> ShiftExceptionList:
    """Two people change shifts, both or neither."""
    now, by = services.clock.now(), caller.principal.name
    with services.ledger.begin() as tx:
        for side in (form.one, form.other):
            shift = tx.people.shift(side.shift)
            caller.require_change(shift.site, [shift.department])
        changes = [
            ShiftChange(
                new_key(), mine.shift, mine.day, ChangeKind.REPLACE, mine.user, theirs.user, form.reason, by, now
            )
            for mine, theirs in ((form.one, form.other), (form.other, form.one))
        ]
        save_changes(tx, changes)
    return ShiftExceptionList(items=[ShiftException.of(change) for change in changes])


@router.get("/duties", operation_id="listDuties")
def list_duties(query: Annotated[DutyQuery, Query()], caller: Technician, services: Parts) -> DutyList:
    """Who works when: shifts with their exceptions and days off, as instants."""
    caller.require_site(query.site)
    _check_days(query.start, query.end)
    with services.ledger.read() as tx:
        departments = {s.id: s.department for s in tx.people.shifts(query.site)}
        found = [
            duty
            for duty in duties_on(tx, query.site, query.start, query.end)
            if query.user in {None, duty.user} and query.department in {None, departments[duty.shift]}
        ]
    page = cut_in_order(found, query, _place)
    return DutyList(items=[DutyOut.of(duty) for duty in page.items], next_cursor=page.next_cursor)


@router.get("/on-shift", operation_id="listOnShift")
def list_on_shift(query: Annotated[OnShiftQuery, Query()], caller: Technician, services: Parts) -> DutyList:
    """Who is on shift at an instant."""
    caller.require_site(query.site)
    at = query.at or services.clock.now()
    with services.ledger.read() as tx:
        zone = ZoneInfo(tx.assets.site(query.site).time_zone)
        day = at.astimezone(zone).date()
        before = date.fromordinal(day.toordinal() - 1)
        shifts = [s for s in tx.people.shifts(query.site) if query.department in {None, s.department}]
        changes = tx.people.shift_changes(before, day, [s.id for s in shifts])
        found = who_is_on(at, shifts, changes, tx.people.absences(before, day), zone)
    page = cut_in_order(found, query, _place)
    return DutyList(items=[DutyOut.of(duty) for duty in page.items], next_cursor=page.next_cursor)


@router.get("/warnings", operation_id="listRosterWarnings")
def list_warnings(query: Annotated[WarningQuery, Query()], caller: Technician, services: Parts) -> WarningList:
    """Shifts with too few people, people who are switched off, a fire control room without two certified people or
    without a shift."""
    caller.require_site(query.site)
    _check_days(query.start, query.end)
    with services.ledger.read() as tx:
        found = warnings_of(tx, query.site, query.start, query.end)
    page = cut_in_order(found, query, lambda w: f"{w.code} {w.shift} {w.day} {w.text.en}")
    return WarningList(items=[RosterWarningOut.of(one) for one in page.items], next_cursor=page.next_cursor)


def _place(duty: Duty) -> str:
    return f"{duty.starts_at.isoformat()} {duty.user} {duty.shift}"


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise bad_field("to", "before_from", "should not be before from")
    if (last - first).days >= MOST_DAYS:
        raise bad_field("to", "too_long", f"should be within {MOST_DAYS} days of from")
