"""The scheduler's ticks, on a real ledger."""

import io
import time
from collections.abc import Mapping
from typing import Any

from maintenance.imports.kinds import Asked
from maintenance.imports.ports import Mode
from maintenance.imports.running import Wanted, run_import
from maintenance.ports import MaintenanceTx
from maintenance.scheduler import Scheduler, materialise_job
from maintenance.seed import seed_default_profile
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders

Store = Ledger[MaintenanceTx]
TABLE = (
    "设施设备类别,维护周期,维护责任部门\n照明系统,每月一次,电气管理部门\n照明系统,每季度一次,电气管理部门\n".encode()
)


def import_plan_table(ledger: Store, data: bytes, name: str, *, dry_run: bool) -> dict[str, Any]:
    wanted = Wanted("plan_table", name, Mode.DRY_RUN if dry_run else Mode.COMMIT, Asked("somebody", NOW))
    return run_import(ledger, wanted, io.BytesIO(data), FixedClock(NOW))


def test_a_dry_run_writes_nothing_and_a_commit_is_unchanged_the_second_time(ledger: Store) -> None:
    with ledger.begin() as tx:
        seed_default_profile(tx)
    dry = import_plan_table(ledger, TABLE, "t.csv", dry_run=True)
    done = import_plan_table(ledger, TABLE, "t.csv", dry_run=False)
    again = import_plan_table(ledger, TABLE, "t.csv", dry_run=False)
    assert (dry["created"], done["created"], again["created"], again["unchanged"]) == (1, 1, 0, 2)


def test_one_wrong_line_keeps_all_out(ledger: Store) -> None:
    wrong = TABLE + "供水系统,偶尔,水务管理部门\n".encode()
    assert import_plan_table(ledger, wrong, "t.csv", dry_run=False)["errors"]
    with ledger.read() as tx:
        assert not tx.plan.rows()


def test_the_scheduler_materialises_as_soon_as_it_starts(ledger: Store) -> None:
    with ledger.begin() as tx:
        seed_default_profile(tx)
    runs: list[Mapping[str, int]] = []
    scheduler = Scheduler(ledger, FixedClock(NOW), [materialise_job(ledger, SYSTEMS, after=runs.append)])
    scheduler.start()
    try:
        end = time.monotonic() + 5
        while not runs and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        scheduler.stop()
    assert runs[0]["created"] > 0
    assert orders(ledger)
    assert scheduler.failures == 0
