"""``bench plan``: the plan of a large estate for a year, computed, made into orders, and looked at again."""

import gc
import json
import math
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maintenance.bulk import BulkPlan, Wanted
from maintenance.columns.days import WorkDays
from maintenance.materialise import materialise
from maintenance.orders import create_order
from maintenance.site_plan import read_site
from maintenance.work_orders import Kind, Origin
from plantroom.bootstrap.memory import settle_memory
from plantroom.catalogue.systems import systems
from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_plan_estate import NOW, make_estate, works
from plantroom.cli.bench_postgres import BenchPostgres
from plantroom.cli.bench_product import environment
from plantroom.domain.assets import LocalName
from plantroom.errors import PlantroomError
from plantroom.ports.paging import EVERYTHING
from plantroom.storage.ledger import SqlLedger

HORIZON_DAYS = 365
SYSTEMS = {key: list(system.classes) for key, system in systems().items()}
WRITER_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Size:
    """How large the estate is, and which numbers its dice throw."""

    assets: int = 20_000
    sites: int = 20
    days: int = HORIZON_DAYS
    seed: int = 1


def measure_plan(size: Size, backend: str, say: Callable[[str], None], *, beside: bool = True) -> dict[str, Any]:
    """Make the estate, compute its year, make the orders, run again. ``beside``: somebody else opens tickets meanwhile
    in a process of their own."""
    settle_memory()  # as the roles do that plan
    with _ledger(backend) as (url, ledger):
        say(f"making {size.assets:,} assets on {size.sites} sites")
        with ledger.begin() as tx:
            estate = make_estate(tx, size.sites, size.assets, size.seed)
        say("computing")
        computed = _compute(ledger, size)
        say("making the orders")
        with _writer(url) if beside else _nobody() as writes:
            began, cpu = time.perf_counter(), time.process_time()
            first = materialise(ledger, NOW, SYSTEMS, size.days, works)
            materialise_s, materialise_cpu_s = time.perf_counter() - began, time.process_time() - cpu
        say("running again")
        began = time.perf_counter()
        second = materialise(ledger, NOW, SYSTEMS, size.days, works)
        second_run_s = time.perf_counter() - began
        with ledger.read() as tx:
            orders = sum(tx.orders.counts(EVERYTHING).values()) - len(writes)
    return {
        "occurrences": first["created"],
        "compute_s": round(computed["compute_s"], 3),
        "materialise_s": round(materialise_s, 2),
        "second_run_s": round(second_run_s, 3),
        "second_run_created": second["created"],
        "second_run_existing": second["existing"],
        "orders": orders,
        "columns_s": round(computed["columns_s"], 3),
        "compute_cpu_s": round(computed["cpu_s"], 3),
        "materialise_cpu_s": round(materialise_cpu_s, 2),
        "in_columns": computed["in_columns"],
        "one_by_one": computed["one_by_one"],
        "assignments": estate.assignments,
        "history": estate.history,
        "missed": first["missed"],
        "other_writer_ms": percentiles([1000 * seconds for seconds in writes]),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "settings": {
            "assets": size.assets, "sites": size.sites, "days": size.days, "seed": size.seed, "ledger": backend,
            "beside": beside,
        },
        "environment": environment(),
    }  # fmt: skip


def _compute(ledger: SqlLedger, size: Size) -> dict[str, Any]:
    """The dates of everything, without writing: from records in memory to columns of dates."""
    wanted: list[Wanted] = []
    with ledger.read() as tx:
        for site in tx.assets.sites():
            plan = read_site(tx, site, NOW, SYSTEMS, size.days, works)
            wanted += [Wanted(plan, card, plan.set_of(card), 0) for card in plan.cards.values()]
        history = tx.plan.history([one.card.key for one in wanted])
    calendar = WorkDays(works)
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    bulk = BulkPlan(wanted, history, calendar, NOW)
    took = time.perf_counter() - began
    return {
        "compute_s": took,
        "cpu_s": time.process_time() - cpu,
        "columns_s": bulk.columns_s,
        "in_columns": len(wanted) - len(bulk.others),
        "one_by_one": len(bulk.others),
    }


@contextmanager
def _ledger(backend: str) -> Iterator[tuple[str, SqlLedger]]:
    if backend == "postgresql":
        with BenchPostgres() as server, _opened(server.url) as ledger:
            yield server.url, ledger
        return
    with tempfile.TemporaryDirectory(prefix="plantroom-bench-plan-") as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        with _opened(url) as ledger:
            yield url, ledger


@contextmanager
def _opened(url: str) -> Iterator[SqlLedger]:
    with closing(SqlLedger(url)) as ledger:
        ledger.open()
        yield ledger


@contextmanager
def _nobody() -> Iterator[list[float]]:
    yield []


@contextmanager
def _writer(url: str) -> Iterator[list[float]]:
    """Somebody who opens a ticket every ``WRITER_EVERY_S``; how long each took, in seconds."""
    code = "from plantroom.cli.bench_plan import write_beside; write_beside()"
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{url}\n")
    process.stdin.flush()
    process.stdout.readline()
    times: list[float] = []
    try:
        yield times
    finally:
        said, _ = process.communicate("stop\n", timeout=60)
        times += json.loads(said or "[]")


def _until_told(stop: threading.Event) -> None:
    sys.stdin.readline()
    stop.set()


def write_beside() -> None:
    """The other process: reads the ledger's address, then writes until it is told to stop."""
    url = sys.stdin.readline().strip()
    stop = threading.Event()
    threading.Thread(target=_until_told, args=[stop], daemon=True).start()
    times: list[float] = []
    with _opened(url) as ledger:
        with ledger.read() as tx:
            site = tx.assets.sites()[0].code
        print("ready", flush=True)
        while not stop.wait(WRITER_EVERY_S):
            began = time.perf_counter()
            try:
                with ledger.begin() as tx:
                    create_order(
                        tx, site=site, kind=Kind.CORRECTIVE, origin=Origin.RULE, title=LocalName("困人", "Trapped"),
                        by="bench", now=NOW, safety=True,
                    )  # fmt: skip
            except PlantroomError:
                times.append(math.inf)
                continue
            times.append(time.perf_counter() - began)
    print(json.dumps(times))
