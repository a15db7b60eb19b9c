"""Signed statutory work stays as it was signed."""

import json
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from maintenance.evidence import FileArrived
from maintenance.orders import create_order, keep
from maintenance.records.freezing import add_correction, freeze_missing
from maintenance.records.model import Record, RecordFrozen
from maintenance.records.ports import RecordFilter
from maintenance.records.verifying import verify, verify_in
from maintenance.sync import apply_operations
from maintenance.transitions import apply_transition
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Site
from plantroom.domain.audit_verify import Tampering
from plantroom.errors import BadData, IllegalTransition
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_records import FROZEN, record_addenda, statutory_records
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import answer, op
from tests.contract.records.test_tampering import falsified

UNIT = {"using_unit": "青龙园物业", "maintenance_unit": "安达电梯维保 TS-3310"}
TEMPLATE = (
    ChecklistItem(
        "A-1-23", "number", LocalName("平层准确度", "Levelling"), unit="mm", low=-10, high=10, point="levelling_error"
    ),
    ChecklistItem("A-1-18", "ok", LocalName("对讲", "Intercom"), evidence=("signature",)),
)  # fmt: skip
LI = User("u-li", "li", "", (Grant(Role.TECHNICIAN, "demo"),), "李工")
WANG = User("u-wang", "wang", "", (Grant(Role.SUPERVISOR, "demo"),), "王经理")
SIGNATURE = {"sha256": "cd" * 32, "bytes": 900, "mime": "image/png"}


@pytest.fixture
def site(ledger: SqlLedger) -> SqlLedger:
    with ledger.begin() as tx:
        tx.assets.add_site(Site("demo", LocalName("青龙园", "Qinglong")))
        lift = Asset("lift-1", "demo", "E-1", "elevator", LocalName("1号梯", "Lift 1"), serial="TSX-9", custom=UNIT)
        tx.assets.add(lift, [])
        for user in (LI, WANG):
            tx.accounts.put_user(user)
    return ledger


@pytest.fixture
def order(site: SqlLedger) -> WorkOrder:
    return made(site)


def made(ledger: SqlLedger, kind: Kind = Kind.STATUTORY) -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=kind, origin=Origin.PLAN, title=LocalName("半月维保", "Half-month"),
            by="system:planner", now=NOW, asset="lift-1", template=TEMPLATE,
        )  # fmt: skip


def send(ledger: SqlLedger, *ops: dict[str, object], user: User = LI) -> list[tuple[str, str | None]]:
    told = [one | {"user": user.username} for one in ops]
    arrived: FileArrived = lambda _: True  # noqa: E731
    from maintenance.operations import SyncEffects

    results = apply_operations(ledger, user, "tab-1", NOW, told, NOW, SyncEffects(arrived))
    return [(result.status, result.code) for result in results]


def do_work(ledger: SqlLedger, order: WorkOrder, *, by: tuple[User, ...] = (LI,)) -> None:
    work = (answer(order, "A-1-23", number=4.5), answer(order, "A-1-18"))
    assert {status for status, _ in send(ledger, *work)} == {"applied"}
    for user in by:
        image = SIGNATURE if user == by[0] else SIGNATURE | {"sha256": "ce" * 32}
        assert send(ledger, op(order, "signature", "A-1-18", value=image), user=user) == [("applied", None)]
    assert send(ledger, op(order, "complete")) == [("applied", None)]


def step(ledger: SqlLedger, order: WorkOrder, to: State, by: str = "wang", reason: str = "") -> WorkOrder:
    with ledger.begin() as tx:
        at = NOW + timedelta(minutes=5)
        return apply_transition(tx, order.id, to, at, by, reason, now=at, person=True)


def records(ledger: SqlLedger) -> list[Record]:
    with ledger.read() as tx:
        return list(tx.records.list(RecordFilter(), PageRequest()).items)


@pytest.fixture
def frozen(site: SqlLedger, order: WorkOrder) -> Record:
    do_work(site, order)
    step(site, order, State.VERIFIED)
    (record,) = records(site)
    return record


