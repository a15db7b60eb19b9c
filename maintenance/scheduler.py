"""APScheduler ticks named jobs; it decides nothing. Dates are computed in ``maintenance.recurrence``.

A job is a callable with a period. It is idempotent on the ledger and safe with several schedulers at once, since every
``serve`` process runs them all; one that fails is logged, counted and tried again at its next tick, and costs no other
job anything. What became of each stands in the ledger (``maintenance.scheduled``), where ``plantroom check`` finds it.
Jobs that are not to wait for their period (``at_changes``) have threads of their own (``maintenance.promptly``).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from maintenance.materialise import materialise
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.promptly import Promptly
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.scheduled import PLAN, JobFigures, JobRun
from plantroom.errors import PlantroomError
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

PLAN_EVERY = timedelta(minutes=5)
AT_ONCE = 4
"""Jobs that run beside each other in one process."""

NOTED_EVERY_S = 60.0
"""How often a success of a job ``at_changes`` is written down."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is done again and again. ``run`` is given the present of the planning clock; the first run is at the
    scheduler's start. ``at_changes``: its tick is brought forward when the ledger changes, and where ``run`` gives
    ``True`` there is more to do and it runs again at once."""

    name: str
    every: timedelta
    run: Callable[[datetime], bool | None]
    at_changes: bool = False


class Scheduler:
    """Ticks jobs, the first time at its start. Each job runs in one thread at a time."""

    def __init__(self, ledger: Ledger[MaintenanceTx], clock: Clock, jobs: Sequence[Job]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._figures: dict[str, JobFigures] = {}
        self._lock = threading.Lock()
        self._scheduler: BackgroundScheduler | None = None
        self._promptly: Promptly | None = None
        self._noted: dict[str, float] = {}
        for job in jobs:
            self.add(job)

    def add(self, job: Job) -> None:
        """One more job; before ``start``. ``ValueError`` for a name that is there, or a period that is none."""
        if job.name in self._jobs or job.every <= timedelta():
            raise ValueError(f"job {job.name!r}: the name is taken, or {job.every} is no period")
        self._jobs[job.name] = job
        self._figures[job.name] = JobFigures()

    def start(self) -> None:
        """Begin ticking. A second call changes nothing."""
        if self._scheduler is not None:
            return
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        prompt = [job.name for job in self._jobs.values() if job.at_changes]
        promptly = Promptly(self._ledger, prompt, self._run, self._forward)
        # A slow job is not to keep a prompt one from its tick, and a tick during a run ends at once.
        threads = {"default": ThreadPoolExecutor(AT_ONCE), "prompt": ThreadPoolExecutor(max(1, 2 * len(prompt)))}
        scheduler = BackgroundScheduler(timezone=UTC, executors=threads)
        for job in self._jobs.values():
            scheduler.add_job(
                promptly.tick if job.at_changes else self.tick,
                "interval",
                args=[job.name],
                seconds=job.every.total_seconds(),
                next_run_time=datetime.now(UTC),
                coalesce=True,
                misfire_grace_time=None,
                max_instances=2 if job.at_changes else 1,
                executor="prompt" if job.at_changes else "default",
                id=job.name,
            )
        self._scheduler, self._promptly = scheduler, promptly
        scheduler.start()
        promptly.start()

    def stop(self) -> None:
        """End; waits for runs under way."""
        if self._promptly is not None:
            self._promptly.stop()
            self._promptly = None
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def tick(self, name: str) -> None:
        """One run of a job. Errors are logged and counted: the next tick tries again. ``KeyError``: no such job."""
        self._run(name)

    def _run(self, name: str) -> bool | None:
        """What the job gives, as ``True`` or ``False``; ``None`` where it failed."""
        job, began = self._jobs[name], time.monotonic()
        if not job.at_changes:
            self._note(name, _begun)
        try:
            more = job.run(self._clock.now())
        except PlantroomError as error:
            self._failed(name, error, began)
            return None
        except Exception as error:  # noqa: BLE001 (outermost call of the scheduler's thread: logged and counted)
            self._failed(name, error, began)
            return None
        self._succeeded(job, began)
        return bool(more)

    def _forward(self, name: str) -> None:
        if self._scheduler is not None:
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def _succeeded(self, job: Job, began: float) -> None:
        with self._lock:
            seen, now = self._figures[job.name], time.time()
            self._figures[job.name] = replace(
                seen, runs=seen.runs + 1, succeeded_s=now, seconds=time.monotonic() - began
            )
        # What runs every second would write for nothing else than to say so.
        if not job.at_changes or time.monotonic() >= self._noted.get(job.name, 0.0) + NOTED_EVERY_S:
            self._note(job.name, lambda run, now: replace(run, succeeded_at=now))
            self._noted[job.name] = time.monotonic()

    def figures(self) -> Mapping[str, JobFigures]:
        """What this process has seen of each job."""
        with self._lock:
            return dict(self._figures)

    @property
    def failures(self) -> int:
        """Runs of any job that failed in this process."""
        return sum(seen.failures for seen in self.figures().values())

    def _failed(self, name: str, error: Exception, began: float) -> None:
        with self._lock:
            seen = self._figures[name]
            self._figures[name] = replace(
                seen, runs=seen.runs + 1, failures=seen.failures + 1, seconds=time.monotonic() - began
            )
        structlog.get_logger().error("job_failed", job=name, error=str(error), type=type(error).__name__)
        problem = f"{type(error).__name__}: {error}"
        self._noted.pop(name, None)  # the next success is told, too
        self._note(name, lambda run, now: replace(run, failed_at=now, problem=problem[:500]))

    def _note(self, name: str, change: Callable[[JobRun, datetime], JobRun]) -> None:
        """Write down what became of a job; a ledger that is away is no further failure."""
        with suppress(PlantroomError), self._ledger.begin() as tx:
            now = tx.collect.now()
            tx.jobs.put(change(tx.jobs.runs().get(name) or JobRun(name, now), now))


def _begun(run: JobRun, now: datetime) -> JobRun:
    return replace(run, began_at=now)


def materialise_job(
    ledger: Ledger[MaintenanceTx],
    systems: Systems,
    after: Callable[[Mapping[str, int]], None] | None = None,
    readings: PointReadings = NO_READINGS,
) -> Job:
    """Makes the orders of the plan. ``after`` is called with the counts of each run that succeeded, ``readings`` are
    what meters and credits go by."""

    def run(now: datetime) -> None:
        counts = materialise(ledger, now, systems, readings=readings)
        if after is not None:
            after(counts)

    return Job(PLAN, PLAN_EVERY, run)
