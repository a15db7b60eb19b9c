"""What the kernel saw: every PUBACK leaves after the fdatasync that made its message durable."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gateway.spool.format import Parsed, parse
from gateway.spool.segments import segments_in
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, publish

SESSION = """\
import sys
from pathlib import Path
from gateway.session import Session
from gateway.spool import Spool
from plantroom.settings import BrokerAddress

spool = Spool(Path(sys.argv[2]))
spool.open()
line = Session(BrokerAddress(host="127.0.0.1", port=int(sys.argv[1])), "plantroom-s", spool, ["s/+/t"], lambda _t: True)
line.start()
while not line.granted():
    pass
Path(sys.argv[3]).touch()
sys.stdin.read()
line.stop()
"""
CALL = re.compile(r"^\d+ +(pwrite64|fdatasync|sendto)\((\d+)(?:, \"([^\"]*)\")?.*\) += (\d+)")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (pwrite64|fdatasync|sendto) resumed>.*\) += (\d+)")
BEGUN = re.compile(r"^(\d+) +(pwrite64|fdatasync|sendto)\((\d+)(?:, \"([^\"]*)\")?.*<unfinished")
PUBACK = r"\x40\x02"
PUBACK_BYTES = 4
RESERVE = r"\x00" * 8
"""What the cursor's files are filled with beforehand; no record begins so."""


def calls(trace: Path) -> Iterator[tuple[str, str, int]]:
    """Name, first bytes and result of each call, in the order in which they ended."""
    begun: dict[tuple[str, str], str] = {}
    for line in trace.read_text().splitlines():
        if found := CALL.match(line):
            yield found[1], found[3] or "", int(found[4])
        elif found := BEGUN.match(line):
            begun[found[1], found[2]] = found[4] or ""
        elif found := RESUMED.match(line):
            yield found[2], begun.pop((found[1], found[2]), ""), int(found[3])


def test_no_message_is_acknowledged_before_the_kernel_has_made_it_durable(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    assert strace, "strace is missing: scripts/install-test-servers, or apt-get install strace"
    server = mosquitto(tmp_path / "broker")
    server.start()
    trace, folder = tmp_path / "trace", tmp_path / "spool"
    tracing = [strace, "-f", "-xx", "-s", "8", "-e", "trace=pwrite64,fdatasync,sendto", "-o", str(trace)]
    child = subprocess.Popen(
        [*tracing, sys.executable, "-c", SESSION, str(server.port), str(folder), str(tmp_path / "ready")],
        stdin=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert eventually((tmp_path / "ready").exists, 30)
    for burst in (1, 50, 2_000):
        publish(server.port, "s/a/t", numbered(burst))
    assert eventually(lambda: sum(1 for _ in records(folder)) == 2_051, 20)
    child.stdin.close()
    assert child.wait(10) == 0
    server.stop()

    ends = [found.end for found in records(folder)]
    written = durable = acknowledged = syncs = 0
    for name, begins, result in calls(trace):
        if name == "pwrite64" and not begins.startswith(RESERVE):
            written += result
        elif name == "fdatasync":
            durable, syncs = written, syncs + 1
        elif begins.startswith(PUBACK):
            acknowledged += result // PUBACK_BYTES
            assert acknowledged <= sum(end <= durable for end in ends), "acknowledged before it was durable"
    assert acknowledged == len(ends)
    assert syncs >= 3


def records(folder: Path) -> Iterator[Parsed]:
    (segment,) = segments_in(folder)
    return parse(segment.path.read_bytes(), segment.first)
