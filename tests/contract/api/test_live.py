"""Server-sent events from a real server: what changes, on whose sites, from where one left off, until it stops."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from api.app import begin_shutdown
from api.events import endpoints
from plantroom.ports.accounts import Role
from tests.contract.api.world import AWAY, HOME, PASSWORD, World

EVENTS = "/api/v1/events"


@dataclass
class Running:
    url: str
    server: uvicorn.Server
    thread: threading.Thread


@pytest.fixture
def running(world: World) -> Iterator[Running]:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(world.app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=30)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Running(f"http://127.0.0.1:{sock.getsockname()[1]}", server, thread)
    begin_shutdown(world.app)
    server.should_exit = True
    thread.join(20)
    sock.close()
    assert not thread.is_alive()


@contextmanager
def stream(running: Running, token: str, headers: dict[str, str] | None = None) -> Iterator[Iterator[dict]]:
    given = {"Authorization": f"Bearer {token}"} | (headers or {})
    with httpx.Client(base_url=running.url, timeout=10) as client, client.stream("GET", EVENTS, headers=given) as got:
        assert got.status_code == 200
        assert got.headers["content-type"].startswith("text/event-stream")
        assert got.headers["cache-control"] == "no-store"
        yield messages(got)


def messages(answer: httpx.Response) -> Iterator[dict]:
    position = None
    for line in answer.iter_lines():
        if line.startswith("id: "):
            position = int(line[4:])
        elif line.startswith("data: "):
            message = json.loads(line[6:])
            assert message["position"] == position
            yield message


def note(world: World, site: str | None, n: int, topic: str = "asset") -> int:
    with world.ledger.begin() as tx:
        tx.live.note(topic, site, {"n": n})
        return tx.live.last_position()


def test_changes_arrive_as_they_happen_within_the_sites_of_the_caller(world: World, running: Running) -> None:
    with stream(running, world.token(Role.VIEWER, HOME)) as arriving:
        hello = next(arriving)
        assert hello["topic"] == "hello"
        begun = time.monotonic()
        note(world, AWAY, 1)
        note(world, None, 2)
        last = note(world, HOME, 3)
        assert [next(arriving)["data"] for _ in range(2)] == [{"n": 2}, {"n": 3}]
        assert time.monotonic() - begun < 2
        assert last > hello["position"]


def test_last_event_id_resumes_without_loss_or_repetition(world: World, running: Running) -> None:
    token = world.token(Role.VIEWER, HOME)
    with stream(running, token) as arriving:
        next(arriving)
        note(world, HOME, 1)
        seen = next(arriving)
    for n in (2, 3, 4):
        note(world, HOME, n)
    with stream(running, token, {"Last-Event-ID": str(seen["position"])}) as arriving:
        assert next(arriving)["topic"] == "hello"
        assert [next(arriving)["data"]["n"] for _ in range(3)] == [2, 3, 4]
        note(world, HOME, 5)
        assert next(arriving)["data"]["n"] == 5


def test_more_than_a_batch_is_caught_up_with(world: World, running: Running) -> None:
    first = note(world, HOME, 0)
    with world.ledger.begin() as tx:
        for n in range(1, 1300):
            tx.live.note("asset", HOME, {"n": n})
    with stream(running, world.token(Role.VIEWER, HOME), {"Last-Event-ID": str(first)}) as arriving:
        next(arriving)
        assert [next(arriving)["data"]["n"] for _ in range(1299)] == list(range(1, 1300))


def test_who_missed_too_much_or_comes_from_elsewhere_is_told_to_reload(
    world: World, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "FAR_BEHIND", 3)
    for n in range(5):
        last = note(world, HOME, n)
    for asked in (last - 5, last + 100):
        with stream(running, world.token(Role.VIEWER, HOME), {"Last-Event-ID": str(asked)}) as arriving:
            assert next(arriving) == {"position": last, "topic": "reload", "site": None, "data": {}}


@pytest.mark.parametrize("odd", ["x", "-1", "1.5", "9" * 30])
def test_an_odd_last_event_id_is_refused(world: World, odd: str) -> None:
    answer = world.as_(Role.VIEWER).get(EVENTS, headers={"Last-Event-ID": odd})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


def test_the_stream_needs_signing_in(world: World) -> None:
    assert world.client().get(EVENTS).status_code == 401


def test_silence_is_broken_by_heartbeats(world: World, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "HEARTBEAT_S", 0.1)
    headers = {"Authorization": f"Bearer {world.token(Role.VIEWER, HOME)}"}
    with httpx.Client(base_url=running.url, timeout=5) as client, client.stream("GET", EVENTS, headers=headers) as got:
        beats = 0
        for line in got.iter_lines():
            beats += line == ": still here"
            if beats == 3:
                break
    assert beats == 3


def test_signing_out_ends_the_stream(world: World, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "HEARTBEAT_S", 0.1)
    with httpx.Client(base_url=running.url, timeout=5) as client:
        body = {"username": "admin", "password": PASSWORD}
        token = client.post("/api/v1/session", json=body).json()["csrf_token"]
        with client.stream("GET", EVENTS) as got:
            arriving = messages(got)
            next(arriving)
            with httpx.Client(base_url=running.url, cookies=client.cookies) as other:
                other.delete("/api/v1/session", headers={"X-CSRF-Token": token})
            assert list(arriving) == []


def test_many_streams_share_one_thread_and_end_cleanly_at_shutdown(world: World, running: Running) -> None:
    token = world.token(Role.VIEWER, HOME)
    ended: list[bool] = []
    ready = threading.Barrier(6)

    def listen() -> None:
        with stream(running, token) as arriving:
            next(arriving)
            ready.wait(10)
            for _ in arriving:
                pass
            ended.append(True)

    threads = [threading.Thread(target=listen) for _ in range(5)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    assert [t.name for t in threading.enumerate()].count("live-hub") == 1
    begun = time.monotonic()
    begin_shutdown(world.app)
    running.server.should_exit = True
    running.thread.join(10)
    for thread in threads:
        thread.join(5)
    assert ended == [True] * 5
    assert time.monotonic() - begun < 5
