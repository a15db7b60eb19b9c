"""Connections that end: nothing is lost by a broker that goes down again and again, and no message stops the others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from plantroom.publisher import Publisher, suspects
from plantroom.publisher.broker import Broker
from plantroom.publisher.connection import Connection
from plantroom.publisher.culprit import CLOSINGS, SUSPECTED
from plantroom.wire import Channel, ReplayRequest
from tests.contract.publisher.test_publisher import Ear
from tests.contract.publisher.wire import Wire, is_message
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

LAY = Callable[[str, Callable[[bytes], bool]], tuple[Ear, Wire]]


@pytest.fixture
def lay(mosquitto: Mosquitto) -> Iterator[LAY]:
    """An ear at a site, and a wire to the broker."""
    laid: list[Ear | Wire] = []

    def make(site: str, ends: Callable[[bytes], bool]) -> tuple[Ear, Wire]:
        made = Ear(mosquitto.port, site), Wire(mosquitto.port, ends)
        laid.extend(made)
        return made

    yield make
    for one in laid:
        one.close()


def poisonous(data: bytes) -> bool:
    return b"poison" in data


class GoesDown:
    """At whatever is sent, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, data: bytes) -> bool:
        ends = self.left > 0 and is_message(data)
        self.left -= ends
        return ends


@pytest.mark.parametrize("others", [0, 3])
def test_a_broker_that_goes_down_again_and_again_costs_no_event(lay: LAY, tmp_path: Path, others: int) -> None:
    ear, wire = lay(f"down{others}", GoesDown(SUSPECTED + CLOSINGS + 1))
    with Publisher(wire.url, ear.site, "E-1", tmp_path, announce=False) as publisher:
        publisher.event("passenger_trapped", "safety")
        for n in range(others):
            publisher.telemetry({"n": n})
        seen: set[int] = set()

        def arrived() -> bool:
            seen.add(publisher.aside)
            return 0 in ear.numbers("E-1/event")

        assert eventually(arrived, 40)
        assert publisher.wait_sent(40)
        assert seen == {0}, "nothing tells it from any other message"
        assert publisher.problem() is None
    assert sorted(set(ear.numbers("E-1/telemetry"))) == list(range(others))


def test_what_is_kept_back_waits_is_not_gone_and_others_pass(lay: LAY, tmp_path: Path) -> None:
    ear, wire = lay("held", poisonous)
    with Publisher(wire.url, ear.site, "E-1", tmp_path, announce=False) as publisher:
        publisher.event("poison", "safety")
        assert eventually(lambda: "kept back: 1, the last one event 0 of E-1" in str(publisher.problem()), 30)
        assert (publisher.waiting, publisher.aside) == (1, 0)
        ear.ask("E-1", ReplayRequest(publisher.boot, 0, 1, Channel.EVENT))
        gone = [{"boot": publisher.boot, "gone": [[1, 1]], "channel": "event"}]
        assert eventually(lambda: ear.of("E-1/status") == gone, 20)
        publisher.event("passenger_trapped", "safety")
        assert eventually(lambda: 1 in ear.numbers("E-1/event"), 20)
        wire.ends = lambda _: False
        assert eventually(lambda: 0 in ear.numbers("E-1/event"), 40)
        assert publisher.wait_sent(5)
        assert publisher.problem() is None


def test_what_was_put_aside_is_tried_again_while_running(
    lay: LAY, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspects, "PAUSE_S", 0.1)
    monkeypatch.setattr(suspects, "ASIDE_S", 2.0)
    ear, wire = lay("again", poisonous)
    with Publisher(wire.url, ear.site, "E-1", tmp_path, announce=False) as publisher:
        publisher.event("poison", "safety")
        publisher.telemetry({"n": 1})
        assert eventually(lambda: publisher.aside == 1, 40)
        assert (publisher.waiting, publisher.wait_sent(5)) == (0, True)
        ended = wire.ended
        assert eventually(lambda: wire.ended == ended + 1, 20), "tried once more"
        assert eventually(lambda: str(publisher.problem()).startswith("put aside: 1"), 10)
        publisher.telemetry_batch([(None, {"n": n}) for n in range(300)])
        assert publisher.wait_sent(10), "which stops no other"
        assert publisher.aside == 1
        wire.ends = lambda _: False
        assert eventually(lambda: ear.numbers("E-1/event") == [0], 30)
        assert eventually(lambda: publisher.aside == 0, 5)
        assert publisher.problem() is None
        assert eventually(lambda: set(ear.numbers("E-1/telemetry")) == set(range(301)), 10)


