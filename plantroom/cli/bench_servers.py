"""Servers that a benchmark starts for itself: Mosquitto, InfluxDB, Telegraf."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

from gateway.broker import free_port
from gateway.broker.mosquitto import find_mosquitto
from plantroom.errors import Unreachable

LOOPBACK = "127.0.0.1"
START_S = 30.0
ORG, BUCKET, TOKEN = "plantroom", "readings", "bench-token"


class Server:
    """A child process in a temporary folder; a context manager."""

    name = "server"

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix=f"plantroom-bench-{self.name}-")
        self.folder = Path(self._folder.name)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], is_ready: Callable[[], bool]) -> None:
        """Start it and wait until it answers. Raises ``Unreachable`` with what it said."""
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - a found binary and our own arguments
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(encoding="utf-8", errors="replace")[-800:]
                self.stop()
                raise Unreachable(self.name, f"did not start: {said}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Of the running process."""
        return self.process.pid if self.process is not None else 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it with this signal; its folder stays."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()


class BenchMosquitto(Server):
    """A broker that queues without limit in memory and keeps ``inflight`` messages under way to each client."""

    name = "mosquitto"

    def __init__(self, inflight: int) -> None:
        super().__init__()
        self._inflight = inflight

    def __enter__(self) -> Self:
        binary = find_mosquitto()
        if binary is None:
            raise Unreachable("Mosquitto", "is not installed: apt-get install mosquitto")
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(
            f"user root\nlistener {self.port} {LOOPBACK}\nallow_anonymous true\npersistence false\n"
            f"max_queued_messages 0\nmax_inflight_messages {self._inflight}\nlog_type error\n",
            encoding="utf-8",
        )
        self.start([binary, "-c", str(configuration)], self._answers)
        return self

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((LOOPBACK, self.port), 0.3):
            return True
        return False


def find_influxd() -> str | None:
    """``influxd`` on the PATH, or the one that the tests built."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plantroom"
    built = sorted(cache.glob("influxd-2.*/influxd"))
    return shutil.which("influxd") or (str(built[-1]) if built else None)


class BenchInflux(Server):
    """An InfluxDB 2 with a bucket and a token."""

    name = "influxd"

    @property
    def readings_url(self) -> str:
        """For ``PLANTROOM_READINGS_URL``."""
        return f"influxdb://{TOKEN}@{LOOPBACK}:{self.port}/{ORG}/{BUCKET}"

    @property
    def url(self) -> str:
        """Of its HTTP API."""
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self.again()
        body = {"username": "admin", "password": "plantroom-bench", "org": ORG, "bucket": BUCKET, "token": TOKEN}
        httpx.post(f"{self.url}/api/v2/setup", json=body, timeout=10).raise_for_status()
        return self

    def again(self) -> None:
        """Start it (again, on the same data)."""
        binary = find_influxd()
        if binary is None:
            raise Unreachable("InfluxDB", "influxd is not on the PATH; `make setup-test` builds one")
        files = [f"--{name}-path={self.folder / name}" for name in ("bolt", "engine", "sqlite")]
        address = f"--http-bind-address={LOOPBACK}:{self.port}"
        self.start([binary, *files, address, "--reporting-disabled", "--log-level=error"], self._healthy)

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=1).is_success
        except httpx.HTTPError:
            return False
