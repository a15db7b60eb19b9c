"""A fork of a process that publishes: refused in words, and it takes nothing from its parent, however it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plantroom.publisher import Limits
from plantroom.publisher.outbox import Outbox

FORKED = """
import os, sys, threading
from plantroom.publisher import OutboxInUse, Publisher

parent = Publisher("mqtt://127.0.0.1:1", "demo", "P-1", sys.argv[1])
parent.start()
for n in range(3):
    assert parent.telemetry({"v": n}) == n
lock = parent._outbox._database.lock
held, done = threading.Event(), threading.Event()

def hold():
    with lock:
        held.set()
        done.wait()

holder = threading.Thread(target=hold, daemon=True)
holder.start()
held.wait()
child = os.fork()
if child == 0:
    for use in (
        lambda: parent.telemetry({"v": 9.0}), lambda: parent.event("x"), parent.next_number,
        lambda: parent.wait_sent(1), lambda: parent.wait_connected(1),
    ):
        try:
            use()
        except OutboxInUse as error:
            assert f"process {os.getppid()} opened it" in str(error), error
        else:
            raise SystemExit("a fork was let in")
    parent.close()
    if sys.argv[2] == "at once":
        os._exit(0)
    if sys.argv[2] == "collected":
        import gc
        del parent, lock
        gc.collect()
    sys.exit(0)
done.set()
holder.join()
for n in range(3, 200):
    assert parent.telemetry({"v": n}) == n
assert os.waitpid(child, 0)[1] == 0
for n in range(200, 300):
    assert parent.telemetry({"v": n}) == n
os._exit(0)
"""


@pytest.mark.parametrize("end", ["at once", "as usual", "collected"])
def test_a_fork_is_refused_in_words_and_takes_nothing_from_its_parent(tmp_path: Path, end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(tmp_path), end], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    box = Outbox(tmp_path, Limits(), sync=True)
    box.open()
    assert [one.seq for one in box.after(0, 1000)] == list(range(300))
    box.close()


def test_a_publisher_that_was_made_before_the_fork_may_be_started_after_it(tmp_path: Path) -> None:
    box = Outbox(tmp_path, Limits(), sync=True)
    child = os.fork()
    if child == 0:
        box.open()
        fine = box.append("a", "telemetry", [lambda boot, seq: b"{}"], 1) == 0
        box.close()
        os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