def test_a_connection_that_went_silent_says_nothing_about_a_message() -> None:
    connection = Connection(Broker("h", 1), None, session=False, window=1, announces=())
    for words, counted in (("Keep alive timeout", 0), ("Unspecified error", 1), ("Success", 1)):
        connection.problem = None
        connection._on_disconnect(
            connection._make_client(), None, None, ReasonCode(PacketTypes.DISCONNECT, words), None
        )
        assert (connection.problem, connection.closings) == ("connection lost", counted)


FIRST = 7


def kept(*messages: int) -> suspects.Suspects:
    made = suspects.Suspects()
    for one in messages:
        made.keep(one, 0, 0.0)
    return made


def fails(tried: suspects.Suspects, acked: int, now: float) -> suspects.Suspect:
    one = tried.due(now, acked, others_wait=False)
    assert one is not None
    tried.try_alone(one, one.message + 100)
    ended = tried.ended(acked, now)
    assert ended is one
    return one


def test_it_is_proven_once_connections_end_at_it_alone_while_others_are_acknowledged() -> None:
    tried = kept(FIRST)
    sure = [fails(tried, acked=1, now=1000.0 * n).sure for n in range(1, suspects.PROOF + 1)]
    assert sure == [False] * (suspects.PROOF - 1) + [True]


def test_nothing_is_proven_while_nothing_else_is_acknowledged() -> None:
    tried = kept(FIRST)
    assert not any(fails(tried, acked=0, now=1000.0 * n).sure for n in range(1, 50))


def test_nothing_is_proven_while_connections_end_at_others_or_at_nothing() -> None:
    tried = kept(FIRST)
    for turn in range(1, 50):
        assert not fails(tried, acked=turn, now=1000.0 * turn).sure
        if turn % (suspects.PROOF - 1) == 0:
            tried.ended_elsewhere(turn)


def test_one_that_is_taken_after_all_clears_the_others_and_has_them_tried_soon() -> None:
    tried = kept(FIRST, FIRST + 1)
    for n in range(1, suspects.PROOF):
        for _ in range(2):
            fails(tried, acked=1, now=1000.0 * n)
    one = tried.due(9000.0, 1, others_wait=False)
    assert one is not None
    tried.try_alone(one, 300)
    tried.passed(2, 9000.0)
    assert tried.due(9000.0 + suspects.PAUSE_S, 3, others_wait=True) is not None
    assert not fails(tried, acked=3, now=9002.0).sure


def test_the_pause_grows_and_others_go_first() -> None:
    tried, now, pauses = kept(FIRST), 0.0, []
    for _ in range(12):
        now += 10_000
        pauses.append(fails(tried, acked=1, now=now).pause_s)
    assert pauses[:2] == [2 * suspects.PAUSE_S, 4 * suspects.PAUSE_S]
    assert pauses[suspects.PROOF - 1] == suspects.ASIDE_S
    assert pauses[-1] == suspects.LONGEST_ASIDE_S
    tried = kept(FIRST)
    assert tried.due(9.0, 0, others_wait=True) is None
    assert tried.overdue(suspects.PAUSE_S) is None
    assert tried.overdue(2 * suspects.PAUSE_S) is not None, "those that wait end connections, too"
    fails(tried, acked=0, now=9.0)
    assert tried.overdue(99.0) is None, "it is their turn"
    tried.ended_elsewhere(0)
    assert tried.overdue(99.0) is not None
