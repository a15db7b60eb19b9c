"""How connections that do not last are met."""

import random
from pathlib import Path

from gateway.collector import SiteGateway
from gateway.connecting import BRIEF_MAX, LASTING_S, RETRY_MAX_S, SAFETY_RETRY_MAX_S, STEADY_S, Connections, full_jitter
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
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


def test_pauses_grow_to_their_cap_which_is_low_for_a_safety_lane(tmp_path: Path) -> None:
    draws = random.Random(1)
    for longest_s in (RETRY_MAX_S, SAFETY_RETRY_MAX_S):
        late = [full_jitter(attempt, draws, longest_s) for attempt in range(10, 400)]
        assert 0.9 * longest_s < max(late) <= longest_s + 0.05
    site = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=9), tmp_path / "spool")
    caps = {lane: session._longest_pause_s for lane, session in site.sessions.items()}
    assert caps == {Lane.NORMAL: RETRY_MAX_S, Lane.SAFETY: SAFETY_RETRY_MAX_S}
