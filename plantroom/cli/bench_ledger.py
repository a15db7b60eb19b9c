"""A large ledger behind HTTP: lists, filters, search, tree and cards of 100,000 assets with 1,000,000 points."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_ledger_data import DEPARTMENTS, SITES, Content, fill
from plantroom.cli.bench_ledger_import import measure_import, new_assets
from plantroom.cli.bench_product import STOP_TIMEOUT_S, environment
from plantroom.errors import Unreachable

Say = Callable[[str], None]
Question = tuple[str, dict[str, str]]

START_S = 120.0
PAGE = "100"
WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is, and how often each kind of question is asked."""

    assets: int = 100_000
    points: int = 1_000_000
    requests: int = 500
    imported: int = 50_000
    table: str = "xlsx"


def measure_ledger(backend: str, size: Size, url: str | None, say: Say) -> dict[str, Any]:
    """The document of ``bench ledger``. ``url``: an empty database to use in place of one of our own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plantroom-bench-ledger-")))
        address = url or _database(backend, folder, stack)
        begun = time.perf_counter()
        say(f"filling the ledger with {size.assets} assets and {size.points} points")
        content = fill(address, size.assets, size.points, say)
        filled = time.perf_counter() - begun
        plant = measure_plant(address, content, say)
        with serving(address, folder) as (client, pid):
            say("asking")
            figures = _ask(client, pid, content, size.requests, say)
            new = new_assets(address, size.imported, size.table)
            imported = measure_import(client, lambda: cpu_s(pid), new, say)
    return {
        "backend": backend,
        **figures,
        **imported,
        **plant,
        "fill_s": round(filled, 1),
        "settings": {
            "assets": size.assets,
            "points": size.points,
            "requests_each": size.requests,
            "page": int(PAGE),
            "clients": 1,
            "sites": len(SITES),
        },
        "environment": environment(),
    }


def _database(backend: str, folder: Path, stack: ExitStack) -> str:
    if backend == "sqlite":
        return f"sqlite:///{folder / 'ledger.db'}"
    from plantroom.cli.bench_postgres import BenchPostgres

    return stack.enter_context(BenchPostgres()).url


@contextmanager
def serving(address: str, folder: Path) -> Iterator[tuple[httpx.Client, int]]:
    """``plantroom serve`` on the ledger, in a process of its own: a client with a token, and the process."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PLANTROOM_")}
    given = {"PLANTROOM_LEDGER_URL": address, "PLANTROOM_DATA_DIR": str(data), "PLANTROOM_HTTP_PORT": "0"}
    given["PLANTROOM_LOG_LEVEL"] = "warning"
    code = "from plantroom.cli.main import main; main()"
    command = [sys.executable, "-c", code]
    made = subprocess.run(  # noqa: S603 - ourselves
        [*command, "token", "create", "bench", "--role", "admin", "--json"],
        env=clean | given, capture_output=True, text=True, check=True,
    )  # fmt: skip
    token = json.loads(made.stdout)["token"]
    log = data / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "serve"], env=clean | given, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        base = _wait(data / "runtime-serve.json", process, log)
        with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            yield client, process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(runtime: Path, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if runtime.exists():
            return str(json.loads(runtime.read_text(encoding="utf-8"))["http_url"])
        time.sleep(0.05)
    raise Unreachable("plantroom serve", f"did not start: {log.read_text(encoding='utf-8', errors='replace')[-800:]}")


def cpu_s(pid: int) -> float:
    """How long the threads of a process have computed so far: what other load on the machine does not lengthen."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # a thread that has just ended
            total += int(task.read_text(encoding="ascii").split()[0])
    return total / 1e9


def _ask(client: httpx.Client, pid: int, content: Content, count: int, say: Say) -> dict[str, Any]:
    """Each kind of question so often, the kinds in turn, so that load from elsewhere meets all of them alike."""
    cold = time.perf_counter()
    _until_indexed(client)
    figures: dict[str, Any] = {"index_ready_s": round(time.perf_counter() - cold, 1)}
    pick = random.Random(7)  # noqa: S311 - figures that can be repeated
    cursors = _cursors(client, {})
    frequent = _cursors(client, {"text": "水泵"})
    kinds: dict[str, Callable[[], Question]] = {
        "list_ms": lambda: _list(pick, cursors),
        "filter_ms": lambda: _filter(pick, content),
        "search_ms": lambda: _search(pick, content, frequent),
        "tree_ms": lambda: ("/api/v1/locations/tree", {"site": pick.choice(SITES)}),
        "card_ms": lambda: (f"/api/v1/assets/{pick.choice(content.keys)}/card", {}),
        "sorted_by_presence_ms": lambda: ("/api/v1/assets", {"sort": "presence", "limit": PAGE}),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    computed = dict.fromkeys(kinds, 0.0)
    slowest: dict[str, tuple[float, Question]] = {}
    for number in range(-WARM_UP, count):
        for name, ask in kinds.items():
            if name == "sorted_by_presence_ms" and number % 10:
                continue
            path, query = ask()
            before, begun = cpu_s(pid), time.perf_counter()
            answer = client.get(path, params=query)
            spent = (time.perf_counter() - begun) * 1000
            answer.raise_for_status()
            if number >= 0:
                times[name].append(spent)
                computed[name] += (cpu_s(pid) - before) * 1000
                slowest[name] = max(slowest.get(name, (0.0, (path, query))), (spent, (path, query)), key=lambda s: s[0])
    for name, (spent, (path, query)) in slowest.items():
        say(f"{name}: slowest {spent:.1f} ms: {path} {query}")
    figures["server_cpu_ms"] = {name: round(computed[name] / max(len(spent), 1), 1) for name, spent in times.items()}
    return {name: percentiles(spent) for name, spent in times.items()} | figures


def _until_indexed(client: httpx.Client) -> None:
    """The first lists of a process are the database's; wait until a search is quick, or a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        begun = time.perf_counter()
        client.get("/api/v1/assets", params={"text": "nothing-of-this-kind", "limit": "1"}).raise_for_status()
        if time.perf_counter() - begun < 0.02:
            return
        time.sleep(0.1)


def _cursors(client: httpx.Client, query: Mapping[str, str]) -> list[str]:
    """Places all through a list."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        asked = {**query, "limit": "1000"} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/v1/assets", params=asked)
        answer.raise_for_status()
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found
        found.append(cursor)


def _list(pick: random.Random, cursors: Sequence[str]) -> Question:
    if pick.random() < 0.5:
        return "/api/v1/assets", {"limit": PAGE, "sort": pick.choice(["code", "-code", "class", "status", "site"])}
    return "/api/v1/assets", {"limit": PAGE} | _further(pick, cursors)


def _further(pick: random.Random, cursors: Sequence[str]) -> dict[str, str]:
    """Somewhere further down a list; the top of one that is short."""
    return {"cursor": pick.choice(cursors)} if cursors else {}


def _filter(pick: random.Random, content: Content) -> Question:
    chosen = pick.choice(
        [
            {"class": pick.choice(content.classes)},
            {"site": pick.choice(SITES), "status": "standby"},
            {"department": pick.choice(DEPARTMENTS), "criticality": "A"},
            {"location": pick.choice(content.places)},
            {"class": pick.choice(content.classes), "site": pick.choice(SITES), "status": "in_service,standby"},
        ]
    )
    return "/api/v1/assets", {"limit": PAGE, **chosen}


def _search(pick: random.Random, content: Content, frequent: Sequence[str]) -> Question:
    number = pick.randrange(len(content.keys))
    chosen = pick.choice(
        [
            {"text": "水泵"},
            {"text": "水泵"} | _further(pick, frequent),
            {"text": "泵"},
            {"text": f"{number:06d}"},
            {"text": f"sn{number:x}"},
            {"text": "威乐 高区"},
            {"text": "威乐", "site": pick.choice(SITES)},
            {"text": f"{pick.randrange(20) + 1}号楼 水泵房"},
            {"text": "grundfos pump", "sort": "-code"},
            {"text": "没有的"},
        ]
    )
    return "/api/v1/assets", {"limit": PAGE, **chosen}


def measure_plant(address: str, content: Content, say: Say) -> dict[str, Any]:
    """What one changed asset costs a collector that follows the ledger's plant, and what its first look does."""
    from contextlib import closing

    from plantroom.domain.assets import AssetStatus
    from plantroom.storage.ledger import SqlLedger

    say("reading the plant as a collector does")
    pick = random.Random(3)  # noqa: S311 - figures that can be repeated
    with closing(SqlLedger(address)) as ledger:
        ledger.open()
        begun = time.perf_counter()
        with ledger.read() as tx:
            tx.assets.plant()
        first = time.perf_counter() - begun
        changes: list[float] = []
        for turn in range(30):
            with ledger.begin() as tx:
                tx.assets.set_status(pick.choice(content.keys), list(AssetStatus)[turn % 2])
            begun = time.perf_counter()
            with ledger.read() as tx:
                tx.assets.plant()
            changes.append((time.perf_counter() - begun) * 1000)
    return {"plant_first_s": round(first, 2), "plant_change_ms": percentiles(changes)}
