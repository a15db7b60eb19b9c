"""Budgets: what is approved, forecast, spent, ordered; rates; forecasts."""

from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor
from api.budgets.schemas import (
    Budget,
    BudgetChange,
    BudgetCreate,
    BudgetList,
    BudgetQuery,
    Forecast,
    ForecastRequest,
    ForecastSource,
    HourlyRate,
    RateChange,
)
from api.paging import bad_field, cut_in_order
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts, Services
from maintenance.budget.checking import store_forecast
from maintenance.budget.forecasting import check_year
from maintenance.budget.measuring import Line, Measured, measure
from maintenance.budget.model import Budget as DomainBudget
from maintenance.budget.model import Rate
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from plantroom.domain.assets import Site
from plantroom.domain.keys import new_key

router = APIRouter(prefix="/api/v1/budgets", tags=["budgets"], route_class=BeginAgain)


@router.get("", operation_id="listBudgets")
def list_budgets(query: Annotated[BudgetQuery, Query()], caller: Supervisor, services: Parts) -> BudgetList:
    """The lines of a site's year as they stand."""
    caller.require_change(query.site)
    with services.ledger.read() as tx:
        site = tx.assets.site(query.site)
        year = query.year or _present(services, site)
        found = measure(tx, site, year, services.planning_now(), services.classes_of_systems())
    page = cut_in_order(found.lines, query, lambda line: f"{line.line}\n{line.system}")
    forecast = found.forecast
    return BudgetList(
        site=site.code,
        year=year,
        hourly_rate=found.rate.hourly_rate,
        forecast_at=None if forecast is None else forecast.computed_at,
        items=[Budget.of(line, site.code, year, foreseen=forecast is not None) for line in page.items],
        next_cursor=page.next_cursor,
    )


@router.post("", operation_id="createBudget", status_code=201)
def create_budget(form: BudgetCreate, caller: Supervisor, services: Parts, response: Response) -> Budget:
    """Approve an amount for a line of a site's year."""
    caller.require_change(form.site)
    if form.system is not None and form.system not in services.systems:
        raise bad_field("system", "unknown_system", f"should be one of {', '.join(services.systems)}")
    made = DomainBudget(
        id=new_key(),
        site=form.site,
        year=form.year,
        line=form.line,
        system=form.system or "",
        approved=form.approved,
        approved_by=caller.principal.name,
        approved_at=services.clock.now(),
        warn_percent=form.warn_percent,
        note=form.note,
    )
    with services.ledger.begin() as tx:
        tx.budgets.add(made)
        _note(tx, made)
        shown = _shown(tx, services, made)
    response.headers["ETag"] = etag(made.version)
    response.headers["Location"] = f"/api/v1/budgets/{made.id}"
    return shown


@router.get("/forecast", operation_id="budgetForecast")
def get_forecast(query: Annotated[BudgetQuery, Query()], caller: Supervisor, services: Parts) -> Forecast:
    """Where the forecast of a site's year comes from, source by source."""
    caller.require_change(query.site)
    with services.ledger.read() as tx:
        site = tx.assets.site(query.site)
        year = query.year or _present(services, site)
        found = tx.budgets.forecast(site.code, year)
    items = () if found is None else found.items
    page = cut_in_order(items, query, lambda item: f"{item.line}\n{item.system}\n{item.source}\n{item.asset}")
    return Forecast(
        site=site.code,
        year=year,
        computed_at=None if found is None else found.computed_at,
        hourly_rate=None if found is None else found.hourly_rate,
        total=round(sum(item.total for item in items), 2),
        items=[ForecastSource.of(item) for item in page.items],
        next_cursor=page.next_cursor,
    )


@router.post("/forecast", operation_id="makeBudgetForecast")
def make_forecast(form: ForecastRequest, caller: Supervisor, services: Parts) -> Forecast:
    """Make a forecast now instead of at the next tick, and give its first page."""
    caller.require_change(form.site)
    with services.ledger.read() as tx:
        site = tx.assets.site(form.site)
    now = services.planning_now()
    check_year(form.year, local_day(now, ZoneInfo(site.time_zone)))
    systems, readings = services.classes_of_systems(), services.plan_readings
    store_forecast(services.ledger, site, form.year, now, systems, services.classes, readings)
    return get_forecast(BudgetQuery(site=form.site, year=form.year), caller, services)


