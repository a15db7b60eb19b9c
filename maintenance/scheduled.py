"""What became of a job of the scheduler. Plain records; the ticking is in ``maintenance.scheduler``."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last word on a job, whichever process ran it last. Instants are by the ledger's clock; ``problem`` is that of
    the last failure."""

    name: str
    began_at: datetime
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JobFigures:
    """What one process has seen of a job: runs, those that failed, when the last success was (seconds since 1970,
    ``None``: none yet), how long the last run took."""

    runs: int = 0
    failures: int = 0
    succeeded_s: float | None = None
    seconds: float | None = None


PLAN = "materialise"
"""The job that makes orders of the plan."""

STALE_AFTER = timedelta(minutes=30)
"""A plan that nobody has materialised for so long is told of: six ticks (D)."""


def stale_plan(run: JobRun | None, now: datetime) -> str | None:
    """What is to be said of a plan that has not been materialised for long; ``None``: nothing.

    Without a run nobody knows yet: a new ledger, or one of an earlier version.
    """
    if run is None or now - (run.succeeded_at or run.began_at) < STALE_AFTER:
        return None
    said = "never" if run.succeeded_at is None else f"not since {run.succeeded_at:%Y-%m-%d %H:%M} UTC"
    failed = run.failed_at is not None and (run.succeeded_at is None or run.failed_at > run.succeeded_at)
    return f"plan: made into work orders {said}{f' ({run.problem})' if failed else ''}"
