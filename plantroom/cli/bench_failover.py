"""``bench failover``: two collectors, messages all the while, and kill -9 of whoever holds the site, or of the broker's
node that it is connected to.

What the publisher has an acknowledgement for the API must give in the end, once and with its value; a safety event
of each take-over must have its ticket; and no gap may be left open. A gap that one collector finds when another has
the number already stays listed until the publisher answers: what is open when all has come is sent again, as by a
publisher that is asked for it.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from gateway.spool.inspect import inspect_folder
from plantroom.bootstrap.leasing import holder_id
from plantroom.cli.bench_failover_load import KINDS, SteadyPublisher
from plantroom.cli.bench_failover_lost import close_gaps, keep, lost_of
from plantroom.cli.bench_ingest import differences, stored_readings
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_rabbitmq import LOOPBACK, RabbitCluster, RabbitNode
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import SITE, BenchSite
from plantroom.domain.assets import Asset, LocalName, Point
from plantroom.errors import Unreachable
from plantroom.ports.paging import EVERYTHING
from plantroom.ports.readings import SeriesRef

ASSETS = len(KINDS)
COLLECTORS = 2
STEADY_S = (1.0, 2.0)
WAIT_S = 60.0
BACK_S = 240.0
"""A collector that starts beside much other work takes a minute before it reads its first message."""

ALIVE_S = 2.5
REPORT_MAX_AGE = timedelta(seconds=5)
TARGETS = ("collector", "node", "both")


class TwoCollectors:
    """Collectors with a data folder each on one ledger and store."""

    def __init__(self, site: BenchSite) -> None:
        self._site = site
        self._folders = [site.data.parent / f"collector-{n}" for n in range(COLLECTORS)]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for folder in self._folders:
            folder.mkdir()
        self.holders = {holder_id(folder): folder for folder in self._folders}

    def start(self, holder: str) -> None:
        """Start the collector of that name (again)."""
        folder = self.holders[holder]
        code = "from plantroom.cli.main import main; main()"
        with (folder / "collect.log").open("ab") as log:
            self._processes[holder] = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-c", code, "collect", "--data-dir", str(folder)],
                env=self._site.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def start_all(self) -> None:
        """Start every one."""
        for holder in self.holders:
            self.start(holder)

    def kill(self, holder: str) -> None:
        """SIGKILL."""
        process = self._processes.pop(holder)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all in good order."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def holder(self) -> str | None:
        """Who holds the site now."""
        with self._site.ledger.read() as tx:
            return next((lease.holder for lease in tx.leases.list() if lease.partition == SITE), None)

    def alive(self) -> int:
        """How many gave a sign of life a moment ago."""
        with self._site.ledger.read() as tx:
            return sum(silent_s < ALIVE_S for silent_s in tx.leases.members().values())

    def listening(self) -> bool:
        """Whether one of them has the site's sessions connected, by its own word."""
        with self._site.ledger.read() as tx:
            return any(report.ready and SITE in report.by_site for report in tx.collect.collectors())

    def total(self, figure: str) -> float:
        """The sum of one of the collectors' figures, as they last said."""
        with self._site.ledger.read() as tx:
            return sum(report.stats.get(figure, 0.0) for report in tx.collect.collectors())

    def silent(self) -> int:
        """How many of them have not said anything of themselves for ``REPORT_MAX_AGE``."""
        oldest = datetime.now(UTC) - REPORT_MAX_AGE
        with self._site.ledger.read() as tx:
            return COLLECTORS - sum(report.reported_at > oldest for report in tx.collect.collectors())

    def waiting(self) -> int:
        """Messages on their disks that they have acknowledged and not dealt with, also of one that is not running: they
        are not lost before it is back."""
        return sum(int(spool["waiting"]) for f in self._folders for spool in inspect_folder(f / "spool"))

    def words(self) -> str:
        """The end of every log."""
        return "\n".join(
            (f / "collect.log").read_text(encoding="utf-8", errors="replace")[-1500:] for f in self._folders
        )


def wait_for(what: Callable[[], Any], problem: Callable[[], str], seconds: float = WAIT_S) -> Any:
    """The first true value. Raises ``Unreachable`` when the time is over."""
    end = time.monotonic() + seconds
    while not (value := what()):
        if time.monotonic() > end:
            raise Unreachable("the collectors under measurement", problem())
        time.sleep(0.05)
    return value


