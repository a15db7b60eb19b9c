"""An elevator with signed, late and missed half-month visits, repairs, budget; and what reports are made with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from maintenance.budget.model import Budget
from maintenance.intervals import Interval, IntervalUnit
from maintenance.orders import create_order
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.records.sealing import seal
from maintenance.reports.making import Names, ReportMaker
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books
from maintenance.work.records import Signatory
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, WorkOrder, WorkOrderOccurrence
from plantroom.catalogue import equipment_classes, systems
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.papers import Licence
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.clock import Clock
from plantroom.ports.equipment import FileEntry
from plantroom.ports.files import FileStore, StoredFile
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles

Store = Ledger[MaintenanceTx]
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"
HALF_MONTH = PlanRow(
    "l-hm", "EL-HM", LocalName("半月维保", "Half-month maintenance"), "statutory", AppliesTo(system="elevator"),
    Interval(15, IntervalUnit.DAY), layer=Layer.LAW, basis="TSG T5002-2017", executor="contractor", max_gap_days=15,
)  # fmt: skip
ITEMS = (
    ChecklistItem("A-1-01", "ok", LocalName("机房环境", "Machine room")),
    ChecklistItem("A-1-02", "number", LocalName("制动器间隙", "Brake gap"), unit="mm", high=0.7),
    ChecklistItem("A-1-03", "ok", LocalName("层门", "Landing doors")),
)


class Fixed(Clock):
    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def names() -> Names:
    found = systems()
    return Names(
        {key: one.classes for key, one in found.items()},
        equipment_classes(),
        {key: one.name for key, one in found.items()},
    )


def no_pdf(html: str) -> bytes:
    """For what is not about PDFs: they take a second each."""
    return b"%PDF " + html[:10].encode()


def maker(ledger: Store, folder: Path, clock: Clock | None = None) -> ReportMaker:
    return ReportMaker(ledger, FolderFiles(folder), clock or Fixed(), names(), "https://plant.example", pdf=no_pdf)


def kept(tx: MaintenanceTx, files: FileStore, text: bytes, mime: str) -> StoredFile:
    found = files.put([text], mime)
    tx.files.add(FileEntry(found.sha256, "demo", "file", mime, found.size, "li", NOW))
    return found


def lift(tx: MaintenanceTx) -> Asset:
    found = tx.assets.lock("lift-1").asset
    changed = replace(
        found,
        name=LocalName(f"1号客梯{SCRIPT}", f"Passenger lift 1 {SCRIPT}"),
        manufacturer="通力", model="KM-3", serial="SN-7", in_service_on=date(2019, 5, 1),
        custom={"using_unit": "示范物业公司", "maintenance_unit": "迅达维保有限公司"},
        licences=(Licence("periodic_inspection", "T-2026-118", date(2025, 4, 20), date(2026, 4, 20), "市特检院"),),
    )  # fmt: skip
    return tx.assets.update(changed, found.version)


def visit(
    tx: MaintenanceTx,
    files: FileStore,
    number: int,
    day: date,
    late: int = 0,
    *,
    missed: bool = False,
    ended: State = State.MISSED,
    entered: timedelta = timedelta(0),
) -> None:
    """A half-month visit whose last day is ``day``, entered so long after it was done; one that is ``missed`` ends as
    ``ended``."""
    key = OccurrenceKey("l-hm", "lift-1", number)
    order = create_order(
        tx, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=HALF_MONTH.name, by="system:planner",
        now=datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=9), asset="lift-1", template=ITEMS,
    )  # fmt: skip
    stands_for = (WorkOrderOccurrence(key, "EL-HM", day, day),)
    order = tx.orders.update(replace(order, occurrences=stands_for), order.version)
    done = datetime(day.year, day.month, day.day, 3, tzinfo=UTC) + timedelta(days=late)
    opens = day - timedelta(days=5)
    tx.plan.add_occurrences([Occurrence(key, "demo", "EL-HM", day, opens, day, OccurrenceState.DUE, None, order.id)])
    if missed:
        apply_transition(tx, order.id, ended, done, "wang", "春节停梯 / lift closed", now=done)
        return
    photo, sign, manager = (
        kept(tx, files, f"{kind} {number}".encode(), mime)
        for kind, mime in (("photo", "image/jpeg"), ("sign", "image/png"), ("manager", "image/png"))
    )
    order = apply_transition(tx, order.id, State.IN_PROGRESS, done - timedelta(hours=1), "li", now=done)
    answers: dict[str, dict[str, object]] = {
        "A-1-01": {"outcome": "ok", "by": "li", "at": done.isoformat(), "files": [_file("photo", photo, done)]},
        "A-1-02": {"outcome": "ok", "number": 0.4 + number / 100, "by": "li", "at": done.isoformat()},
        "A-1-03": {"outcome": "not_ok" if number == 2 else "ok", "remark": f"门球磨损 {SCRIPT}", "by": "li",
                   "at": done.isoformat(), "files": [_file("signature", sign, done)]},
    }  # fmt: skip
    order = tx.orders.update(replace(tx.orders.lock(order.id), answers=answers), order.version)
    order = apply_transition(tx, order.id, State.COMPLETED, done, "li", now=done + entered, file_arrived=files.has)
    order = tx.orders.lock(order.id)
    Books(tx, order, "wang", done).sign(Signatory.SAFETY_MANAGER, "王安全", manager.sha256, order.version)
    seen = done + entered + timedelta(hours=2)
    apply_transition(tx, order.id, State.VERIFIED, seen, "wang", "同意", now=seen, person=True)


def bare_visit(tx: MaintenanceTx, number: int, day: date) -> WorkOrder:
    """A half-month visit that was completed in time, with nothing on its record."""
    key, done = OccurrenceKey("l-hm", "lift-1", number), datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    order = create_order(
        tx, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=HALF_MONTH.name, by="system:planner",
        now=done - timedelta(days=9), asset="lift-1",
    )  # fmt: skip
    order = tx.orders.update(replace(order, occurrences=(WorkOrderOccurrence(key, "EL-HM", day, day),)), order.version)
    tx.plan.add_occurrences([Occurrence(key, "demo", "EL-HM", day, day, day, OccurrenceState.DUE, None, order.id)])
    apply_transition(tx, order.id, State.IN_PROGRESS, done - timedelta(hours=1), "li", now=done)
    return apply_transition(tx, order.id, State.COMPLETED, done, "li", now=done)


def sign(tx: MaintenanceTx, files: FileStore, order: WorkOrder) -> None:
    """The safety manager's name under a completed order."""
    name = kept(tx, files, b"sign", "image/png").sha256
    Books(tx, tx.orders.lock(order.id), "wang", NOW).sign(Signatory.SAFETY_MANAGER, "王安全", name, order.version)


