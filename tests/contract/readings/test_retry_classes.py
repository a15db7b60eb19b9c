"""What the ingest makes of each answer of a real InfluxDB, or of a proxy before it: wait, divide, give up one value."""

import json
import random
import time

import pytest

from ingest import patience
from ingest.patience import STORE, Patience
from plantroom.errors import Unreachable
from plantroom.ports.readings import SeriesRef
from plantroom.storage.readings.influx import InfluxReadings
from tests.contract.readings.doorman import Doorman
from tests.contract.readings.given import FOR_EVER
from tests.unit.ingest.house import House, until

COUNT = 200
WAITED_OUT = {
    "connection closed": (0, {}, "does not answer"),
    "401": (401, {}, "token is not accepted (401)"),
    "403": (403, {}, "may not use bucket"),
    "404": (404, {}, "is not there (404)"),
    "429": (429, {"Retry-After": "1"}, "asks to wait (429)"),
    "500": (500, {}, "answered 500"),
    "502": (502, {}, "answered 502"),
    "503": (503, {"Retry-After": "1"}, "answered 503"),
}


def send(house: House) -> list[tuple[int, float]]:
    sent = [(1000 * n, n / 4) for n in range(COUNT)]
    for ms, value in sent:
        house.send({"vibration": value}, s=ms / 1000 - COUNT)
    return [(ms - 1000 * COUNT, value) for ms, value in sent]


def stored(house: House, point: str) -> list[tuple[int, float]]:
    ref = SeriesRef("demo", "pump", "key-P-1", point)
    (page,) = house.store.read([ref], *FOR_EVER, 10_000)
    return [(ts - house.now_ms, value) for ts, value in zip(page.ts_ms.tolist(), page.value.tolist(), strict=True)]


def check_waited_out(house: House, doorman: Doorman, words: str) -> None:
    """While the proxy refuses, nothing is given up and somebody is told in these words; then all is stored."""
    sent = send(house)
    worker = house.start()
    until(lambda: doorman.writes >= 2, 20)
    (said,) = worker.problems()
    assert words in said
    assert "secret" not in said
    assert house.spool.position == 0
    doorman.refusal = None
    house.settle()
    assert stored(house, "vibration") == sent
    assert house.letters() == []
    until(lambda: not worker.problems())


@pytest.mark.parametrize("answer", WAITED_OUT)
def test_what_may_pass_is_waited_out_and_nothing_is_given_up(house: House, doorman: Doorman, answer: str) -> None:
    status, headers, words = WAITED_OUT[answer]
    doorman.refusal = (status, headers, b'{"code":"x","message":"no"}')
    check_waited_out(house, doorman, words)


def test_no_write_comes_sooner_than_the_server_asked_for(house: House, doorman: Doorman) -> None:
    doorman.refusal = (429, {"Retry-After": "2"}, b"{}")
    send(house)
    house.start()
    until(lambda: len(doorman.times) >= 3, 20)
    pauses = [later - sooner for sooner, later in zip(doorman.times, doorman.times[1:], strict=False)]
    assert all(pause >= 1.9 for pause in pauses)


def test_a_request_that_is_too_large_is_divided_until_it_passes(house: House, doorman: Doorman) -> None:
    doorman.max_body = 1_000
    sent = send(house)
    house.start()
    house.settle()
    assert stored(house, "vibration") == sent
    assert house.letters() == []
    assert doorman.writes > 10


def test_the_one_line_that_is_malformed_is_dead_lettered_and_all_others_are_stored(
    house: House, doorman: Doorman
) -> None:
    doorman.poison = b"=12.25"
    sent = send(house)
    house.start()
    house.settle()
    assert stored(house, "vibration") == [one for one in sent if one[1] != 12.25]
    (letter,) = house.letters()
    assert letter.reason.startswith("rejected_by_store: unable to parse a line")
    assert json.loads(letter.payload)["values"] == {"vibration": 12.25}


def test_a_field_of_another_type_is_dead_lettered_and_its_neighbours_are_stored(
    house: House, influx_store: InfluxReadings
) -> None:
    assert influx_store._connection is not None
    line = f'pump,site=demo,asset=key-P-1 vibration="a text" {house.now_ms - 9000}'
    influx_store._connection.write(line.encode())
    house.send({"vibration": 2.0, "running": 1}, s=-1)
    house.start()
    house.settle()
    assert stored(house, "running") == [(-1000, 1.0)]
    (letter,) = house.letters()
    assert letter.reason.startswith("rejected_by_store: ")
    assert letter.part == "vibration"


def test_waits_are_spread_evenly_below_a_doubling_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[list[float]] = []

    class Stop:
        def is_set(self) -> bool:
            return False

    def clock() -> float:
        return time_now[0]

    time_now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", clock)
    for seed in range(200):
        lasted: list[float] = []

        def pass_time(_what: str, seconds: float, lasted: list[float] = lasted) -> None:
            lasted[-1] += seconds
            time_now[0] += seconds

        one = Patience("w", Stop(), pass_time, random.Random(seed))  # type: ignore[arg-type]
        for attempt in range(12):
            lasted.append(0.0)
            one.wait(STORE, attempt)
        waits.append(lasted)
    for attempt in range(12):
        cap = min(patience.RETRY_MAX_S, patience.RETRY_MIN_S * 2**attempt)
        found = [lasted[attempt] for lasted in waits]
        assert max(found) <= max(cap, patience.RETRY_MIN_S) + 0.2
        if cap > 1:
            assert min(found) < 0.1 * cap + 0.2
            assert abs(sum(found) / len(found) - cap / 2) < 0.15 * cap


def test_patience_goes_on_until_it_works() -> None:
    tries: list[float] = []

    def sometimes() -> str:
        tries.append(time.monotonic())
        if len(tries) < 4:
            raise Unreachable("store", "away")
        return "done"

    class Stop:
        def is_set(self) -> bool:
            return False

    one = Patience("w", Stop(), lambda _w, s: time.sleep(s), random.Random(1))  # type: ignore[arg-type]
    assert one.insist(STORE, sometimes) == "done"
    assert one.problems() == []