@contextmanager
def broker_for(kind: str) -> Iterator[tuple[str, RabbitCluster | None]]:
    """Its address for ``PLANTROOM_BROKER_URL``, and the cluster when it is one."""
    if kind == "mosquitto":
        with BenchMosquitto(1000) as server:
            yield f"mqtt://{LOOPBACK}:{server.port}", None
    else:
        with RabbitCluster() as cluster:
            yield cluster.url, cluster


@dataclass(frozen=True, slots=True)
class Plan:
    """What is killed how often, under which load. ``ledger_url`` is an empty database (``None``: an SQLite file).
    Where something is lost, spools, stores and logs are kept in the folder ``kept`` (``None``: nothing is)."""

    target: str = "collector"
    kills: int = 3
    rate: int = 300
    seed: int = 1
    ledger_url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    kept: Path | None = None


def measure_failover(kind: str, plan: Plan, store: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench failover``. Raises ``Unreachable`` when a server is missing or gives up."""
    with ExitStack() as stack:
        url, cluster = stack.enter_context(broker_for(kind))
        readings = stack.enter_context(BenchInflux()).readings_url if store == "influxdb" else None
        return failover(url, cluster, plan, readings, say)


def failover(
    url: str, cluster: RabbitCluster | None, plan: Plan, readings_url: str | None, say: Callable[[str], None]
) -> dict[str, Any]:
    """As ``measure_failover``, on servers that run already."""
    rng = random.Random(plan.seed)  # noqa: S311 - which moments, not a secret
    with ExitStack() as stack:
        given = {"PLANTROOM_BROKER_URL": url, **plan.settings}
        site = stack.enter_context(BenchSite(0, ASSETS, readings_url, given, plan.ledger_url))
        _add_lifts(site, plan.kills)
        client = stack.enter_context(site.serving())
        collectors = TwoCollectors(site)
        stack.callback(collectors.stop)
        collectors.start_all()
        # Before the first subscription a broker has nobody to keep messages for.
        wait_for(lambda: collectors.listening() and collectors.alive() == COLLECTORS, collectors.words)
        publisher = SteadyPublisher(url, site.codes, plan.rate)
        stack.callback(publisher.stop)
        publisher.start()
        run = _Run(site, collectors, cluster, publisher, client, rng, say)
        gaps = [run.kill(number, plan.target) for number in range(plan.kills)]
        publisher.finish()
        acknowledged = publisher.acknowledged
        say(f"{acknowledged} messages acknowledged; waiting for the last to be stored")
        # Whatever is left on the disk of a killed one is there once that has started again, however long that takes.
        wait_for(lambda: not collectors.waiting(), collectors.words, BACK_S)
        lost, extra, again = run.compare()
        wait_for(lambda: _tickets(client) >= plan.kills, collectors.words)
        wait_for(lambda: not collectors.total("spool_depth"), collectors.words)
        missed = run.missed() if lost else {}
        sent_again, left_open = close_gaps(site.ledger, publisher, WAIT_S)
        wait_for(lambda: not collectors.silent(), collectors.words)
        if plan.kept is not None and (lost or left_open):
            collectors.stop()
            keep({"site": site.data.parent, **({} if cluster is None else {"broker": cluster.folder})}, plan.kept)
        return {
            "kills": plan.kills,
            "acknowledged": acknowledged,
            "lost": lost,
            "missed": missed,
            "dead_letters": _dead_letters(site),
            "duplicates": extra,
            "untimed_stored_again": again,
            "sent_twice": publisher.doubled,
            "recognised": round(collectors.total("duplicates")),
            "gaps_sent_again": sent_again,
            "gaps": left_open,
            "gap_s": {"max": max(gaps), "each": gaps},
            "safety_tickets": _tickets(client),
            "settings": {
                "broker": "mosquitto" if cluster is None else "rabbitmq",
                "target": plan.target,
                "kills": plan.kills,
                "rate": plan.rate,
                "seed": plan.seed,
                "lease_s": float(given.get("PLANTROOM_LEASE_S", "6")),
                "ledger": (plan.ledger_url or "sqlite").split(":")[0],
                "store": (readings_url or "sqlite").split(":")[0],
            },
            "environment": environment(),
        }


class _Run:
    """The kills of one measurement."""

    def __init__(
        self,
        site: BenchSite,
        collectors: TwoCollectors,
        cluster: RabbitCluster | None,
        publisher: SteadyPublisher,
        client: httpx.Client,
        rng: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self._site, self._collectors, self._cluster = site, collectors, cluster
        self._publisher, self._client, self._rng, self._say = publisher, client, rng, say

    def kill(self, number: int, target: str) -> float:
        """One kill; seconds until a message published after it was in the store."""
        if self._cluster is not None:
            self._cluster.wait_running(len(self._cluster.nodes))
        wait_for(lambda: self._collectors.alive() == COLLECTORS, self._collectors.words)
        time.sleep(self._rng.uniform(*STEADY_S))
        holder = wait_for(self._collectors.holder, self._collectors.words)
        of_node = target == "node" or (target == "both" and number % 2)
        node = wait_for(self._node_in_use, self._collectors.words) if of_node else None
        begun = time.monotonic()
        if node is None:
            self._collectors.kill(holder)
        else:
            node.end()
        self._publisher.tell_event(f"L-{number}")
        after = self._publisher.published
        wait_for(lambda: self._stored_behind(after), self._collectors.words)
        gap_s = round(time.monotonic() - begun, 2)
        self._say(f"kill {number + 1}: {'collector' if node is None else node.name}, flowing again after {gap_s} s")
        if node is None:
            self._collectors.start(holder)
        else:
            node.launch()
        return gap_s

    def _node_in_use(self) -> RabbitNode | None:
        if self._cluster is None:
            raise Unreachable("Mosquitto", "has no second node to go on with: kill the collector")
        names = {f"plantroom-{SITE}"}
        for node in self._cluster.nodes:
            try:
                found = httpx.get(f"{node.admin_url}/api/connections", timeout=5).raise_for_status().json()
            except (httpx.HTTPError, ValueError):
                continue
            used = {c["node"] for c in found if c.get("variable_map", {}).get("client_id") in names}
            for candidate in self._cluster.nodes:
                if candidate.name in used:
                    return candidate
        return None

    def _stored_behind(self, after: int) -> bool:
        """Whether something that was published behind message ``after`` is in the store."""
        code = self._site.codes[0]
        first_ms = self._publisher.instant_behind(code, after)
        if first_ms is None:
            return False
        return bool(len(self._site.store.read([self._series(code)], first_ms, first_ms + 60_000, 1)[0].ts_ms))

    def _series(self, code: str) -> SeriesRef:
        return SeriesRef(SITE, "pump", f"key-{code}", self._publisher.point)

    def compare(self) -> tuple[int, int, int]:
        """Of the acknowledged readings, those that the API does not give with their value; of those with a ``ts``, how
        many it gives too many; of those without, how many it gives more than once."""
        end = time.monotonic() + WAIT_S
        while True:
            lost = extra = again = 0
            for code in self._publisher.timed:
                missing, more = self._compare_timed(code)
                lost, extra = lost + missing, extra + more
            for code, values in self._publisher.untimed.items():
                now_ms = time.time_ns() // 1_000_000
                found = Counter(self._stored(code, self._publisher.begun_ms, now_ms)[1].tolist())
                lost += (Counter(values) - found).total()
                again += (found - Counter(values)).total()
            if not lost or time.monotonic() > end:
                return lost, extra, again
            time.sleep(0.5)

    def missed(self) -> dict[str, Any]:
        """Which readings the API does not give, see ``lost_of``."""
        now_ms = time.time_ns() // 1_000_000
        found = {code: self._stored(code, self._publisher.begun_ms, now_ms) for code in self._site.codes}
        return lost_of(self._publisher, {code: (ts.tolist(), values.tolist()) for code, (ts, values) in found.items()})

    def _compare_timed(self, code: str) -> tuple[int, int]:
        values = self._publisher.timed[code]
        wanted = np.fromiter(values, np.int64)
        return differences(wanted, np.fromiter(values.values(), np.float64), *self._stored(code, wanted[0], wanted[-1]))

    def _stored(self, code: str, first_ms: int, last_ms: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return stored_readings(self._client, f"key-{code}", self._publisher.point, int(first_ms), int(last_ms))


def _add_lifts(site: BenchSite, count: int) -> None:
    with site.ledger.begin() as tx:
        for number in range(count):
            name = LocalName(f"电梯 {number}", f"Lift {number}")
            lift = Asset(f"key-L-{number}", SITE, f"L-{number}", "elevator", name)
            tx.assets.add(lift, [Point(lift.key, template) for template in site.classes["elevator"].points])


def _dead_letters(site: BenchSite) -> int:
    with site.ledger.read() as tx:
        count: int = tx.collect.count_dead_letters(EVERYTHING, SITE)
        return count


def _tickets(client: httpx.Client) -> int:
    answer = client.get("/api/v1/work-orders", params={"kind": "corrective", "site": SITE, "limit": "1000"})
    answer.raise_for_status()
    return len({order["asset"] for order in answer.json()["items"] if str(order["asset"]).startswith("key-L-")})
