"""Health, readiness and metrics: for load balancers and Prometheus, without signing in."""

from fastapi import APIRouter, Request, Response

from api.health.schemas import Alive, Ready
from api.metrics import Metrics
from api.problems import problem
from api.services import Parts
from plantroom.errors import FieldProblem, Unreachable

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="getHealth")
async def alive() -> Alive:
    """The process answers. Says nothing about what it depends on."""
    return Alive(status="ok")


@router.get("/readyz", operation_id="getReadiness", response_model=Ready)
def ready(services: Parts) -> Ready | Response:
    """200 when every part is ready, else 503 with the reasons in `errors`."""
    try:
        reasons = list(services.readiness())
    except Unreachable as error:
        reasons = [str(error)]
    if not reasons:
        return Ready(status="ready")
    errors = [FieldProblem("", "not_ready", reason) for reason in reasons]
    return problem(503, "; ".join(reasons), "not_ready", errors, {"Retry-After": "1"}, {"reasons": reasons})


@router.get("/metrics", operation_id="getMetrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Figures in Prometheus' text format."""
    own: Metrics = request.app.state.metrics
    return Response(own.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
