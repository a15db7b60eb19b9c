"""The trial's Mosquitto on a real disk that is full: its end saves what waits, whoever ends it."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.broker.mosquitto import RESERVE
from tests.contract.gateway.test_session import mosquitto
from tests.e2e.small_disk import run_on_small_disk

DISK = 64 << 20
COUNT = 5_000

SCRIPT = """\
import os, signal, subprocess, sys
from contextlib import suppress
from pathlib import Path
import paho.mqtt.client as mqtt
from gateway.broker import free_port
from gateway.broker.mosquitto import RESERVE, RESERVE_BYTES, MosquittoBroker, find_mosquitto
from tests.contract.gateway.test_session import eventually, publish

disk, count, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
folder, port, binary = disk / "broker", free_port(), find_mosquitto()
HOLD = '''
from pathlib import Path
import sys
from gateway.broker.mosquitto import MosquittoBroker
broker = MosquittoBroker(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
broker.start()
print("up", flush=True)
sys.stdin.readline()
broker.stop()
'''

def start():
    command = [sys.executable, "-c", HOLD, binary, str(port), str(folder)]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert run.stdout.readline() == b"up\\n"
    return run, int((folder / "mosquitto.pid").read_text())

def gone(broker):
    return not Path(f"/proc/{broker}").exists() or " Z " in Path(f"/proc/{broker}/stat").read_text()

def end(run, broker):
    run.kill() if how == "kill" else run.communicate(b"\\n")
    run.wait()
    assert eventually(lambda: gone(broker), 30)

def consumer(came):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="away", clean_session=False)
    known = []
    client.on_connect = lambda _c, _u, flags, _r, _p: known.append(flags.session_present)
    client.on_message = lambda _c, _u, message: came.append(message)
    client.on_subscribe = lambda *_: known.append("subscribed")
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert eventually(lambda: known)
    return client, known

run, broker = start()
assert (folder / RESERVE).stat().st_size == RESERVE_BYTES
client, known = consumer([])
client.subscribe("a", 1)
assert eventually(lambda: "subscribed" in known)
client.disconnect()
client.loop_stop()
with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
    while file.write(b"x" * 4096):
        pass
publish(port, "a", [b"%d" % n for n in range(count)])
end(run, broker)
assert not (folder / RESERVE).exists()
assert (folder / "mosquitto.db").stat().st_size
run, broker = start()
came = []
client, known = consumer(came)
assert known[0] is True
assert eventually(lambda: len(came) >= count, 30), len(came)
client.disconnect()
client.loop_stop()
end(run, broker)
"""


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("count", [0, COUNT])
def test_sessions_and_what_waits_in_them_are_saved_on_a_full_disk(tmp_path: Path, count: int, how: str) -> None:
    run_on_small_disk(tmp_path / "disk", DISK, SCRIPT, str(count), how)


@pytest.mark.parametrize(("free_mib", "reserve_mib"), [(1, 0), (4, 3), (10, 4), (34, 4), (40, 8), (500, 16)])
def test_the_reserve_leaves_the_others_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, reserve_mib: int
) -> None:
    broker, reserve = mosquitto(tmp_path), tmp_path / RESERVE

    def usage(_: Path) -> SimpleNamespace:
        taken = reserve.stat().st_size if reserve.exists() else 0
        return SimpleNamespace(free=(free_mib << 20) - taken)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    for _ in range(3):
        broker._keep_reserve()
    assert (reserve.stat().st_size if reserve.exists() else 0) == reserve_mib << 20
