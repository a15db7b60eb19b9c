"""Alarms: what stands, and what people do with it. What is wrong stands in the episodes alone."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Technician, Viewer
from api.alarms.schemas import (
    Alarm,
    AlarmList,
    AlarmPerformance,
    AlarmQuery,
    FloodList,
    FloodQuery,
    MadeShelf,
    PerformanceQuery,
    Shelf,
    ShelfList,
    ShelfQuery,
    ShelveRequest,
)
from api.alarms.shaping import shape_actor, shape_alarms, shape_flood, shape_shelves
from api.paging import bad_field, cut, page_request
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.alarm_figures import STALE_AFTER, performance
from maintenance.alarm_list import Alarm as ListedAlarm
from maintenance.alarm_list import alarm_list, alarm_of
from maintenance.alarm_rules import AlarmState
from maintenance.ports import MaintenanceTx
from maintenance.shelving import Wish, acknowledge, shelve_anew, unshelve
from maintenance.stranger_alarms import stranger_alarm
from plantroom.domain.alarms import urgency
from plantroom.errors import NotFound

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"], route_class=BeginAgain)

LAST = timedelta(days=7)
LONGEST = timedelta(days=92)
LOOKED_AT = 100_000
"""How many alarms the figures look at; a site with more in that time has other worries."""


def _place(alarm: ListedAlarm) -> str:
    return f"{alarm.since.isoformat(timespec='microseconds')} {alarm.episode.id}"


def _urgent_place(alarm: ListedAlarm) -> str:
    return f"{urgency(alarm.priority)} {_place(alarm)}"


PLACES = {"opened_at": _place, "priority": _urgent_place}


def _words(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(part.strip() for part in text.split(","))


@router.get("", operation_id="listAlarms")
def list_alarms(query: Annotated[AlarmQuery, Query()], caller: Viewer, services: Parts) -> AlarmList:
    """What is wrong right now by a limit, a rule or silence: what is shelved or suppressed is among it, and says so. So
    are safety events of devices that the ledger does not know, with an empty `asset`."""
    states, priorities = _words(query.alarm_state), _words(query.priority)
    returned = states is not None and AlarmState.RETURNED_UNACKNOWLEDGED.value in states
    ordered = query.model_copy(update={"sort": query.sort or "-opened_at"})
    place = PLACES.get(str(ordered.sort).removeprefix("-"), _place)
    now = services.clock.now()
    with services.ledger.read() as tx:
        plant = services.directory.plant(tx)
        listed = alarm_list(tx, caller.scope, plant, now, site=query.site, asset=query.asset, returned=returned)
        found = [
            one
            for one in listed
            if (states is None or one.state.value in states)
            and (priorities is None or one.priority.value in priorities)
        ]
        page = cut(found, ordered, place, list(PLACES))
        items = shape_alarms(tx, services, page.items)
    return AlarmList(items=items, next_cursor=page.next_cursor)


@router.get("/shelves", operation_id="listShelvedAlarms")
def list_shelves(query: Annotated[ShelfQuery, Query()], caller: Viewer, services: Parts) -> ShelfList:
    """What people have shelved, those that are over too: who, when, why, until when, and who ended it."""
    with services.ledger.read() as tx:
        page = tx.alarms.shelves(caller.scope, page_request(query), query.site, query.standing)
        items = shape_shelves(tx, services, page.items)
    return ShelfList(items=items, next_cursor=page.next_cursor)


@router.get("/floods", operation_id="listAlarmFloods")
def list_floods(query: Annotated[FloodQuery, Query()], caller: Viewer, services: Parts) -> FloodList:
    """Times with more alarms than a person can take in, each with what came first and what they may share."""
    with services.ledger.read() as tx:
        page = tx.alarms.floods(caller.scope, page_request(query), query.site)
        items = [shape_flood(tx, services, one, services.clock.now()) for one in page.items]
    return FloodList(items=items, next_cursor=page.next_cursor)


@router.get("/performance", operation_id="getAlarmPerformance")
def get_performance(query: Annotated[PerformanceQuery, Query()], caller: Viewer, services: Parts) -> AlarmPerformance:
    """How many alarms people get, which ring most, which chatter, and which have stood for so long that they say
    nothing any more."""
    now = services.clock.now()
    end = query.end or now
    start = query.start or end - LAST
    if not timedelta(0) < end - start <= LONGEST:
        raise bad_field("from", "bad_span", f"should lie before to, and at most {LONGEST.days} days before it")
    with services.ledger.read() as tx:
        announced = tx.alarms.announced(caller.scope, start, end, LOOKED_AT, query.site)
        plant = services.directory.plant(tx)
        standing = alarm_list(tx, caller.scope, plant, now, site=query.site)
        refs = services.directory.refs(tx)
    figures = performance(announced, start, end)
    own = {name: getattr(figures, name) for name in ("alarms", "per_10min", "peak_10min", "over_limit_share")}
    own |= {name: getattr(figures, name) for name in ("per_day", "by_priority", "top_share")}
    return AlarmPerformance(
        start=start,
        end=end,
        complete=len(announced) < LOOKED_AT,
        top=[shape_actor(refs, one) for one in figures.top],
        chattering=[shape_actor(refs, one) for one in figures.chattering],
        stale=sum(now - one.since > STALE_AFTER for one in standing),
        standing=len(standing),
        shelved=sum(one.state is AlarmState.SHELVED for one in standing),
        **own,
    )


@router.post("/{episode_id}/acknowledge", operation_id="acknowledgeAlarm")
def post_acknowledge(episode_id: str, caller: Technician, services: Parts) -> Alarm:
    """Take note of an alarm; the first who does stands. What comes anew has to be acknowledged again."""
    now = services.clock.now()
    with services.ledger.begin() as tx:
        _require(tx, caller, episode_id)
        acknowledge(tx, episode_id, caller.principal.name, now)
        return _shown(tx, services, episode_id)


@router.post("/{episode_id}/shelve", operation_id="shelveAlarm", status_code=201)
def post_shelve(episode_id: str, form: ShelveRequest, caller: Technician, services: Parts) -> MadeShelf:
    """Keep an alarm from calling anybody and from making a ticket for a while. It goes on being stored and shown; if it
    still stands at the end, the ticket comes then. Shelved anew, it gets the new end: the newer word counts. 409
    for safety alarms: they can never be shelved."""
    now = services.clock.now()
    until = form.until or now + timedelta(minutes=form.minutes or 0)
    wish = Wish(episode_id, until, form.reason, caller.principal.name, form.subjects)
    with services.ledger.begin() as tx:
        _require(tx, caller, episode_id)
        made = shelve_anew(tx, wish, services.directory.plant(tx), services.classes, now)
        shelf, *replaced = shape_shelves(tx, services, [made.shelf, *made.replaced])
        return MadeShelf(**dict(shelf), replaced=replaced)


@router.post("/shelves/{shelf_id}/end", operation_id="unshelveAlarm")
def post_unshelve(shelf_id: str, caller: Technician, services: Parts) -> Shelf:
    """End a shelf before its time; one that is over already is left as it is."""
    now = services.clock.now()
    with services.ledger.begin() as tx:
        shelf = tx.alarms.shelf(shelf_id)
        caller.require_change(shelf.site, [tx.assets.get(shelf.asset).asset.department])
        ended = unshelve(tx, shelf_id, caller.principal.name, services.classes, now)
        return shape_shelves(tx, services, [ended])[0]


def _require(tx: MaintenanceTx, caller: Access, alarm_id: str) -> None:
    stranger = stranger_alarm(tx, alarm_id)
    if stranger is not None:
        caller.require_change(stranger[0].site, [None])
        return
    episode = tx.episodes.get(alarm_id)
    try:
        department = tx.assets.get(episode.asset).asset.department
    except NotFound:
        department = None
    caller.require_change(episode.site, [department])


def _shown(tx: MaintenanceTx, services: Parts, alarm_id: str) -> Alarm:
    listed = alarm_of(tx, alarm_id, services.directory.plant(tx), services.clock.now())
    return shape_alarms(tx, services, [listed])[0]