def test_statutory_work_becomes_a_record_when_it_is_verified(site: SqlLedger, order: WorkOrder) -> None:
    do_work(site, order)
    assert not records(site)
    step(site, order, State.VERIFIED)
    (record,) = records(site)
    assert (record.work_order, record.number, record.cause, record.frozen_by) == (
        order.id,
        order.number,
        "verified",
        "wang",
    )
    assert sha256(record.document.encode()).hexdigest() == record.sha256


def test_a_record_holds_what_the_law_asks_for(frozen: Record) -> None:
    said = json.loads(frozen.document)
    assert said["asset"]["serial"] == "TSX-9"
    assert (said["using_unit"], said["maintenance_unit"]) == (UNIT["using_unit"], UNIT["maintenance_unit"])
    assert said["date"] == "2026-03-02"
    assert [item["answer"]["outcome"] for item in said["items"]] == ["ok", "ok"]
    assert said["incomplete"] == {"items": 2, "unanswered": [], "without": []}
    assert [(one["point"], one["value"], one["unit"]) for one in said["readings"]] == [("levelling_error", 4.5, "mm")]
    assert [(one["by"], one["sha256"]) for one in said["signatures"]] == [("li", SIGNATURE["sha256"])]
    assert {one["username"]: (one["name"], one["roles"]) for one in said["staff"]} == {
        "li": ("李工", ["answered", "completed", "in_progress", "signed"]),
        "wang": ("王经理", ["verified"]),
    }
    assert said["items"][0]["requirement"] == {"zh": "", "en": ""}
    assert [one["to"] for one in said["steps"]][-2:] == ["completed", "verified"]


def test_a_number_beyond_its_limits_is_not_ok_whatever_was_ticked(site: SqlLedger, order: WorkOrder) -> None:
    said = [answer(order, "A-1-23", number=12.5), answer(order, "A-1-18"), op(order, "complete")]
    assert send(site, *said) == [("applied", "outside_limits"), ("applied", None), ("applied", "incomplete")]
    step(site, order, State.VERIFIED, reason="对讲已试 / intercom tried")
    (record,) = records(site)
    frozen = json.loads(record.document)
    assert [(one["answer"]["outcome"], one["result"]) for one in frozen["items"]] == [("ok", "not_ok"), ("ok", "ok")]
    (found,) = frozen["work"]["found"]
    assert (found["step"], found["number"], found["low"], found["high"], found["unit"]) == (
        "A-1-23",
        12.5,
        -10,
        10,
        "mm",
    )
    assert frozen["incomplete"]["without"] == [{"step": "A-1-18", "kind": "signature"}]


def test_elevator_records_are_kept_four_years_and_those_of_fire_protection_five(frozen: Record) -> None:
    assert (frozen.keep_years, frozen.keep_until) == (4, date(2030, 3, 2))
    assert frozen.keep_status == "verified"
    from maintenance.records.retention import retention

    assert retention("fire_panel").until(date(2024, 2, 29)) == date(2029, 2, 28)
    assert retention(None).status.value == "default"


def test_work_that_both_sides_have_signed_is_a_record_when_it_is_complete(site: SqlLedger, order: WorkOrder) -> None:
    do_work(site, order, by=(LI, WANG))
    (record,) = records(site)
    assert record.cause == "signed"
    with pytest.raises(RecordFrozen):
        step(site, order, State.IN_PROGRESS, reason="again")
    assert step(site, order, State.VERIFIED).state is State.VERIFIED
    with site.read() as tx:
        (added,) = tx.records.addenda(record.id)
    assert (added.kind, added.by, added.previous) == ("verification", "wang", record.sha256)
    assert records(site) == [record]


@pytest.mark.parametrize("kind", [Kind.PREVENTIVE, Kind.CORRECTIVE, Kind.REPLACEMENT])
def test_other_work_is_no_record(site: SqlLedger, kind: Kind) -> None:
    order = made(site, kind)
    do_work(site, order)
    step(site, order, State.VERIFIED)
    assert not records(site)


