"""How connections that do not last are met."""

from gateway.connecting import BRIEF_MAX, LASTING_S, STEADY_S, Connections
from tests.unit.gateway.test_subscriptions import Clock


def stood(line: Connections, clock: Clock, seconds: float) -> bool:
    line.stands()
    clock.now += seconds
    return line.ended()


def test_only_a_connection_that_stood_for_a_while_begins_the_pauses_anew() -> None:
    clock = Clock()
    line = Connections(clock)
    line.attempt = 5
    assert not stood(line, clock, STEADY_S - 0.1)
    assert line.attempt == 5
    assert stood(line, clock, STEADY_S)
    assert line.attempt == 0


def test_several_that_did_not_last_are_told_until_one_does() -> None:
    clock = Clock()
    line = Connections(clock)
    for _ in range(BRIEF_MAX):
        assert not line.taken()
        stood(line, clock, LASTING_S / 2)
    assert line.taken()
    line.stands()
    clock.now += LASTING_S - 1
    assert line.taken()
    clock.now += 1
    assert not line.taken()
    line.ended()
    assert line.brief == 0


def test_a_broker_that_cannot_be_reached_is_another_trouble() -> None:
    clock = Clock()
    line = Connections(clock)
    for _ in range(BRIEF_MAX):
        stood(line, clock, 1)
    assert not line.ended(), "this attempt failed"
    assert not line.taken()


def test_connections_that_end_because_of_us_are_nobody_elses() -> None:
    clock = Clock()
    line = Connections(clock)
    for _ in range(2 * BRIEF_MAX):
        line.by_us = True
        stood(line, clock, 1)
    assert not line.taken()
    for _ in range(BRIEF_MAX):
        stood(line, clock, 1)
    assert line.taken()
