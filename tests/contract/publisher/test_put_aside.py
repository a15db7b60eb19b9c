"""A message that the broker ends the connection at keeps nothing else from being sent."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.publisher import Limits, Publisher
from plantroom.publisher.culprit import CALM, CLOSINGS, PATIENCE, SUSPECTED, Culprit
from plantroom.publisher.window import Sent
from plantroom.wire import Channel, ReplayRequest
from tests.contract.publisher.test_publisher import Ear
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

PACKET_BYTES = 100_000
FIRST, SECOND = Sent(7, 3, False), Sent(8, 4, False)
LENIENT = Limits(packet_bytes=1 << 20)
"""What the publisher is told of the broker, wrongly."""


@pytest.fixture
def strict() -> Iterator[Mosquitto]:
    server = Mosquitto(extra=(f"max_packet_size {PACKET_BYTES}",))
    server.start()
    yield server
    server.close()


def _is_taken(publisher: Publisher, size: int) -> bool:
    try:
        publisher.event("x", data={"photo": "x" * size})
    except ValueError:
        return False
    return True


def test_what_is_too_large_for_the_broker_is_refused_and_uses_no_number(strict: Mosquitto, tmp_path: Path) -> None:
    ear = Ear(strict.port, "exact")
    limits = Limits(packet_bytes=PACKET_BYTES)
    with Publisher(strict.url, "exact", "P-1", tmp_path, limits=limits) as publisher:
        taken = sum(_is_taken(publisher, size) for size in range(PACKET_BYTES - 200, PACKET_BYTES))
        assert 10 < taken < 200
        with pytest.raises(ValueError, match="bytes"):
            publisher.telemetry_batch([(None, {"n": 1}), (None, {"x" * PACKET_BYTES: 1.0})])
        assert publisher.next_number() == 0
        assert publisher.wait_sent(20), "the largest that is taken is not too large"
        assert eventually(lambda: ear.numbers("P-1/event") == list(range(taken)), 20)
        assert publisher.problem() is None
    ear.close()


def test_by_default_the_limit_is_what_plantroom_configures_its_broker_with(tmp_path: Path) -> None:
    with Publisher("mqtt://127.0.0.1:1", "demo", "P-1", tmp_path) as publisher:
        with pytest.raises(ValueError, match="bytes"):
            publisher.event("inspection_report", "info", {"photo": "x" * 1_048_500})
        assert publisher.event("inspection_report", "info", {"photo": "x" * 1_048_000}) == 0


def _errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What each error is about, sorted. It is logged after it is counted."""
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    return sorted(words.split(" (")[0] for words in errors)