def test_a_frozen_order_takes_no_step_and_no_change(site: SqlLedger, order: WorkOrder, frozen: Record) -> None:
    for to in (State.OPEN, State.IN_PROGRESS, State.CANCELLED):
        with pytest.raises((RecordFrozen, IllegalTransition), match=r"addendum|no step"):
            step(site, order, to, reason="again")
    with site.read() as tx:
        stored = tx.orders.get(order.id)
    changes = (
        {"answers": {}}, {"title": LocalName("别的", "Other")}, {"completed_at": NOW - timedelta(days=3)},
        {"template": ()}, {"state": State.OPEN}, {"assignee": "li"},
    )  # fmt: skip
    for change in changes:
        with pytest.raises(RecordFrozen), site.begin() as tx:
            keep(tx, replace(stored, **change))
    with site.read() as tx:
        assert tx.orders.get(order.id) == stored
    assert records(site) == [frozen]


def test_what_a_tablet_sends_late_becomes_an_addendum_and_the_record_stays(
    site: SqlLedger, order: WorkOrder, frozen: Record
) -> None:
    late = answer(order, "A-1-23", number=9.5)
    signature = op(order, "signature", value=SIGNATURE | {"sha256": "ef" * 32})
    assert send(site, late, signature) == [("applied", "late_evidence")] * 2
    assert send(site, late) == [("duplicate", "late_evidence")]
    assert send(site, op(order, "verdict", value={"verdict": "perhaps"})) == [("rejected", "unknown_verdict")]
    with site.read() as tx:
        first, second = tx.records.addenda(frozen.id)
        stored = tx.orders.get(order.id)
    assert (first.kind, first.by, first.op_id, first.at) == ("late_evidence", "li", late["op_id"], NOW)
    assert "9.5" in first.text
    assert (second.number, second.signature, second.previous) == (2, "ef" * 32, first.sha256)
    assert stored.answers["A-1-23"]["number"] == 4.5
    assert records(site) == [frozen]


def test_a_correction_says_who_when_why_and_what(site: SqlLedger, frozen: Record) -> None:
    with site.begin() as tx:
        add_correction(tx, frozen, "平层误差应为6 mm", "抄录错误", "wang", NOW, "ab" * 32)
    with site.read() as tx:
        (added,) = tx.records.addenda(frozen.id)
    assert (added.by, added.at, added.reason, added.text) == ("wang", NOW, "抄录错误", "平层误差应为6 mm")
    assert (added.signature, added.kind) == ("ab" * 32, "correction")
    for text, reason, signature in (("", "why", None), ("what", " ", None), ("what", "why", "zz")):
        with pytest.raises(BadData), site.begin() as tx:
            add_correction(tx, frozen, text, reason, "wang", NOW, signature)


def test_work_verified_before_there_were_records_is_frozen_once(
    site: SqlLedger, frozen: Record, order: WorkOrder
) -> None:
    with falsified(site) as tx:
        for table in reversed(FROZEN):
            tx.work.connection.execute(table.delete())
        assert freeze_missing(tx, NOW) == 1
        assert freeze_missing(tx, NOW) == 0
        again = tx.records.of_order(order.id)
        assert again is not None
        assert again.frozen_by == "wang"
    assert records(site) == [frozen]


def test_records_are_found_by_asset_and_day(site: SqlLedger, frozen: Record) -> None:
    def found(**wanted: object) -> int:
        with site.read() as tx:
            return len(tx.records.list(RecordFilter(**wanted), PageRequest()).items)  # type: ignore[arg-type]

    day = frozen.completed_on
    assert found(asset="lift-1", start=day, end=day, kind="statutory,inspection", site="demo") == 1
    assert found(asset="lift-2") == found(start=day + timedelta(days=1)) == found(end=day - timedelta(days=1)) == 0


# Whatever a forger does

