"""A site under measurement: a ledger with pumps, the roles as processes of their own, what they use and say."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

import httpx

from gateway.broker import free_port
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, LocalName, Point, PointKind, Priority, Site, Source, SourceClock
from plantroom.errors import Unreachable
from plantroom.ports.readings import SeriesRef
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.readings.factory import open_readings

SITE = "bench"
POINTS = 5
START_S = 60.0
CLIENT_ID = f"plantroom-{SITE}"
FILTER = f"plantroom/{SITE}/#"
POLL_S = 0.05
STILL_S = 3.0
"""A collector says how it stands every second."""

TICKS = os.sysconf("SC_CLK_TCK")


class BenchSite:
    """One site with ``assets`` pumps; a context manager. ``collect`` is started and stopped by its user."""

    def __init__(
        self,
        broker_port: int,
        assets: int,
        readings_url: str | None,
        settings: Mapping[str, str],
        ledger_url: str | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="plantroom-bench-site-")
        self.data = Path(self._folder.name) / "data"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PLANTROOM_")}
        self.environment = clean | {"PLANTROOM_BROKER_URL": f"mqtt://127.0.0.1:{broker_port}", **settings}
        self._readings_url = readings_url or f"sqlite:///{self.data / 'readings.db'}"
        self._ledger_url = ledger_url or f"sqlite:///{self.data / 'ledger.db'}"
        self.environment |= {"PLANTROOM_READINGS_URL": self._readings_url, "PLANTROOM_LEDGER_URL": self._ledger_url}
        self.codes = [f"P-{n:03}" for n in range(assets)]
        self.classes = equipment_classes()
        pump = self.classes["pump"]
        self.points = [p.key for p in pump.points if p.kind is PointKind.MEASURE and p.in_model][:POINTS]
        self.all_points = frozenset(p.key for p in pump.points)
        self.collector: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True)
        self.ledger = SqlLedger(self._ledger_url)
        self.ledger.open()
        self.store = open_readings(self._readings_url, self.data)
        self.store.open()
        with self.ledger.begin() as tx:
            tx.assets.add_site(Site(SITE, LocalName("测试", "Bench")))
        for code in self.codes:
            self.add(code, "pump", SourceClock.SIMULATED)
        return self

    def add(self, code: str, equipment_class: str, clock: SourceClock = SourceClock.LIVE) -> str:
        """A further asset with its class's points; gives its key."""
        asset = Asset(f"key-{code}", SITE, code, equipment_class, LocalName(code, code))
        with self.ledger.begin() as tx:
            tx.assets.add(asset, [Point(asset.key, point) for point in equipment_classes()[equipment_class].points])
            tx.assets.put_source(Source(asset.key, clock=clock))
        return asset.key

    def mark_safety(self, codes: Iterable[str]) -> None:
        """Have the telemetry of these pumps come on the safety lane."""
        with self.ledger.begin() as tx:
            for code in codes:
                tx.assets.put_source(Source(f"key-{code}", priority=Priority.SAFETY, clock=SourceClock.SIMULATED))

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.store.close()
        self.ledger.close()
        self._folder.cleanup()

    def declare_normal(self, start: datetime, end: datetime) -> None:
        """Have a model learned for every asset from what was observed in the span."""
        with self.ledger.begin() as tx:
            for code in self.codes:
                tx.assets.add_learn_window(f"key-{code}", start, end, "bench")

    def command(self, *arguments: str) -> list[str]:
        """A command line of plantroom on this site."""
        code = "from plantroom.cli.main import main; main()"
        return [sys.executable, "-c", code, *arguments, "--data-dir", str(self.data)]

    def start(self) -> None:
        """Start ``collect``."""
        self.collector = self.spawn("collect")

    def spawn(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A role as a process; its words go to a file in the data folder."""
        with (self.data / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - ourselves
                self.command(*arguments), env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        """Send the collector a signal."""
        if self.collector is not None:
            with suppress(ProcessLookupError):
                self.collector.send_signal(number)

    def stop(self) -> None:
        """End the collector in good order."""
        process, self.collector = self.collector, None
        if process is not None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        """End the collector with SIGKILL."""
        process, self.collector = self.collector, None
        if process is not None:
            process.kill()
            process.wait()

    def stats(self) -> dict[str, float]:
        """The collector's own figures, at most about a second old; empty before its first word."""
        with self.ledger.read() as tx:
            reports = tx.collect.collectors()
        return dict(reports[0].stats) if reports else {}

    def wait_received(self, messages: int, seconds: float) -> float:
        """Wait until so many messages are dealt with; gives the seconds that it took. Raises ``Unreachable``."""
        begun = time.monotonic()
        while self.stats().get("received", 0) < messages:
            if self.collector is None or self.collector.poll() is not None:
                raise Unreachable("the collector under measurement", self._words())
            if time.monotonic() - begun > seconds:
                raise Unreachable("the collector under measurement", f"got stuck: {self.stats()} {self._words()}")
            time.sleep(0.02)
        return time.monotonic() - begun

    def wait_stored(self, ts_ms: int, seconds: float, number: int = -1) -> float:
        """Wait until the reading of this instant of the last asset, or of asset ``number``, is in the store; gives the
        seconds that it took. Messages of a lane are stored in their order: those before it are there by then. Raises
        ``Unreachable``."""
        begun = time.monotonic()
        series = SeriesRef(SITE, "pump", f"key-{self.codes[number]}", self.points[0])
        while not len(self.store.read([series], ts_ms, ts_ms + 1, 1)[0].ts_ms):
            if time.monotonic() - begun > seconds or self.collector is None or self.collector.poll() is not None:
                raise Unreachable("the collector under measurement", f"got stuck: {self.stats()} {self._words()}")
            time.sleep(POLL_S)
        return time.monotonic() - begun

    def wait_emptied(self, seconds: float) -> float:
        """Wait until no lane of the collector has had anything to do for ``STILL_S``: after a kill either lane may have
        what the other one was to leave to it, and wait for a store that the other has found again. Gives the seconds
        until then. Raises ``Unreachable``."""
        begun = last = time.monotonic()
        while time.monotonic() - last < STILL_S:
            if self.stats().get("spool_depth", 1):
                last = time.monotonic()
            self.require_alive()
            if last - begun > seconds:
                raise Unreachable("the collector under measurement", f"got stuck: {self.stats()} {self._words()}")
            time.sleep(POLL_S)
        return last - begun

    def wait_ready(self) -> None:
        """Wait for the collector's first word. Raises ``Unreachable``."""
        deadline = time.monotonic() + START_S
        while not self.stats():
            self.require_alive()
            if time.monotonic() > deadline:
                raise Unreachable("the collector under measurement", f"did not start: {self._words()}")
            time.sleep(POLL_S)

    def require_alive(self) -> None:
        """Raises ``Unreachable`` when the collector has ended by itself."""
        if self.collector is None or self.collector.poll() is not None:
            raise Unreachable("the collector under measurement", f"ended by itself: {self._words()}")

    def tracebacks(self) -> int:
        """How often the collector's log tells of an error that nobody foresaw."""
        return (self.data / "collect.log").read_text(encoding="utf-8", errors="replace").count("Traceback (most recent")

    def _words(self) -> str:
        return (self.data / "collect.log").read_text(encoding="utf-8", errors="replace")[-800:]

    def cpu_s(self) -> float:
        """CPU seconds of the collector so far."""
        fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self) -> float:
        """The most memory that the collector ever had resident."""
        for line in Path(f"/proc/{self._pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return round(int(line.split()[1]) / 1024, 1)
        return 0.0

    @property
    def _pid(self) -> int:
        return self.collector.pid if self.collector is not None else 0

    def serving(self) -> "Serving":
        """The role ``serve`` for as long as a ``with`` block lasts."""
        return Serving(self)


class Serving:
    """``serve`` as a process, and a client that is signed in."""

    def __init__(self, site: BenchSite) -> None:
        self._site = site
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client()

    def __enter__(self) -> httpx.Client:
        port = free_port()
        self._process = self._site.spawn("serve", "--http-port", str(port))
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_S
        while not _alive(url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Unreachable("the API under measurement", "did not start")
            time.sleep(0.1)
        done = subprocess.run(  # noqa: S603 - ourselves
            [*self._site.command("token", "create", "bench", "--role", "admin"), "--json"],
            env=self._site.environment, capture_output=True, check=True,
        )  # fmt: skip
        token = json.loads(done.stdout)["token"]
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)


def _alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=1).is_success
    except httpx.HTTPError:
        return False


def message_topics(codes: Sequence[str]) -> list[bytes]:
    """Telemetry topics of the assets."""
    return [f"plantroom/{SITE}/{code}/telemetry".encode() for code in codes]