def _file(kind: str, stored: StoredFile, at: datetime) -> dict[str, object]:
    return {"kind": kind, "sha256": stored.sha256, "bytes": stored.size, "mime": stored.mime, "by": "li",
            "at": at.isoformat()}  # fmt: skip


def ticket(tx: MaintenanceTx, title: str = "困人", day: int = 10, cost: float = 800.0) -> None:
    at = datetime(2026, 3, day, 2, tzinfo=UTC)
    order = create_order(
        tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.OWNER, title=LocalName(title, "People trapped"), by="li",
        now=at, asset="lift-1",
    )  # fmt: skip
    for hours, to in ((1, State.ACKNOWLEDGED), (2, State.IN_PROGRESS), (5, State.COMPLETED)):
        apply_transition(tx, order.id, to, at + timedelta(hours=hours), "li", now=at + timedelta(hours=hours))
    Books(tx, tx.orders.lock(order.id), "wang", at).charge(cost, f"F-{day}")


def furnish(ledger: Store, files: FileStore, visits: Iterable[date] | None = None) -> None:
    """March of an elevator: four visits, one late, one missed; a repair; a budget."""
    days = (
        [date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 22)] if visits is None else list(visits)
    )
    with ledger.begin() as tx:
        for username, name in (("li", "李工"), ("wang", f"王经理{SCRIPT}")):
            tx.accounts.put_user(User(username, username, "", (Grant(Role.TECHNICIAN, "demo"),), name))
        lift(tx)
        tx.plan.put_row(HALF_MONTH)
        tx.budgets.add(Budget("b1", "demo", 2026, "repair", "", 20_000.0, "wang", NOW))
    for number, day in enumerate(days, 1):
        with ledger.begin() as tx:
            visit(tx, files, number, day, late=2 if number == 3 else 0, missed=number == 4)
    with ledger.begin() as tx:
        ticket(tx)
    seal(ledger, NOW)