R, A = statutory_records, record_addenda


@pytest.fixture
def amended(site: SqlLedger, frozen: Record) -> SqlLedger:
    with site.begin() as tx:
        add_correction(tx, frozen, "6 mm", "抄录错误", "wang", NOW)
    return site


def test_an_untouched_record_is_intact(amended: SqlLedger) -> None:
    verdict = verify(amended)
    assert verdict.broken is None
    assert verdict.seen is not None
    assert (verdict.seen.records, verdict.seen.addenda) == (1, 1)


@pytest.mark.parametrize("table", FROZEN, ids=lambda table: table.name)
def test_every_changed_column_of_a_record_or_an_addendum_is_found(amended: SqlLedger, table: sa.Table) -> None:
    for column in table.c:
        with falsified(amended) as tx:
            row = tx.work.connection.execute(table.select()).mappings().one()
            _rest(tx)
            tx.work.connection.execute(table.update(), {column.name: _other(row[column.name])})
            broken = verify_in(tx, []).broken
            assert broken is not None, column.name
            assert broken.what in {Tampering.RECORD_CHANGED, Tampering.RECORD_INSERTED, Tampering.RECORD_REMOVED}
            assert column.name != "document" or "record" in broken.detail


def _rest(tx: SqlTx) -> None:
    if tx.work.connection.dialect.name == "postgresql":
        tx.work.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    else:
        tx.work.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")


def _other(value: object) -> object:
    if value is None:
        return "0" * 64
    if isinstance(value, str):
        return value[:-1] + ("x" if value[-1:] != "x" else "y") if value else "x"
    return value + 1 if isinstance(value, int) else value - timedelta(days=1)  # type: ignore[operator]


def test_a_changed_document_with_its_digest_made_anew_is_found_and_named(amended: SqlLedger, frozen: Record) -> None:
    with falsified(amended) as tx:
        forged = frozen.document.replace("4.5", "1.5")
        values = {"document": forged, "sha256": sha256(forged.encode()).hexdigest()}
        tx.work.connection.execute(R.update(), values)
        broken = verify_in(tx, []).broken
    assert broken is not None
    assert (broken.what, broken.at) == (Tampering.RECORD_CHANGED, frozen.frozen_at)
    assert frozen.id in broken.detail


def test_deleted_and_added_records_are_found(amended: SqlLedger, frozen: Record) -> None:
    with falsified(amended) as tx:
        tx.work.connection.execute(A.delete())
        broken = verify_in(tx, []).broken
    assert broken is not None
    assert broken.what is Tampering.RECORD_REMOVED
    with falsified(amended) as tx:
        row = dict(tx.work.connection.execute(A.select()).mappings().one())
        tx.work.connection.exec_driver_sql(_copied_past_the_history(row))
        broken = verify_in(tx, []).broken
    assert broken is not None
    assert broken.what is Tampering.RECORD_INSERTED


def _copied_past_the_history(row: dict[str, object]) -> str:
    others = ", ".join(f'"{name}"' for name in row if name not in {"id", "number"})
    return f"INSERT INTO record_addenda (id, \"number\", {others}) SELECT 'other', 9, {others} FROM record_addenda"


@pytest.mark.parametrize("table", FROZEN, ids=lambda table: table.name)
def test_the_database_refuses_to_change_a_record(amended: SqlLedger, table: sa.Table) -> None:
    with amended.read() as tx:
        is_postgresql = tx.work.connection.dialect.name == "postgresql"
    orders = [f"UPDATE {table.name} SET by = 'x'" if table is A else f"UPDATE {table.name} SET document = '{{}}'"]
    orders.append(f"DELETE FROM {table.name}")
    orders.append(
        f"TRUNCATE {table.name} CASCADE" if is_postgresql else f"REPLACE INTO {table.name} SELECT * FROM {table.name}"
    )
    for text in orders:
        with pytest.raises(Exception, match="append-only"), amended.begin() as tx:
            tx.work.connection.exec_driver_sql(text)
