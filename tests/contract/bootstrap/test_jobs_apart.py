"""The jobs in a process of their own: as long as the command lives, and not longer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maintenance.scheduled import PLAN, JobRun
from plantroom.bootstrap.jobs_apart import JobsApart
from plantroom.settings import Settings
from plantroom.storage.ledger import SqlLedger
from tests.product import eventually

SOON_S = 60.0


class Command:
    """The command, with its keeper and the process of the jobs."""

    def __init__(self, data: Path, away_s: float = 60, grace_s: float = 1800) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.bootstrap.jobs_command", str(data), str(away_s), str(grace_s)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def has_run(self, name: str = "materialise") -> bool:
        return bool(self.ask()["jobs"].get(name, {}).get("runs"))

    @property
    def keeper(self) -> int:
        (found,) = children(self.process.pid)
        return found

    @property
    def worker(self) -> int:
        (found,) = children(self.keeper)
        return found


def children(number: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def lives(number: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def command(started: Path) -> Iterator[Command]:
    with running(Command(started)) as made:
        yield made


@contextmanager
def running(made: Command) -> Iterator[Command]:
    yield made
    made.process.kill()
    made.process.wait()
    for stream in (made.process.stdin, made.process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def test_the_jobs_run_and_are_told_of_and_end_with_the_command(command: Command) -> None:
    assert eventually(command.has_run, SOON_S)
    keeper, worker = command.keeper, command.worker
    assert os.getpriority(os.PRIO_PROCESS, worker) > os.getpriority(os.PRIO_PROCESS, command.process.pid)
    assert command.ask()["problems"] == []
    assert command.process.stdin is not None
    command.process.stdin.close()
    assert command.process.wait(SOON_S) == 0
    assert not lives(keeper)
    assert not lives(worker)


def test_a_process_that_dies_is_followed_by_another_and_its_end_alone_sends_nobody_away(command: Command) -> None:
    assert eventually(command.has_run, SOON_S)
    first = command.worker
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: children(command.keeper) not in ([], [first]), SOON_S)
    assert command.ask()["problems"] == []
    assert eventually(lambda: command.ask()["jobs"]["materialise"]["runs"] == 1, SOON_S)


def test_nothing_is_left_of_the_jobs_when_the_command_is_killed(command: Command) -> None:
    assert eventually(command.has_run, SOON_S)
    keeper, worker = command.keeper, command.worker
    command.process.kill()
    assert eventually(lambda: not lives(keeper) and not lives(worker), SOON_S)


def test_a_keeper_that_is_killed_leaves_no_jobs_behind(command: Command) -> None:
    assert eventually(command.has_run, SOON_S)
    worker = command.worker
    os.kill(command.keeper, signal.SIGKILL)
    assert eventually(lambda: not lives(worker), SOON_S)
    assert command.process.stdin is not None
    command.process.stdin.close()
    assert command.process.wait(SOON_S) == 0


def test_jobs_that_stay_away_are_told_of_and_so_is_a_keeper_that_was_killed(started: Path) -> None:
    with running(Command(started, away_s=0)) as command:
        assert eventually(command.has_run, SOON_S)
        assert command.ask()["problems"] == []
        os.kill(command.worker, signal.SIGKILL)
        assert eventually(lambda: command.ask()["problems"], SOON_S) == ["jobs: their process does not stay (signal 9)"]
        assert eventually(lambda: not command.ask()["problems"], SOON_S), "another one runs"
        os.kill(command.keeper, signal.SIGKILL)
        (said,) = eventually(lambda: command.ask()["problems"], SOON_S)
        assert "its keeper was killed; start the command again" in said


@pytest.mark.parametrize(("grace", "told"), [(timedelta(minutes=30), False), (timedelta(0), True)])
def test_a_stale_plan_is_told_of_behind_the_grace(started: Path, grace: timedelta, told: bool) -> None:
    settings = Settings(data_dir=started)
    jobs = JobsApart(settings, grace=grace)
    jobs.stop()
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with closing(SqlLedger(settings.ledger)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.jobs.put(JobRun(PLAN, long_ago, long_ago))
        assert bool(jobs.problems(ledger)) is told


def test_the_keys_that_end_the_command_are_for_the_command(command: Command) -> None:
    assert eventually(command.has_run, SOON_S)
    for number in (command.keeper, command.worker):
        os.kill(number, signal.SIGINT)
    assert command.has_run()
    assert lives(command.worker)
