"""A load that ends before its time ends the run with words: figures without a load must not pass for a run with one."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from plantroom.cli import bench_crash
from plantroom.cli.bench_crash import Load
from plantroom.cli.bench_site import CLIENT_ID
from plantroom.cli.bench_wire import break_connection, connect
from plantroom.errors import Unreachable
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port


class Instants:
    """Messages without end, or until ``breaks``."""

    def __init__(self, breaks: int | None = None) -> None:
        self.made, self._breaks = 0, breaks

    def catch_up(self, _now_ms: int) -> None:
        pass

    def make_live(self) -> list[tuple[bytes, bytes]]:
        self.made += 1
        if self.made == self._breaks:
            raise KeyError("P-1")
        return [(b"bench/topic", b"{}")] * 10


def load(port: int, publishing: Any) -> Load:
    made = Load(port, publishing, 1000)
    made.start()
    return made


def test_a_load_that_ran_to_its_end_says_how_much_was_acknowledged(mosquitto: Mosquitto) -> None:
    one = load(mosquitto.port, publishing := Instants())
    while publishing.made < 20:
        one.require_well()
        time.sleep(0.01)
    one.finish()
    assert one.acknowledged == publishing.made * 10


def test_a_broker_that_is_not_there_is_said() -> None:
    one = load(free_port(), Instants())
    one.join(10)
    for said in (one.require_well, one.finish):
        with pytest.raises(Unreachable, match=r"the load of the bench: .*refused"):
            said()


def test_a_broker_that_goes_away_is_said(own_mosquitto: Mosquitto) -> None:
    one = load(own_mosquitto.port, publishing := Instants())
    while publishing.made < 20:
        time.sleep(0.01)
    own_mosquitto.kill()
    one.join(10)
    with pytest.raises(Unreachable, match="the load of the bench"):
        one.finish()
    assert one.acknowledged == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_our_own_is_said_as_well(mosquitto: Mosquitto) -> None:
    one = load(mosquitto.port, Instants(breaks=5))
    one.join(10)
    with pytest.raises(Unreachable, match="ended unexpectedly"):
        one.require_well()


def test_no_collector_is_killed_any_more_once_the_load_has_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Site:
        data, kills = tmp_path, 0

        def kill(self) -> None:
            self.kills += 1

        def start(self) -> None:
            pass

    monkeypatch.setattr(bench_crash, "LIFE_S", (0.0, 0.0))
    one, site = load(free_port(), Instants()), Site()
    one.join(10)
    with pytest.raises(Unreachable, match="the load of the bench"):
        bench_crash._kill(site, None, one, 3, random.Random(1), print)  # type: ignore[arg-type]
    assert site.kills == 0


def test_slow_kills_break_the_connection_of_the_site_in_the_middle_of_each_life(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    happened: list[str] = []

    class Site:
        data = tmp_path

        def kill(self) -> None:
            happened.append("kill")

        def start(self) -> None:
            happened.append("start")

    def break_it(port: int, client_id: str) -> None:
        happened.append(f"break {client_id}")
        break_connection(port, client_id)

    monkeypatch.setattr(bench_crash, "SLOW_LIFE_S", (0.02, 0.02))
    monkeypatch.setattr(bench_crash, "break_connection", break_it)
    one = load(mosquitto.port, Instants())
    ours = connect(mosquitto.port, CLIENT_ID, clean=False)
    assert bench_crash._kill_slowly(Site(), mosquitto.port, one, 2, random.Random(1))  # type: ignore[arg-type]
    assert happened == [f"break {CLIENT_ID}", "kill", "start"] * 2
    assert ours.recv(1) == b"", "the broker has ended it"
    one.finish()
