"""The application: every resource behind one envelope."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from api.alarms.endpoints import router as alarms
from api.assets.endpoints import router as assets
from api.audit.endpoints import of_assets as asset_history
from api.audit.endpoints import router as audit
from api.budgets.endpoints import router as budgets
from api.channels.endpoints import router as channels
from api.channels.notifications import router as notifications
from api.classes.endpoints import router as classes
from api.contractors.endpoints import router as contractors
from api.custom_fields.endpoints import router as custom_fields
from api.dead_letters.endpoints import router as dead_letters
from api.dead_letters.summary import router as dead_letter_summary
from api.departments.endpoints import router as departments
from api.devices.endpoints import router as devices
from api.emergency_plans.endpoints import router as emergency_plans
from api.episodes.endpoints import router as episodes
from api.events.endpoints import router as events
from api.events.hub import LiveHub
from api.events.schemas import LiveMessage
from api.figures.endpoints import router as figures
from api.files.endpoints import router as files
from api.gaps.endpoints import router as gaps
from api.health.endpoints import router as health
from api.imports.endpoints import router as imports
from api.incidents.drills import router as drills
from api.incidents.endpoints import router as incidents
from api.ingest.endpoints import router as ingest
from api.labels.endpoints import router as labels
from api.licences.endpoints import router as licences
from api.locations.endpoints import router as locations
from api.loop_tests.endpoints import router as loop_tests
from api.maintenance.endpoints import router as maintenance
from api.metrics import Metrics
from api.middleware import Envelope
from api.occurrences.endpoints import router as occurrences
from api.on_call.endpoints import router as on_call
from api.once import install_replays
from api.parts.endpoints import router as parts
from api.plan.coverage import router as coverage
from api.plan.endpoints import router as plan
from api.plan.versions import router as plan_versions
from api.plan_changes.endpoints import router as plan_changes
from api.points.endpoints import router as points
from api.problems import install
from api.public.endpoints import router as public
from api.public.pages import router as fault_pages
from api.public.staff import router as owner_reports
from api.readings.endpoints import router as readings
from api.records.endpoints import router as records
from api.reports.endpoints import router as reports
from api.risk.endpoints import router as risk
from api.rosters.endpoints import router as rosters
from api.seed.endpoints import router as seed
from api.services import Services
from api.session.endpoints import router as session
from api.shapes import Problem
from api.sites.endpoints import router as sites
from api.sla.endpoints import router as sla
from api.sources.endpoints import router as sources
from api.staff.certificates import router as certificates
from api.staff.endpoints import router as staff
from api.sync.endpoints import router as sync
from api.sync.schemas import Operation
from api.users.endpoints import router as users
from api.webapp import router as webapp
from api.work_figures.endpoints import router as work_figures
from api.work_orders.batches import router as work_order_batches
from api.work_orders.endpoints import router as work_orders
from api.work_orders.people import router as work_order_people
from api.work_orders.records import router as work_order_records
from api.work_orders.words import router as work_order_words
from plantroom import __version__

API_ROUTERS: tuple[APIRouter, ...] = (
    session,
    sites,
    locations,
    labels,
    assets,
    points,
    custom_fields,
    parts,
    licences,
    files,
    readings,
    work_orders,
    episodes,
    alarms,
    dead_letter_summary,
    dead_letters,
    gaps,
    ingest,
    plan,
    coverage,
    plan_versions,
    plan_changes,
    budgets,
    occurrences,
    seed,
    sync,
    events,
    classes,
    users,
    devices,
    health,
    sources,
    loop_tests,
    maintenance,
    departments,
    staff,
    certificates,
    contractors,
    rosters,
    on_call,
    work_order_people,
    audit,
    asset_history,
    records,
    imports,
    emergency_plans,
    work_order_words,
    sla,
    channels,
    notifications,
    work_order_records,
    work_order_batches,
    work_figures,
    figures,
    reports,
    owner_reports,
    public,
    incidents,
    drills,
    risk,
)
OPENAPI_URL = "/api/v1/openapi.json"


class _App(FastAPI):
    """FastAPI whose OpenAPI document names our errors instead of the framework's."""

    def openapi(self) -> dict[str, Any]:
        """The document, made at the first call."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_problems(super().openapi())
        return self.openapi_schema


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= made.pop("$defs", {}) | {"Problem": made}
    schemas["LiveMessage"] = LiveMessage.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Operation"] = Operation.model_json_schema(ref_template="#/components/schemas/{model}")
    answer = {
        "description": "What is wrong (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = answer
    return document


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    begin_shutdown(app)


@cache
def _routes() -> list[BaseRoute]:
    """Of every application of this process. What a route takes and gives is found at its first request, half a second
    for all of them: once, however many applications there are."""
    everything = APIRouter()
    for router in (*API_ROUTERS, fault_pages):
        everything.include_router(router)
    return everything.routes


def create_app(services: Services) -> FastAPI:
    """The whole application. Connects to nothing; ``services.ledger`` and ``services.readings`` are opened and
    closed by whoever made them."""
    metrics = Metrics(services)
    app = _App(
        title="Plantroom",
        version=__version__,
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        routes=_routes(),
    )
    app.state.services = services
    app.state.metrics = metrics
    app.state.live = LiveHub(services.ledger)
    install(app)
    install_replays(app)
    app.include_router(webapp)  # takes every path that is left, behind that of the OpenAPI document
    app.add_middleware(Envelope, metrics=metrics)
    return app


def begin_shutdown(app: FastAPI) -> None:
    """End the live streams, so that a server that waits for open connections can stop. Call it from any thread
    before the server is told to stop; calling it twice is allowed."""
    hub: LiveHub = app.state.live
    hub.close()