@router.get("/rates/{site}", operation_id="getHourlyRate")
def get_rate(site: str, caller: Supervisor, services: Parts, response: Response) -> HourlyRate:
    """What an hour of a site's own people costs."""
    caller.require_change(site)
    with services.ledger.read() as tx:
        tx.assets.site(site)
        found = tx.budgets.rate(site)
    response.headers["ETag"] = etag(found.version)
    return HourlyRate.of(found)


@router.put("/rates/{site}", operation_id="setHourlyRate")
def set_rate(
    site: str, form: RateChange, caller: Supervisor, services: Parts, response: Response, if_match: IfMatch = None
) -> HourlyRate:
    """Say what an hour of a site's own people costs. Forecasts are made anew within minutes."""
    caller.require_change(site)
    expected = expected_version(if_match)
    with services.ledger.begin() as tx:
        tx.assets.site(site)
        known = tx.budgets.rate(site)
        require_version(expected, HourlyRate.of(known), known.version, ["hourly_rate"], "hourly rate")
        written = tx.budgets.put_rate(Rate(site, form.hourly_rate), expected)
        tx.live.note("budget", site, {"rate": form.hourly_rate})
    response.headers["ETag"] = etag(written.version)
    return HourlyRate.of(written)


@router.get("/{budget_id}", operation_id="getBudget")
def get_budget(budget_id: str, caller: Supervisor, services: Parts, response: Response) -> Budget:
    """One line with an approved amount; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        found = _visible(tx, caller, budget_id)
        shown = _shown(tx, services, found)
    response.headers["ETag"] = etag(found.version)
    return shown


@router.patch("/{budget_id}", operation_id="changeBudget")
def change_budget(
    budget_id: str,
    form: BudgetChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Budget:
    """Approve another amount, or warn at another share of it."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, budget_id)
        expected = expected_version(if_match)
        shown = _shown(tx, services, stored)
        require_version(expected, shown, stored.version, sorted(form.model_fields_set), "budget")
        changed = _changed(stored, form)
        if (changed.approved, changed.warn_percent) != (stored.approved, stored.warn_percent):
            changed = replace(
                changed,
                approved_by=caller.principal.name,
                approved_at=services.clock.now(),
                revision=stored.revision + 1,
            )
        written = tx.budgets.update(changed, expected)
        _note(tx, written)
        shown = _shown(tx, services, written)
    response.headers["ETag"] = etag(written.version)
    return shown


def _changed(stored: DomainBudget, form: BudgetChange) -> DomainBudget:
    return replace(
        stored,
        approved=stored.approved if form.approved is None else form.approved,
        warn_percent=stored.warn_percent if form.warn_percent is None else form.warn_percent,
        note=stored.note if form.note is None else form.note,
    )


def _visible(tx: MaintenanceTx, caller: Access, budget_id: str) -> DomainBudget:
    found = tx.budgets.get(budget_id)
    caller.require_change(found.site)
    return found


def _shown(tx: MaintenanceTx, services: Services, budget: DomainBudget) -> Budget:
    site = tx.assets.site(budget.site)
    found: Measured = measure(tx, site, budget.year, services.planning_now(), services.classes_of_systems())
    line: Line = next(one for one in found.lines if one.budget is not None and one.budget.id == budget.id)
    return Budget.of(line, budget.site, budget.year, foreseen=found.forecast is not None)


def _present(services: Services, site: Site) -> int:
    return local_day(services.planning_now(), ZoneInfo(site.time_zone)).year


def _note(tx: MaintenanceTx, budget: DomainBudget) -> None:
    tx.live.note("budget", budget.site, {"id": budget.id, "line": budget.line, "year": budget.year})
