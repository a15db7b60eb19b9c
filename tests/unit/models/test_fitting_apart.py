"""Fitting in a process of its own gives what fitting here gives, and its end is survived."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from models.fitting import Fit, fit
from models.fitting_apart import DEATHS, FittingApart
from plantroom.errors import BadData, Unreachable
from tests.unit.models.machine import START_MS, healthy

MACHINE = healthy(400)
NAMES = [(key, "") for key in MACHINE]
VALUES = np.column_stack(list(MACHINE.values()))
TIMES = START_MS + 1000 * np.arange(400)


@pytest.fixture
def apart() -> Iterator[FittingApart]:
    fitting = FittingApart()
    yield fitting
    fitting.close()


def same(one: Fit, other: Fit) -> bool:
    names = ("level", "noise", "scale", "deadband", "components", "variances")
    arrays = all(np.array_equal(getattr(one.baseline, n), getattr(other.baseline, n)) for n in names)
    return arrays and one.baseline.points == other.baseline.points and one.calibration == other.calibration


def child_of(apart: FittingApart) -> int:
    assert apart._child is not None
    return apart._child.pid


def test_the_fit_is_the_same_as_here(apart: FittingApart) -> None:
    assert same(apart(NAMES, TIMES, VALUES), fit(NAMES, TIMES, VALUES))


def test_one_process_takes_fit_after_fit(apart: FittingApart) -> None:
    apart.warm_up()
    child = child_of(apart)
    assert same(apart(NAMES, TIMES, VALUES), apart(NAMES, TIMES, VALUES))
    assert child_of(apart) == child


def test_what_cannot_be_learned_from_is_said_as_here(apart: FittingApart) -> None:
    with pytest.raises(BadData, match="too few to learn from"):
        apart(NAMES, TIMES[:3], VALUES[:3])


def test_an_error_of_the_fit_is_an_error_and_not_waited_for(apart: FittingApart) -> None:
    with pytest.raises(RuntimeError, match="Error"):
        apart(NAMES, TIMES, np.zeros((400, 1)))
    assert same(apart(NAMES, TIMES, VALUES), fit(NAMES, TIMES, VALUES))


def test_a_child_that_was_killed_is_replaced(apart: FittingApart) -> None:
    apart.warm_up()
    os.kill(child_of(apart), signal.SIGKILL)
    try:
        found = apart(NAMES, TIMES, VALUES)
    except Unreachable:
        found = apart(NAMES, TIMES, VALUES)
    assert same(found, fit(NAMES, TIMES, VALUES))


def test_closing_does_not_wait_for_the_fit_under_way(apart: FittingApart) -> None:
    apart.warm_up()
    os.kill(child_of(apart), signal.SIGSTOP)
    failed: list[Exception] = []

    def wait_for_a_fit() -> None:
        try:
            apart(NAMES, TIMES, VALUES)
        except Unreachable as error:
            failed.append(error)

    waiting = threading.Thread(target=wait_for_a_fit, daemon=True)
    waiting.start()
    time.sleep(0.3)
    begun = time.monotonic()
    apart.close()
    waiting.join(5)
    assert time.monotonic() - begun < 5
    assert len(failed) == 1
    assert same(apart(NAMES, TIMES, VALUES), fit(NAMES, TIMES, VALUES)), "the next call starts it again"


def test_a_fit_that_takes_too_long_or_kills_its_process_is_given_up_after_the_third_time() -> None:
    fitting = FittingApart(longest_s=0.0)
    for _ in range(DEATHS - 1):
        with pytest.raises(Unreachable, match="ended early"):
            fitting(NAMES, TIMES, VALUES)
    with pytest.raises(BadData, match="died of it 3 times"):
        fitting(NAMES, TIMES, VALUES)
    fitting.close()


def test_an_idle_child_ends() -> None:
    fitting = FittingApart(idle_s=0.05)
    fitting.warm_up()
    deadline = time.monotonic() + 10
    while fitting._child is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert fitting._child is None


def test_what_takes_in_messages_does_not_load_what_fits() -> None:
    code = "import sys, plantroom.bootstrap.collect; print({'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def ended_by(question: bytes) -> tuple[int, bytes]:
    """How the child ends, and what it says, when its parent is gone after these bytes."""
    hears, nobody = os.pipe()
    os.close(hears)
    with os.fdopen(nobody, "wb") as answers:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "models.fitting_apart"],
            input=question,
            stdout=answers,
            stderr=subprocess.PIPE,
            check=False,
        )
    return child.returncode, child.stderr


def test_a_parent_that_was_killed_leaves_no_trace_of_the_child_on_the_terminal() -> None:
    unheard = pickle.dumps(([], np.zeros(0), np.zeros((0, 0)), None))
    assert ended_by(unheard) == (0, b"")
    assert ended_by(pickle.dumps((NAMES, TIMES, VALUES, None))[:-100]) == (0, b"")
