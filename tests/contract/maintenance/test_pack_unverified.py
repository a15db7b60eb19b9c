"""What an inspection pack says of statutory work that is done and that nobody has verified yet."""

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from maintenance.intervals import Interval, IntervalUnit
from maintenance.orders import create_order
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.records.document import people_in
from maintenance.reports.pack_pending import pending_lines
from maintenance.transitions import apply_transition
from maintenance.work.bookkeeping import Books
from maintenance.work_orders import Kind, Origin, State, WorkOrder, WorkOrderOccurrence
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from plantroom.storage.ledger.engine import SqlTx
from tests.contract.maintenance.reporting import HALF_MONTH, NOW, furnish, kept, sign
from tests.contract.maintenance.test_pack_gaps import AT, YEARLY, pack, verified, yearly

Store = Ledger[MaintenanceTx]


@pytest.fixture
def done(any_ledger: Store, tmp_path: Path) -> WorkOrder:
    """A yearly job of a tablet with a number, a photo, a paper, a comment and the safety manager's signature, by hand:
    nobody has verified it."""
    files = FolderFiles(tmp_path)
    furnish(any_ledger, files)
    with any_ledger.begin() as tx:
        tx.plan.put_row(YEARLY)
    order = yearly(any_ledger, ("A-1-76", {"number": 1.2}), ("A-1-1", {}))
    with any_ledger.begin() as tx:
        books = Books(tx, tx.orders.lock(order.id), "wang", NOW)
        books.comment("纸质记录在档案柜3 / the paper is in cabinet 3")
        books.attach("report", kept(tx, files, b"paper", "application/pdf").sha256)
        sign(tx, files, tx.orders.lock(order.id))
        assert tx.records.of_order(order.id) is None
    return order


def records_of(text: str) -> str:
    (found,) = re.findall(
        r"(?:维护记录 日期 #|Records Day #).*?(?:其他完成的工作 完成|Other work that was done Completed)", text
    )
    return str(found)


def test_it_is_listed_as_what_is_verified_and_marked(any_ledger: Store, done: WorkOrder, tmp_path: Path) -> None:
    text = pack(any_ledger, tmp_path)
    listed = records_of(text)
    for said in (
        "未答 74 项（共 76 项）",
        "不合格 1 A-1-76 制动间隙: 1.2 mm (≤ 0.7)",
        "备注 (2026-04-01 09:00, 王经理",
        "档案柜3",
        "李工 尚未复核",
        "王安全 (安全管理员)",
    ):
        assert said in listed, said
    evidence = text.partition("证据清单")[2]
    for photo in ("ef" * 32, hashlib.sha256(b"paper").hexdigest(), hashlib.sha256(b"sign").hexdigest()):
        assert photo in evidence
    assert "维护记录: 尚未复核 1" in text
    assert "not verified yet" in records_of(pack(any_ledger, tmp_path, "en"))
    assert "其他完成的工作 完成 # 工作 种类 实施人 复核 无" in text, "it is in one list alone"


def test_everybody_who_took_part_is_asked_for_at_once(any_ledger: Store, done: WorkOrder) -> None:
    texts: list[str] = []
    with any_ledger.read() as tx:
        order = tx.orders.get(done.id)
        assert len(people_in(order, tx.orders.transitions(done.id))) > 1
        site = tx.assets.site("demo")
        assert isinstance(tx, SqlTx)
        sa.event.listen(tx.work.connection, "before_cursor_execute", lambda _c, _cur, text, *_: texts.append(text))
        assert pending_lines(tx, site, [done.id], {}, {}, NOW, lambda _: True)
    assert sum("FROM users" in text for text in texts) == 1


def test_once_it_is_verified_it_is_a_record_with_its_sha(any_ledger: Store, done: WorkOrder, tmp_path: Path) -> None:
    verified(any_ledger, done)
    text = pack(any_ledger, tmp_path)
    with any_ledger.read() as tx:
        record = tx.records.of_order(done.id)
    assert record is not None
    assert record.sha256 in records_of(text)
    assert "尚未复核" not in text
    assert "档案柜3" in records_of(text), "what was commented is in the record"


def test_what_both_have_signed_is_frozen_and_still_to_be_verified(any_ledger: Store, tmp_path: Path) -> None:
    furnish(any_ledger, FolderFiles(tmp_path), [])
    day, key = date(2026, 3, 8), OccurrenceKey("l-hm", "lift-1", 1)
    with any_ledger.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=HALF_MONTH.name, by="system:planner",
            now=AT, asset="lift-1",
        )  # fmt: skip
        order = tx.orders.update(replace(order, occurrences=(WorkOrderOccurrence(key, "EL-HM", day, day),)), 1)
        files = FolderFiles(tmp_path)
        image = kept(tx, files, b"li signs", "image/png").sha256
        tablet = {"kind": "signature", "sha256": image, "by": "li", "at": AT.isoformat(), "arrived": True}
        tx.orders.update(replace(order, answers={"_order": {"files": [tablet]}}), order.version)
        for to in (State.IN_PROGRESS, State.COMPLETED):
            order = apply_transition(tx, order.id, to, AT, "li", now=AT, file_arrived=files.has)
        sign(tx, files, order)
        record = tx.records.of_order(order.id)
        assert record is not None
    text = pack(any_ledger, tmp_path)
    assert "尚未复核" in records_of(text)
    assert record.sha256 in records_of(text)
    verified(any_ledger, order)
    assert "尚未复核" not in pack(any_ledger, tmp_path)


def test_patrols_of_a_day_say_how_many_nobody_has_verified(any_ledger: Store, tmp_path: Path) -> None:
    furnish(any_ledger, FolderFiles(tmp_path), [])
    row = replace(HALF_MONTH, lineage="l-p", code="EL-P", interval=Interval(2, IntervalUnit.HOUR), max_gap_days=None)
    with any_ledger.begin() as tx:
        tx.plan.put_row(row)
    orders = [patrol(any_ledger, number, AT + timedelta(hours=2 * number)) for number in (1, 2, 3)]
    verified(any_ledger, orders[0])
    text = pack(any_ledger, tmp_path)
    with any_ledger.read() as tx:
        record = tx.records.of_order(orders[0].id)
    assert record is not None
    of_its_sha = hashlib.sha256(record.sha256.encode()).hexdigest()
    assert re.search(rf"2026-03-20 EL-P 3 尚未复核 2 .*? {of_its_sha}", text)


def patrol(ledger: Store, number: int, at: datetime) -> WorkOrder:
    key, day = OccurrenceKey("l-p", "lift-1", number), at.date()
    with ledger.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=HALF_MONTH.name, by="system:planner",
            now=at, asset="lift-1",
        )  # fmt: skip
        order = tx.orders.update(replace(order, occurrences=(WorkOrderOccurrence(key, "EL-P", day, day),)), 1)
        tx.plan.add_occurrences([Occurrence(key, "demo", "EL-P", day, day, day, OccurrenceState.DUE, None, order.id)])
        for to in (State.IN_PROGRESS, State.COMPLETED):
            order = apply_transition(tx, order.id, to, at, "li", now=at)
    return order
