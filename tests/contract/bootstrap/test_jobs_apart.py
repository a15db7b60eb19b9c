"""The jobs in a process of their own: as long as the command lives, and not longer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.product import eventually

SOON_S = 60.0


class Command:
    """The command, with its keeper and the process of the jobs."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.bootstrap.jobs_command", str(data)],
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
    made = Command(started)
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


def test_the_keys_that_end_the_command_are_for_the_command(command: Command) -> None:
    assert eventually(command.has_run, SOON_S)
    for number in (command.keeper, command.worker):
        os.kill(number, signal.SIGINT)
    assert command.has_run()
    assert lives(command.worker)
