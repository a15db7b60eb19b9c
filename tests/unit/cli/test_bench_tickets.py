"""A bench's safety events go on over an API that stumbles, and one that stays down is said."""

import itertools
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from plantroom.cli import bench_outage, bench_tickets
from plantroom.cli.bench_outage import SafetyEvents
from plantroom.cli.bench_tickets import open_ticket, reject
from plantroom.errors import Unreachable

Handler = Callable[[httpx.Request], httpx.Response]


class Published:
    """A broker's end that takes everything."""

    def __init__(self, *_: object) -> None:
        self.closed = False

    def publish(self, messages: list[tuple[bytes, bytes]]) -> None:
        assert messages

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_outage, "RawPublisher", Published)
    monkeypatch.setattr(bench_outage, "EVENT_EVERY_S", 0.001)
    monkeypatch.setattr(bench_tickets, "TAIL_S", 0.2)
    monkeypatch.setattr(bench_tickets, "STAYS_S", 0.2)
    monkeypatch.setattr(bench_tickets, "AGAIN_S", 0.005)


def client_of(handler: Handler) -> httpx.Client:
    return httpx.Client(base_url="http://bench", transport=httpx.MockTransport(handler))


def working(request: httpx.Request) -> httpx.Response:
    if request.method == "GET":
        return httpx.Response(200, json={"items": [{"id": "ticket"}]})
    return httpx.Response(201, json={"state": "rejected"})


def stumbling() -> Handler:
    """Every third request is answered with an error, every seventh not at all."""
    numbers: Iterator[int] = itertools.count(1)

    def handler(request: httpx.Request) -> httpx.Response:
        number = next(numbers)
        if number % 7 == 0:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(503, text="not just now") if number % 3 == 0 else working(request)

    return handler


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_events_go_on_over_errors_that_pass() -> None:
    events = SafetyEvents(1, client_of(stumbling()), "lift")
    events.start()
    wait_for(lambda: events.sent > 20)
    events.require_well()
    times = events.finish()
    assert [len(some) for some in times.values()] == [events.sent]
    assert float("inf") not in times["before"]


def test_an_error_that_stays_ends_the_run_with_words() -> None:
    events = SafetyEvents(1, client_of(lambda _: httpx.Response(500, text="broken")), "lift")
    events.start()
    events.join(20)
    for end in (events.require_well, events.finish):
        with pytest.raises(Unreachable, match=r"safety events.*still fails after.*500"):
            end()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_in_any_other_way_ends_the_run_too() -> None:
    events = SafetyEvents(1, client_of(lambda _: httpx.Response(200, json={})), "lift")
    events.start()
    events.join(20)
    with pytest.raises(Unreachable, match=r"safety events.*ended"):
        events.finish()


def test_an_event_whose_ticket_does_not_come_is_counted_and_is_no_error() -> None:
    events = SafetyEvents(1, client_of(lambda _: httpx.Response(200, json={"items": []})), "lift")
    events.start()
    events.join(20)
    events.require_well()
    assert events.finish() == {"before": [float("inf")]}


def test_a_ticket_that_comes_while_the_api_is_away_is_late_and_not_missing() -> None:
    assert open_ticket(client_of(working), {}, time.monotonic() - 1) == "ticket"


@pytest.mark.parametrize(("state", "well"), [("rejected", True), ("open", False)])
def test_a_ticket_that_is_ended_already_is_ended(state: str, *, well: bool) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"state": state}) if request.method == "GET" else httpx.Response(409, json={})

    if well:
        reject(client_of(handler), "one")
    else:
        with pytest.raises(Unreachable, match="cannot be ended, it is open"):
            reject(client_of(handler), "one")
