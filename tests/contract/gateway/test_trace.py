"""What the kernel saw: every PUBACK leaves after the fdatasync that made its message durable."""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.spool.format import Parsed
from gateway.spool.segments import segments_in
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, publish

SESSIONS = """\
import sys
from pathlib import Path
from gateway.session import Session
from gateway.spool import Spool
from plantroom.settings import BrokerAddress

lines = []
for lane, topics in (("normal", "s/+/t"), ("safety", "s/+/event")):
    spool = Spool(Path(sys.argv[2]) / lane)
    spool.open()
    broker = BrokerAddress(host="127.0.0.1", port=int(sys.argv[1]))
    lines.append(Session(broker, f"plantroom-{lane}", spool, [topics], lambda _t: True))
    lines[-1].start()
while not all(line.granted() for line in lines):
    pass
Path(sys.argv[3]).touch()
sys.stdin.read()
for line in lines:
    line.stop()
"""
LANES = {"normal": "s/a/t", "safety": "s/a/event"}
CALL = re.compile(r"^(\d+) +(pwrite64|fdatasync|sendto)\((\d+)(?:, \"([^\"]*)\")?.*\) += (\d+)")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (pwrite64|fdatasync|sendto) resumed>.*\) += (\d+)")
BEGUN = re.compile(r"^(\d+) +(pwrite64|fdatasync|sendto)\((\d+)(?:, \"([^\"]*)\")?.*<unfinished")
PUBACK = r"\x40\x02"
PUBACK_BYTES = 4
RESERVE = r"\x00" * 8
"""What the cursor's files are filled with beforehand; no record begins so."""


def calls(trace: Path) -> Iterator[tuple[str, str, str, int]]:
    """Thread, name, first bytes and result of each call, in the order in which they ended."""
    begun: dict[tuple[str, str], str] = {}
    for line in trace.read_text().splitlines():
        if found := CALL.match(line):
            yield found[1], found[2], found[4] or "", int(found[5])
        elif found := BEGUN.match(line):
            begun[found[1], found[2]] = found[4] or ""
        elif found := RESUMED.match(line):
            yield found[1], found[2], begun.pop((found[1], found[2]), ""), int(found[3])


def test_no_message_is_acknowledged_before_the_kernel_has_made_it_durable(tmp_path: Path) -> None:
    """On both lanes, each a session of its own, and over the loss of a connection."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: scripts/install-test-servers, or apt-get install strace"
    server = mosquitto(tmp_path / "broker")
    server.start()
    trace, folder = tmp_path / "trace", tmp_path / "spool"
    tracing = [strace, "-f", "-xx", "-s", "8", "-e", "trace=pwrite64,fdatasync,sendto", "-o", str(trace)]
    child = subprocess.Popen(
        [*tracing, sys.executable, "-c", SESSIONS, str(server.port), str(folder), str(tmp_path / "ready")],
        stdin=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert eventually((tmp_path / "ready").exists, 30)
    sent = 0
    for burst, lose in ((1, False), (50, True), (2_000, False)):
        for topic in LANES.values():
            publish(server.port, topic, numbered(burst))
        sent += burst
        assert eventually(lambda wanted=sent: all(kept(folder, lane) >= wanted for lane in LANES), 30)
        if lose:
            server.stop()
            server.start()
    child.stdin.close()
    assert child.wait(20) == 0
    server.stop()

    threads: dict[str, Acknowledged] = defaultdict(Acknowledged)
    for thread, name, begins, result in calls(trace):
        threads[thread].take(name, begins, result)
    found = sorted(one.total for one in threads.values() if one.total)
    assert found == sorted(kept(folder, lane) for lane in LANES), "not everything was acknowledged, or not by its lane"
    lanes = {lane: [one.end for one in records(folder / lane)] for lane in LANES}
    for one in threads.values():
        if one.total:
            ends = next(ends for ends in lanes.values() if ends[-1] == one.written)
            for acknowledged, durable in one.moments:
                assert acknowledged <= sum(end <= durable for end in ends), "acknowledged before it was durable"
            assert one.syncs >= 3


@dataclass
class Acknowledged:
    """What one thread did: bytes written, bytes made durable, acknowledgements sent, and how these stood at each."""

    written: int = 0
    durable: int = 0
    total: int = 0
    syncs: int = 0
    moments: list[tuple[int, int]] = field(default_factory=list)

    def take(self, name: str, begins: str, result: int) -> None:
        if name == "pwrite64" and not begins.startswith(RESERVE):
            self.written += result
        elif name == "fdatasync":
            self.durable, self.syncs = self.written, self.syncs + 1
        elif begins.startswith(PUBACK):
            self.total += result // PUBACK_BYTES
            self.moments.append((self.total, self.durable))


def kept(folder: Path, lane: str) -> int:
    return sum(1 for _ in records(folder / lane))


def records(folder: Path) -> Iterator[Parsed]:
    (segment,) = segments_in(folder)
    return segment.records()
