"""What the session for unknown sites takes, and when it leaves telemetry alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.collector import SiteGateway
from gateway.strays import (
    ALWAYS,
    CHEAP_PER_S,
    CLIENT_ID,
    LOOK_S,
    PAUSE_S,
    TELEMETRY,
    WINDOW_S,
    StrayGateway,
    TelemetryGate,
)
from plantroom.errors import BadData
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import check_topic_level, mark_topic

NOBODY = BrokerAddress(host="127.0.0.1", port=9)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> TelemetryGate:
    return TelemetryGate(clock)


def come(gate: TelemetryGate, clock: Clock, per_s: int, seconds: float) -> None:
    for _ in range(round(per_s * seconds)):
        clock.now += 1 / per_s
        gate.count()


def closed(gate: TelemetryGate, clock: Clock) -> TelemetryGate:
    come(gate, clock, 4 * CHEAP_PER_S, WINDOW_S)
    assert not gate.open
    return gate


def test_a_little_telemetry_is_listened_to_for_ever(gate: TelemetryGate, clock: Clock) -> None:
    come(gate, clock, CHEAP_PER_S - 10, 60)
    assert gate.open


def test_a_short_burst_is_no_reason_to_leave(gate: TelemetryGate, clock: Clock) -> None:
    for _ in range(5):
        come(gate, clock, 4 * CHEAP_PER_S, 1)
        clock.now += WINDOW_S
    assert gate.open


def test_more_than_is_cheap_ends_the_listening_once(gate: TelemetryGate, clock: Clock) -> None:
    clock.now += WINDOW_S
    told = [gate.count() for _ in range(10 * CHEAP_PER_S)]
    assert told.count(True) == 1
    assert told.index(True) == CHEAP_PER_S * WINDOW_S
    assert not gate.open


def test_after_a_pause_there_is_another_look(gate: TelemetryGate, clock: Clock) -> None:
    closed(gate, clock)
    began = clock.now
    while not gate.look_again():
        clock.now += 0.25
    assert PAUSE_S - WINDOW_S <= clock.now - began <= PAUSE_S
    assert gate.open
    assert not gate.look_again()


def test_a_look_that_finds_too_much_is_short(gate: TelemetryGate, clock: Clock) -> None:
    closed(gate, clock)
    clock.now += PAUSE_S
    assert gate.look_again()
    come(gate, clock, 2 * CHEAP_PER_S, LOOK_S)
    assert not gate.open
    assert not gate.look_again()


def test_a_look_that_finds_little_goes_on(gate: TelemetryGate, clock: Clock) -> None:
    closed(gate, clock)
    clock.now += PAUSE_S
    assert gate.look_again()
    come(gate, clock, CHEAP_PER_S - 10, 3 * WINDOW_S)
    assert gate.open


@pytest.fixture
def strays(tmp_path: Path, gate: TelemetryGate) -> Iterator[StrayGateway]:
    made = StrayGateway(NOBODY, tmp_path, gate)
    made.start()
    yield made
    made.stop()


def owns(strays: StrayGateway, topic: str) -> bool:
    return strays.session._owns(topic)


def test_until_something_is_proven_it_takes_what_is_sent_to_any_site(strays: StrayGateway) -> None:
    strays.follow({})
    for site in ("nosite", "", "demo"):
        for channel in ("event", "telemetry", "status"):
            assert owns(strays, f"plantroom/{site}/E-1/{channel}")


@pytest.mark.parametrize(
    "topic", ["plantroom/nosite/event", "plantroom/nosite/a/b/event", mark_topic("x", "0123456789abcdef")]
)
def test_it_leaves_topics_of_fewer_or_more_levels_and_marks(strays: StrayGateway, topic: str) -> None:
    assert not owns(strays, topic)


def test_the_telemetry_of_all_sites_counts_and_is_left_when_it_is_too_much(strays: StrayGateway) -> None:
    wanted = strays.session._subscriptions
    assert TELEMETRY not in wanted.missing()
    strays.follow({})
    assert TELEMETRY in wanted.missing()
    for _ in range(round(CHEAP_PER_S * WINDOW_S)):
        owns(strays, "plantroom/demo/E-1/telemetry")
        owns(strays, "plantroom/demo/E-1/event")
    assert TELEMETRY in wanted.missing()
    owns(strays, "plantroom/demo/E-1/telemetry")
    assert list(wanted.missing()) == ALWAYS
    strays.follow({})
    assert list(wanted.missing()) == ALWAYS


def test_telemetry_is_not_listened_to_from_a_connection_on_until_what_sites_have_is_proven(
    strays: StrayGateway,
) -> None:
    wanted = strays.session._subscriptions
    strays.follow({})
    assert strays._may_connect(0) is None
    assert list(wanted.missing()) == ALWAYS
    strays._leaving.turn(0.0, {"demo"})
    strays.follow({}, elsewhere={"demo"})
    assert list(wanted.missing()) == ALWAYS


def test_telemetry_that_nobody_listens_to_is_not_taken(strays: StrayGateway) -> None:
    """The broker sends it for a moment by the subscription of a collector that was killed."""
    strays.follow({})
    assert owns(strays, "plantroom/nosite/E-1/telemetry")
    assert strays._may_connect(1) is None
    assert not owns(strays, "plantroom/nosite/E-1/telemetry")
    assert owns(strays, "plantroom/nosite/E-1/event")


def test_telemetry_of_a_site_rests_with_its_own_session_also_behind_a_connection_that_broke(
    strays: StrayGateway, tmp_path: Path
) -> None:
    site = SiteGateway("late", NOBODY, tmp_path / "late")
    strays.follow({})
    strays._sites = {"late": site}
    assert owns(strays, "plantroom/late/E-1/telemetry"), "the site has never been connected"
    normal = site.sessions[Lane.NORMAL]
    normal.counts.connects = 2
    normal.subscriptions.connected(session_present=True)
    assert not owns(strays, "plantroom/late/E-1/telemetry")
    assert owns(strays, "plantroom/late/E-1/event"), "an event is known again"
    normal.subscriptions.connected(session_present=False)
    assert owns(strays, "plantroom/late/E-1/telemetry"), "the broker has lost the session"


def test_a_site_whose_own_sessions_have_nothing_yet_is_not_left_to_them(strays: StrayGateway, tmp_path: Path) -> None:
    strays.follow({"late": SiteGateway("late", NOBODY, tmp_path / "late")})
    assert owns(strays, "plantroom/late/E-1/event")


def test_no_site_can_have_its_spool_or_its_session(strays: StrayGateway, tmp_path: Path) -> None:
    (folder,) = tmp_path.iterdir()
    with pytest.raises(BadData):
        check_topic_level(folder.name, "site code")
    assert not CLIENT_ID.startswith("plantroom-")
    assert strays.problems()
