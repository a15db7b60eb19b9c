"""Figures of the API for Prometheus, one registry per application."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.channels.metrics import families as of_notifications
from api.ingest.metrics import families
from api.ingest.reports import Reports, reports
from api.services import Services
from maintenance.scheduled import JobFigures
from plantroom.errors import Unreachable

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counts and latencies of requests by method and route template; collectors' figures as they report them."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "plantroom_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "plantroom_http_request_seconds",
            "Time to the end of the answer",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_Gauges(services))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answered request. ``route`` is a template, never a path, so that labels stay few."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        reachable = GaugeMetricFamily("plantroom_ledger_reachable", "1 when the ledger could be read")
        try:
            found = reports(self._services)
        except Unreachable:
            found = Reports([], self._services.clock.now())
            reachable.add_metric([], 0)
        else:
            reachable.add_metric([], 1)
        yield reachable
        yield from families(found.told, found.now)
        yield from of_notifications(self._services)
        for name, value in self._services.figures().items():
            yield GaugeMetricFamily(name, "Of this process", value=value)
        yield from _job_families(self._services.jobs())


def _job_families(jobs: Mapping[str, JobFigures]) -> Iterable[Metric]:
    runs = CounterMetricFamily("plantroom_job_runs", "Runs of the scheduler's jobs", labels=["job"])
    failures = CounterMetricFamily("plantroom_job_failures", "Runs that failed", labels=["job"])
    last = GaugeMetricFamily("plantroom_job_last_success_timestamp_seconds", "When it last succeeded", labels=["job"])
    seconds = GaugeMetricFamily("plantroom_job_seconds", "How long the last run took", labels=["job"])
    for name, seen in jobs.items():
        runs.add_metric([name], seen.runs)
        failures.add_metric([name], seen.failures)
        if seen.succeeded_s is not None:
            last.add_metric([name], seen.succeeded_s)
        if seen.seconds is not None:
            seconds.add_metric([name], seen.seconds)
    yield from (runs, failures, last, seconds)
