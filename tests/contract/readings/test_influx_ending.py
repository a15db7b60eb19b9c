"""A process that ends does not wait for an InfluxDB that leaves requests unanswered."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

WRITES = """
import sys, threading, time
import numpy as np
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.storage.readings.influx import InfluxReadings
from plantroom.storage.readings.influx_http import InfluxTarget

store = InfluxReadings(InfluxTarget("127.0.0.1", int(sys.argv[1]), "token", "org", "bucket"))
store.open()
n = 5000
batch = ReadingBatch(
    [SeriesRef("demo", "pump", "key", "vibration")],
    np.zeros(n, np.int32), np.arange(n, dtype=np.int64), np.ones(n), np.zeros(n, np.uint8),
)
threading.Thread(target=store.write, args=(batch,), daemon=True).start()
time.sleep(1)
print("closing", flush=True)
store.close()
"""


class Silent(BaseHTTPRequestHandler):
    """Answers everything but a write."""

    writes = threading.Event()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/api/v2/write"):
            self.writes.set()
            time.sleep(60)
        body = json.dumps({"buckets": [{"name": "bucket"}], "results": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - the names that the standard library asks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_the_end_does_not_wait_for_an_answer(port: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITES, str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "closing\n"
    assert Silent.writes.is_set()
    begun = time.monotonic()
    assert process.wait(25) == 0
    assert time.monotonic() - begun < 5
