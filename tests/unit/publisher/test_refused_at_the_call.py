"""What can never be stored is refused where it is said, before it has a number, in words that help."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ingest.dialects.json import decoder
from plantroom import wire
from plantroom.errors import BadData, Unreachable
from plantroom.ports.clock import YEAR_2000_MS
from plantroom.publisher import Publisher
from plantroom.publisher.moments import FIRST_MS, milliseconds
from plantroom.wire import Channel, encode_event, encode_telemetry


@contextmanager
def publisher_in(folder: Path) -> Iterator[Publisher]:
    """Nobody answers at its broker."""
    with Publisher("mqtt://127.0.0.1:9", "demo", "P-9", folder / "outbox") as made:
        yield made
        made.close(0)


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Publisher]:
    with publisher_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """One for all tests in which nothing is ever taken."""
    with publisher_in(tmp_path_factory.mktemp("refusing")) as made:
        yield made


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("x", "'x' (str) cannot be a reading: give a number"),
        ("1.5", "'1.5' (str)"),
        (None, "None (NoneType) cannot be a reading: leave the point out"),
        (10**400, "a whole number beyond 1.8e308"),
        (float("nan"), "nan (float)"),
        (float("inf"), "inf (float)"),
        ({"a": 1}, "(dict)"),
        ([1.0], "(list)"),
        (np.float32(1.5), "(float32) cannot be a reading: give a finite int or float (numpy's own: float(value))"),
        (1j, "(complex)"),
    ],
)
def test_a_value_that_no_reading_can_be(refusing: Publisher, value: object, why: str) -> None:
    sound: dict[str, object] = {"flow": 1.0, "vibration": value}
    with pytest.raises(ValueError, match=r"^vibration: ") as refused:
        refusing.telemetry(sound)  # type: ignore[arg-type]
    assert why in str(refused.value)
    assert (refusing.waiting, refusing.next_number()) == (0, 0)


@pytest.mark.parametrize("value", [1, 1.5, True, -(10**300), np.float64(2.5)])
def test_a_value_that_is_one_is_taken(sensor: Publisher, value: float) -> None:
    assert sensor.telemetry({"vibration": value}) == 0


def test_a_key_that_is_no_text_and_too_many_values(refusing: Publisher) -> None:
    for values, why in (({7: 1.0}, "point 7"), ({"": 1.0}, "point ''"), ({f"p{n}": 1 for n in range(10_001)}, "10000")):
        with pytest.raises(ValueError, match=why):
            refusing.telemetry(values)  # type: ignore[arg-type]
    assert refusing.next_number() == 0


@pytest.mark.parametrize(
    ("ts", "why"),
    [
        (1_795_927_085, "before 2000, which is never stored.*Seconds\\? Multiply by 1000"),
        (1_795_927_085.4, "Seconds"),
        (1_795_927_085_438_065_670, "not micro- or nanoseconds"),
        (1_795_927_085_438_067, "not micro- or nanoseconds"),
        ("2026-01-01 00:00", "is no time: give an aware datetime, or milliseconds since 1970"),
        (datetime(2026, 1, 1), "without its zone"),  # noqa: DTZ001
        (datetime(1970, 1, 1, tzinfo=UTC), "before 2000"),
        (float("nan"), "is no time"),
        (True, "is no time"),
    ],
)
def test_a_time_that_is_none(refusing: Publisher, ts: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        refusing.telemetry({"vibration": 1.0}, ts=ts)  # type: ignore[arg-type]
    assert (refusing.waiting, refusing.next_number()) == (0, 0)


def test_an_event_of_a_clock_that_was_never_set_is_taken_and_one_without_a_time_is_not_refused(
    sensor: Publisher,
) -> None:
    """A safety event is told whatever its time says: better late in the history than nowhere."""
    assert sensor.event("passenger_trapped", "safety", ts=datetime(1970, 1, 1, tzinfo=UTC)) == 0
    with pytest.raises(ValueError, match="is no time"):
        sensor.event("passenger_trapped", "safety", ts="now")  # type: ignore[arg-type]


def test_a_machine_whose_own_clock_was_never_set_may_go_on(tmp_path: Path) -> None:
    with Publisher("mqtt://127.0.0.1:9", "demo", "P-9", tmp_path / "outbox", clock=lambda: 5_000) as sensor:
        assert sensor.telemetry({"vibration": 1.0}) == 0
        sensor.close(0)


@pytest.mark.parametrize(
    ("event", "severity", "data", "why"),
    [
        ("", None, None, "has a name"),
        (None, None, None, "has a name"),
        ("x", 3, None, "severity 3"),
        ("x", None, {"a": object()}, "data of event 'x'"),
        ("x", None, {"a": float("nan")}, "Out of range"),
    ],
)
def test_an_event_that_cannot_be_said(refusing: Publisher, event: str, severity: str, data: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        refusing.event(event, severity, data)  # type: ignore[arg-type]
    assert refusing.next_number(Channel.EVENT) == 0


def test_a_time_in_any_whole_number_is_taken() -> None:
    now_ms = time.time_ns() // 1_000_000
    assert milliseconds(np.int64(now_ms), 0) == milliseconds(float(now_ms), 0) == now_ms


def test_what_is_refused_here_is_what_the_collector_refuses() -> None:
    assert (wire.MAX_VALUES, FIRST_MS) == (decoder.MAX_VALUES, YEAR_2000_MS)
    assert json.loads(encode_telemetry(0, {"running": True}))["values"] == {"running": True}
    assert json.loads(encode_event(0, "x", None, {"text": "any"}))["data"] == {"text": "any"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca": "/nope/ca.crt"}, "ca='/nope/ca.crt' is no file with a certificate (PEM): No such file or directory"),
        ({"key": "/nope/k.pem"}, "key='/nope/k.pem' belongs to a client certificate: give cert=, too"),
        ({"cert": "/nope/c.pem"}, "cert='/nope/c.pem' is no certificate with its key (PEM): No such file or directory"),
        ({"cert": "/nope/c.pem", "key": "/k"}, "cert='/nope/c.pem', key='/k' are no certificate and its key (PEM)"),
    ],
)
def test_files_for_tls_that_are_none(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(BadData) as refused:
        Publisher("mqtts://127.0.0.1:9", "demo", "P-9", tmp_path / "outbox", **files)  # type: ignore[arg-type]
    assert words in str(refused.value)


def test_what_is_not_a_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no certificate")
    with pytest.raises(BadData, match=r"ca='.*text' is no file with a certificate"):
        Publisher("mqtts://127.0.0.1:9", "demo", "P-9", tmp_path / "outbox", ca=str(tmp_path / "text"))


def test_a_publisher_that_was_not_started_says_how(tmp_path: Path) -> None:
    idle = Publisher("mqtt://127.0.0.1:9", "demo", "P-9", tmp_path / "outbox")
    with pytest.raises(Unreachable, match=r"is not open: use the publisher inside `with`, or after start\(\)"):
        idle.telemetry({"flow": 1.0})
