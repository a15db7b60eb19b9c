"""How often repairs had to be repeated, how satisfied owners are, what was booked."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from api.access import Supervisor, Viewer
from api.paging import bad_field, cut_in_order
from api.retrying import BeginAgain
from api.services import Parts
from api.work_figures.schemas import (
    Booking,
    BookingList,
    BookingQuery,
    Period,
    RepeatQuery,
    RepeatRate,
    RepeatRateList,
    Satisfaction,
)
from maintenance.seed.codes import targets
from maintenance.work.owner_reports import satisfaction
from maintenance.work.repairs import repeat_rates

router = APIRouter(prefix="/api/v1", tags=["work orders"], route_class=BeginAgain)

LONGEST = timedelta(days=731)


@router.get("/repairs/repeat-rate", operation_id="getRepeatRate")
def get_repeat_rate(query: Annotated[RepeatQuery, Query()], caller: Supervisor, services: Parts) -> RepeatRateList:
    """How often the fault was there again after a repair: by month, department or person."""
    _check(query)
    with services.ledger.read() as tx:
        past = tx.repairs.completed(caller.scope, query.start, query.end, query.site)
        zones = {site.code: ZoneInfo(site.time_zone) for site in tx.assets.sites()}
    page = cut_in_order(repeat_rates(past, query.by, zones.__getitem__), query, lambda rate: rate.who)
    return RepeatRateList(items=[RepeatRate.of(rate) for rate in page.items], next_cursor=page.next_cursor)


@router.get("/satisfaction", operation_id="getSatisfaction")
def get_satisfaction(query: Annotated[Period, Query()], caller: Viewer, services: Parts) -> Satisfaction:
    """How satisfied those are who reported something: their stars for closed work."""
    _check(query)
    with services.ledger.read() as tx:
        stars = tx.owner_reports.stars(caller.scope, query.start, query.end, query.site)
    return Satisfaction.of(satisfaction(stars), targets()["satisfaction_percent"].value / 100)


@router.get("/cost-bookings", operation_id="listCostBookings")
def list_bookings(query: Annotated[BookingQuery, Query()], caller: Supervisor, services: Parts) -> BookingList:
    """What work orders cost, on the lines of the budget."""
    _check(query)
    with services.ledger.read() as tx:
        found = tx.work_records.bookings(caller.scope, query.start, query.end, query.site, query.work_order)
    page = cut_in_order(found, query, lambda booking: booking.id)
    return BookingList(items=[Booking.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


def _check(period: Period) -> None:
    if not timedelta(0) < period.end - period.start <= LONGEST:
        raise bad_field("to", "bad_span", "应在 from 之后两年内 / should be after from, by two years at most")
