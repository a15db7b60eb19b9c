"""The scheduler's jobs in a process of their own, where they take no turns from those who answer people.

``JobsApart()`` forks before the program has threads of its own (libraries may have theirs, which nothing uses by then),
and what it has forked waits. ``start`` lets the jobs begin, once the ledger is open and up to date. Between the command
and the jobs stands a keeper without threads, which follows a process that dies by another. Both end with the command,
however that ends: the pipe from it closes then. A keeper that is killed takes its process along, and is told of.
"""

import json
import os
import select
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import NoReturn

import structlog

from maintenance.plan_watch import plan_problems
from maintenance.ports import MaintenanceTx
from maintenance.scheduled import STALE_AFTER, JobFigures
from plantroom.bootstrap.memory import settle_memory
from plantroom.ports.ledger import Ledger
from plantroom.settings import Settings

log = structlog.get_logger()

LOOK_S = 0.2
"""How late the keeper notices that the jobs' process, or the command, has ended."""

TELL_S = 1.0
"""How often the jobs' process says what has become of them."""

AGAIN_S = 2.0
"""How long after the end of a process the next one begins."""

AWAY_S = 60.0
"""How long there may be no such process before that is told: one that died once is no reason to send people away."""

STOP_S = 5.0
"""How long jobs under way may take when the command ends. A job that is cut off is done by the next tick, here or
elsewhere: each is idempotent on the ledger."""

NICE = 5
"""How far the jobs stand back behind those who answer people."""

_GO = b"g"


class JobsApart:
    """The process of the jobs, as the command has it. Make it first of all: nothing of ours may run beside a fork.
    ``away_s``: how long there may be no such process before that is told, ``grace`` how long a plan may be stale."""

    def __init__(self, settings: Settings, away_s: float = AWAY_S, grace: timedelta = STALE_AFTER) -> None:
        self._away_s, self._grace_s = away_s, grace.total_seconds()
        self._control: int | None
        control, self._control = os.pipe()
        self._said, said = os.pipe()
        self._figures: Mapping[str, JobFigures] = {}
        self._ended: tuple[float, str] | None = None
        self._started = time.monotonic()
        self._reader: threading.Thread | None = None
        self._keeper: int | None = os.fork()
        if self._keeper == 0:
            os.close(self._control)
            os.close(self._said)
            _keep(settings, control, said)
        os.close(control)
        os.close(said)

    def start(self) -> None:
        """Let the jobs begin."""
        self._reader = threading.Thread(target=self._read, name="jobs-apart", daemon=True)
        self._reader.start()
        if self._control is not None:
            with suppress(BrokenPipeError):  # the keeper was killed
                os.write(self._control, _GO)

    def begin_stop(self) -> None:
        """End the jobs. A second call changes nothing."""
        if self._control is not None:
            control, self._control = self._control, None
            os.close(control)

    def stop(self) -> None:
        """As ``begin_stop``; waits for the end."""
        self.begin_stop()
        if self._keeper is None:
            return
        with suppress(ChildProcessError):
            os.waitpid(self._keeper, 0)
        self._keeper = None
        if self._reader is not None:
            self._reader.join()
        else:
            os.close(self._said)

    def figures(self) -> Mapping[str, JobFigures]:
        """What has become of the jobs since their process began."""
        return self._figures

    def problems(self, ledger: Ledger[MaintenanceTx]) -> list[str]:
        """What is to be said of a process that does not stay, and of a plan that nobody has materialised for long."""
        if self._ended is not None and time.monotonic() - self._ended[0] > self._away_s:
            return [f"jobs: their process does not stay ({self._ended[1]})"]
        if time.monotonic() - self._started < self._grace_s:
            return []
        return plan_problems(ledger)

    def _read(self) -> None:
        with os.fdopen(self._said, encoding="utf-8") as stream:
            for line in stream:
                told = json.loads(line)
                if "ended" in told:
                    self._ended = (time.monotonic() if self._ended is None else self._ended[0], told["ended"])
                    log.error("jobs_process_ended", reason=told["ended"])
                else:
                    self._ended = None
                    self._figures = {name: JobFigures(**one) for name, one in told["jobs"].items()}
        if self._control is not None:
            self._ended = (time.monotonic(), "its keeper was killed; start the command again")
            log.error("jobs_process_ended", reason="its keeper was killed")


def _keep(settings: Settings, control: int, said: int) -> NoReturn:
    """The keeper: a process of the jobs after the other, until the command has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.read(control, 1) != _GO:
        os._exit(0)
    own = os.getpid()
    while True:
        number = os.fork()
        if number == 0:
            os.close(control)
            _work_and_exit(settings, said, own)
        status = _wait(number, control)
        if status is None:
            os._exit(0)
        with suppress(OSError):
            os.write(said, f"{json.dumps({'ended': _how(status)})}\n".encode())
        if select.select([control], [], [], AGAIN_S)[0]:
            os._exit(0)


def _wait(number: int, control: int) -> int | None:
    """How a process has ended by itself; ``None``: the command has gone, and it with that."""
    while True:
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            return status
        if select.select([control], [], [], LOOK_S)[0]:
            _end(number)
            return None


def _end(number: int) -> None:
    os.kill(number, signal.SIGTERM)
    late = time.monotonic() + STOP_S
    while not os.waitpid(number, os.WNOHANG)[0]:
        if time.monotonic() > late:
            os.kill(number, signal.SIGKILL)
            os.waitpid(number, 0)
            return
        time.sleep(0.02)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _work_and_exit(settings: Settings, said: int, keeper: int) -> NoReturn:
    code = 1
    try:
        _work(settings, said, keeper)
        code = 0
    except Exception:  # outermost frame of the process
        log.exception("jobs_process_failed")
    finally:
        os._exit(code)


def _work(settings: Settings, said: int, keeper: int) -> None:
    """The jobs' process until it is told to end, or its keeper has gone."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    os.nice(NICE)
    from maintenance.scheduler import Scheduler
    from plantroom.bootstrap.jobs import scheduled_jobs
    from plantroom.bootstrap.parts import open_parts

    parts = open_parts(settings, stopping, seed=False)
    scheduler = Scheduler(parts.ledger, parts.planning_clock, scheduled_jobs(parts, parts.plan_readings()))
    settle_memory()
    scheduler.start()
    told = ""
    while not stopping.wait(TELL_S) and os.getppid() == keeper:
        words = json.dumps({"jobs": {name: asdict(one) for name, one in scheduler.figures().items()}})
        if words != told:
            os.write(said, f"{words}\n".encode())
            told = words
    # A keeper that was killed cannot end a job that takes long.
    last = threading.Timer(STOP_S, os._exit, (1,))
    last.daemon = True
    last.start()
    scheduler.stop()
    parts.close()
