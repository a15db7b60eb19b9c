"""Processes that answer people take short turns with what they compute in the background."""

import inspect
import sys

import pytest

from plantroom.bootstrap import roles
from plantroom.bootstrap.memory import TURN_S, take_short_turns


def test_turns_are_short_once_they_have_been_asked_for() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
        assert before > TURN_S
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("role", [roles.run, roles.serve])
def test_whoever_answers_people_asks_for_them(role: object) -> None:
    assert "take_short_turns()" in inspect.getsource(role)  # type: ignore[arg-type]
