"""The live log, and waking those who wait for findings or live events."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import pytest

from plantroom.errors import BadData
from plantroom.ports.live import LiveEvent
from plantroom.storage.ledger import SqlLedger, live
from tests.contract.ledger.given import NOW, ROOT, finding

QUICK_S = 0.05
"""How soon a waiting reader must hear of a change."""


def settle(ledger: SqlLedger) -> None:
    """Until nothing is left that this thread has not heard of (a listener begins with one call)."""
    while ledger.wait_for_change(0.3):
        pass


def test_notes_are_read_back_in_order(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        start = tx.live.last_position()
        tx.live.note("work_order", "demo", {"id": "w1", "state": "open"})
        tx.live.note("collector", None, {})
    with ledger.read() as tx:
        events = tx.live.after(start, 10)
        assert [(e.topic, e.site, e.data) for e in events] == [
            ("work_order", "demo", {"id": "w1", "state": "open"}),
            ("collector", None, {}),
        ]
        assert tx.live.after(events[0].position, 10) == [events[1]]
        assert tx.live.after(start, 1) == [events[0]]
        assert tx.live.last_position() == events[1].position > events[0].position > start


def test_a_transaction_sees_its_own_notes(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        before = tx.live.last_position()
        tx.live.note("asset", "demo", {"key": "p1"})
        assert tx.live.after(before, 10) == [LiveEvent(tx.live.last_position(), "asset", "demo", {"key": "p1"})]


def test_notes_of_a_failed_transaction_never_were(ledger: SqlLedger) -> None:
    with ledger.read() as tx:
        before = tx.live.last_position()
    with pytest.raises(BadData), ledger.begin() as tx:  # noqa: PT012
        tx.live.note("asset", "demo", {})
        raise BadData("no")
    with ledger.read() as tx:
        assert tx.live.last_position() == before


def test_a_reader_of_the_log_skips_nothing_while_four_threads_write(ledger: SqlLedger) -> None:
    with ledger.read() as tx:
        position = tx.live.last_position()

    def write(thread: int) -> None:
        for n in range(25):
            with ledger.begin() as tx:
                tx.live.note("asset", "demo", {"thread": thread, "n": n})
                tx.collect.append_findings([finding(100 * thread + n)])

    seen: list[object] = []
    with ThreadPoolExecutor(4) as pool:
        written = [pool.submit(write, thread) for thread in range(4)]
        while len(seen) < 100:
            assert not any(w.done() and w.exception() for w in written)
            with ledger.read() as tx:
                for event in tx.live.after(position, 10):
                    seen.append((event.data["thread"], event.data["n"]))
                    position = event.position
    assert sorted(seen) == [(thread, n) for thread in range(4) for n in range(25)]  # type: ignore[type-var]


def test_the_oldest_of_the_log_is_dropped(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEPT", 20)
    monkeypatch.setattr(live, "SWEEP", 10)
    for n in range(20):
        with ledger.begin() as tx:
            for k in range(5):
                tx.live.note("asset", "demo", {"n": 5 * n + k})
    with ledger.read() as tx:
        left = [e.data["n"] for e in tx.live.after(0, 1000)]
    assert 20 <= len(left) <= 30
    assert left == list(range(100 - len(left), 100))


def test_a_quiet_ledger_waits_the_time_out(ledger: SqlLedger) -> None:
    settle(ledger)
    began = time.monotonic()
    assert ledger.wait_for_change(0.2) is False
    assert 0.2 <= time.monotonic() - began < 5


def test_a_change_between_reading_and_waiting_is_not_lost(ledger: SqlLedger) -> None:
    settle(ledger)
    with ledger.begin() as tx:
        tx.live.note("asset", "demo", {})
    assert ledger.wait_for_change(10.0) is True
    assert ledger.wait_for_change(0.1) is False


def test_a_change_before_the_first_wait_is_not_lost(ledger: SqlLedger, other: SqlLedger) -> None:
    with other.begin() as tx:
        tx.collect.append_findings([finding(1)])
    assert ledger.wait_for_change(10.0) is True


def test_only_findings_and_live_events_wake(ledger: SqlLedger) -> None:
    settle(ledger)
    with ledger.begin() as tx:
        tx.accounts.note_failed_sign_in("a", "b", NOW)
        tx.collect.append_findings([])
    with pytest.raises(BadData), ledger.begin() as tx:  # noqa: PT012
        tx.live.note("asset", "demo", {})
        raise BadData("no")
    assert ledger.wait_for_change(0.2) is False


def test_every_waiting_thread_is_woken_by_a_commit_of_the_same_process(ledger: SqlLedger) -> None:
    rounds = 5
    together = threading.Barrier(3)
    heard: list[list[float]] = [[] for _ in range(rounds)]

    def wait() -> None:
        for times in heard:
            settle(ledger)
            together.wait(10)
            assert ledger.wait_for_change(5.0)
            times.append(time.monotonic())
            together.wait(10)

    took = []
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(wait) for _ in range(2)]
        for number, times in enumerate(heard):
            together.wait(10)
            time.sleep(0.05)
            with ledger.begin() as tx:
                tx.collect.append_findings([finding(number)])
            committed = time.monotonic()
            together.wait(10)
            took.append(max(times) - committed)
        for w in waiting:
            w.result(timeout=5)
    assert sorted(took)[rounds // 2] < QUICK_S


class Speaker:
    """Another process that commits on demand."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout
        assert self._out.readline() == "ready\n"

    def say(self, what: str) -> None:
        self._in.write(what + "\n")
        self._in.flush()

    def when(self) -> float:
        return float(self._out.readline())


@pytest.fixture
def speaker(url: str) -> Iterator[Speaker]:
    command = [sys.executable, "-m", "tests.contract.ledger.elsewhere", "speak", url, ""]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Speaker(process)
        process.stdin.close()  # type: ignore[union-attr]
        assert process.wait(10) == 0


@pytest.mark.parametrize("what", ["finding", "live"])
def test_a_commit_of_another_process_wakes_at_once(ledger: SqlLedger, speaker: Speaker, what: str) -> None:
    settle(ledger)
    took = []
    for _ in range(5):
        speaker.say(what)
        assert ledger.wait_for_change(5.0) is True
        heard = time.time()
        took.append(heard - speaker.when())
        settle(ledger)
    assert sorted(took)[2] < QUICK_S


def test_another_processs_other_commits_do_not_wake(ledger: SqlLedger, speaker: Speaker) -> None:
    settle(ledger)
    speaker.say("nothing")
    speaker.when()
    assert ledger.wait_for_change(0.2) is False


def test_closing_ends_the_waiting(ledger: SqlLedger) -> None:
    settle(ledger)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ledger.wait_for_change, 30.0)
        time.sleep(0.05)
        ledger.close()
        waiting.result(timeout=3)
