"""A ledger that has seen everything, and nobody's hands but the program's, is intact at every moment."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from maintenance.materialise import materialise
from maintenance.orders import create_order
from maintenance.ports import OrderFilter
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify
from maintenance.recurrence import local_day
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books
from maintenance.work.deferring import defer, laws_last_day
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import AssetStatus, LocalName, Severity
from plantroom.domain.authorship import Author, AuthorKind, acting, acting_system
from plantroom.ports.equipment import FileEntry
from plantroom.ports.paging import PageRequest
from plantroom.storage.files import FolderFiles
from tests.contract.imports.importing import Store, take, undo
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.planning import SYSTEMS

TABLE = "设施设备类别,适用设备编号,维护内容,维护周期\n供水系统,X-1,轴承检查,每周一次\n供水系统,X-1,润滑,每周一次\n"
LI = Author("li", AuthorKind.PERSON, "u-li")
ZONE = ZoneInfo("Asia/Shanghai")


def intact(ledger: Store, files: FolderFiles) -> None:
    verdict = verify(ledger, (), files)
    assert verdict.broken is None, verdict.broken


def planned(ledger: Store, days: int) -> list[WorkOrder]:
    """The orders that wait after the planner's look so many days on."""
    with acting_system("planner"):
        materialise(ledger, NOW + timedelta(days=days), SYSTEMS, 20)
    with ledger.read() as tx:
        return list(tx.orders.list(OrderFilter(origin="plan", open_only=True), PageRequest(limit=100)).items)


def put_off_and_done(ledger: Store, first: WorkOrder, second: WorkOrder) -> None:
    with acting(LI), ledger.begin() as tx:
        day = local_day(first.due or NOW, ZONE)
        defer(tx, tx.orders.lock(first.id), day + timedelta(days=3), "access", "no key", "li", NOW, person=True)
        if second.state is State.SCHEDULED:
            apply_transition(tx, second.id, State.OPEN, NOW, "li", now=NOW, person=True)
        apply_transition(tx, second.id, State.IN_PROGRESS, NOW, "li", now=NOW, person=True)
        apply_transition(tx, second.id, State.COMPLETED, NOW, "li", now=NOW, person=True)


def ticket(ledger: Store, asset: str, photo: str) -> None:
    with acting_system("findings"), ledger.begin() as tx:
        made = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.RULE, title=LocalName("漏水", "Leak"), by="system",
            now=NOW, asset=asset, severity=Severity.MAJOR,
        )  # fmt: skip
    later = NOW + timedelta(hours=1)
    with acting(LI), ledger.begin() as tx:
        apply_transition(tx, made.id, State.IN_PROGRESS, later, "li", now=later, person=True)
        apply_transition(tx, made.id, State.ON_HOLD, later, "li", "no part", now=later, person=True, code="parts")
        Books(tx, tx.orders.lock(made.id), "li", later).attach("photo", photo)


def test_a_long_life_is_intact_at_every_moment(ledger: Store, tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files")
    kept = files.put([b"a drop"], "image/jpeg")
    with acting(LI), ledger.begin() as tx:
        tx.files.add(FileEntry(kept.sha256, "demo", "drop.jpg", kept.mime, kept.size, "li", NOW))
        (asset,) = tx.plan.cards("demo")
    done = take(ledger, "plan_table", TABLE)
    assert done["created"] == 2, done
    waiting = planned(ledger, 0)
    with ledger.read() as tx:
        first, second, *_ = [one for one in waiting if laws_last_day(tx, one) is None]
    intact(ledger, files)
    put_off_and_done(ledger, first, second)
    ticket(ledger, asset.key, kept.sha256)
    intact(ledger, files)
    more = take(ledger, "plan_table", TABLE.replace("轴承检查", "密封检查").replace("润滑", "除尘"))
    planned(ledger, 1)
    intact(ledger, files)
    undo(ledger, more["import_id"])
    planned(ledger, 2)
    intact(ledger, files)
    planned(ledger, 10)
    seal_all(ledger)
    intact(ledger, files)
    with acting(LI), ledger.begin() as tx:
        tx.assets.set_status(asset.key, AssetStatus.OUT_OF_SERVICE)
    planned(ledger, 11)
    with acting(LI), ledger.begin() as tx:
        tx.assets.set_status(asset.key, AssetStatus.IN_SERVICE)
    planned(ledger, 13)
    intact(ledger, files)
    with acting(LI), ledger.begin() as tx:
        tx.assets.set_status(asset.key, AssetStatus.SCRAPPED)
    assert not [one for one in planned(ledger, 14) if one.asset == asset.key]
    intact(ledger, files)