def test_what_the_broker_ends_the_connection_at_is_put_aside_and_the_rest_goes_on(
    strict: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear(strict.port, "poisoned")
    with Publisher(strict.url, "poisoned", "P-1", tmp_path, limits=LENIENT) as publisher:
        publisher.telemetry({"n": 0})
        assert publisher.wait_sent(10)
        publisher.event("report", "info", {"photo": "x" * PACKET_BYTES})
        publisher.event("passenger_trapped", "safety")
        publisher.telemetry_batch([(None, {"n": n}) for n in range(1, 300)])
        publisher.telemetry({"x" * PACKET_BYTES: 1.0})
        publisher.telemetry({"n": 301})
        assert publisher.wait_sent(120), "five tries last half a minute, a sixth another half"
        assert eventually(lambda: set(ear.numbers("P-1/telemetry")) == set(range(302)) - {300}, 10)
        assert set(ear.numbers("P-1/event")) == {1}
        assert publisher.aside == 2
        assert eventually(lambda: "put aside: 2, the last one " in str(publisher.problem()), 10)
        assert eventually(lambda: _errors(caplog) == ["event 0 of P-1", "telemetry 300 of P-1"], 10)
        ear.ask("P-1", ReplayRequest(publisher.boot, 299, 302))
        gone = [{"boot": publisher.boot, "gone": [[302, 302]], "channel": "telemetry"}]
        assert eventually(lambda: ear.of("P-1/status") == gone, 10), "it is not gone: it will be tried again"
        assert eventually(lambda: ear.numbers("P-1/telemetry")[-2:] == [299, 301], 10)
    ear.close()


def test_what_was_put_aside_is_kept_and_sent_after_a_start_with_a_broker_that_takes_it(
    strict: Mosquitto, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with Publisher(strict.url, "later", "P-1", tmp_path, limits=LENIENT) as publisher:
        publisher.event("report", "info", {"photo": "x" * PACKET_BYTES})
        publisher.event("x")
        assert eventually(lambda: publisher.aside == 1, 60)
        assert publisher.wait_sent(20)
    ear = Ear(mosquitto.port, "later")
    with Publisher(mosquitto.url, "later", "P-1", tmp_path, limits=LENIENT) as publisher:
        assert (publisher.aside, "aside" in str(publisher.problem())) == (0, False)
        publisher.event("y")
        assert publisher.wait_sent(20)
        assert publisher.next_number() == 0
    assert eventually(lambda: sorted(ear.numbers("P-1/event")) == [0, 2], 10)
    assert [len(json.dumps(one)) > PACKET_BYTES for one in ear.of("P-1/event")].count(True) == 1
    ear.close()


def test_what_is_asked_for_again_and_has_become_too_large_is_put_aside_as_well(
    own_mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with Publisher(own_mosquitto.url, "smaller", "P-1", tmp_path, limits=LENIENT) as publisher:
        boot = publisher.boot
        publisher.event("report", "info", {"photo": "x" * PACKET_BYTES})
        publisher.event("x")
        assert publisher.wait_sent(10)
    own_mosquitto.stop()
    own_mosquitto._extra = (f"max_packet_size {PACKET_BYTES}",)
    own_mosquitto.start()
    with Publisher(own_mosquitto.url, "smaller", "P-1", tmp_path, limits=LENIENT) as publisher:
        publisher.wait_connected(10)
        ear = Ear(own_mosquitto.port, "smaller")
        publisher.telemetry({"n": 1})
        ear.ask("P-1", ReplayRequest(boot, 0, 1, Channel.EVENT))
        assert eventually(lambda: publisher.aside == 1, 60)
        publisher.event("y")
        assert publisher.wait_sent(20)
        ear.close()


def test_connections_that_break_for_other_reasons_put_nothing_aside(own_mosquitto: Mosquitto, tmp_path: Path) -> None:
    with Publisher(own_mosquitto.url, "flaky", "P-1", tmp_path, limits=LENIENT) as publisher:
        number = 0
        for _ in range(CLOSINGS + 1):
            publisher.wait_connected(40)
            number = publisher.telemetry({"n": 1})
            assert publisher.wait_sent(10)
            own_mosquitto.kill()
            own_mosquitto.start()
            time.sleep(0.1)
        assert publisher.aside == 0
        assert number == CLOSINGS


def suspicious() -> Culprit:
    culprit = Culprit()
    for _ in range(SUSPECTED):
        assert not culprit.alone
        assert culprit.closed(FIRST, 0) is None
    assert culprit.alone
    return culprit


def test_only_the_same_message_alone_so_many_times_in_a_row_is_suspected() -> None:
    culprit = suspicious()
    for other in (SECOND, None):
        assert [culprit.closed(FIRST, 0) for _ in range(CLOSINGS - 1)] == [None] * (CLOSINGS - 1)
        assert culprit.closed(other, 0) is None
    assert [culprit.closed(FIRST, 0) for _ in range(CLOSINGS)] == [None] * (CLOSINGS - 1) + [FIRST]


def test_messages_go_as_usual_again_once_enough_are_acknowledged() -> None:
    culprit = suspicious()
    assert not culprit.calm(CALM - 1)
    assert culprit.calm(CALM)
    assert not culprit.alone
    culprit.closed(FIRST, CALM)
    assert not culprit.alone


def test_while_nothing_at_all_is_acknowledged_it_takes_longer_each_time() -> None:
    """A broker that ends the connection at everything is not to have it all kept back at once."""
    culprit, waited = suspicious(), []
    for number in range(PATIENCE + 2):
        one, times = Sent(number, number, False), 1
        while culprit.closed(one, 0) is None:
            times += 1
        waited.append(times)
    assert waited == [CLOSINGS << min(n, PATIENCE) for n in range(PATIENCE + 2)]
    one = Sent(99, 99, False)
    assert [culprit.closed(one, 1) for _ in range(CLOSINGS)][-1] == one, "something was acknowledged meanwhile"
