"""What an inspection pack and the month's report say of records that lack something, of what failed and is not mended,
of the whole plan, and of who maintains a machine."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maintenance.figures.groups import By, figures, period_of
from maintenance.intervals import Interval, IntervalUnit
from maintenance.operations import SyncEffects
from maintenance.orders import create_order
from maintenance.people.staff import Contractor, ContractorLicence
from maintenance.plan import Layer, Occurrence, OccurrenceKey, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.schedules import AgeSchedule
from maintenance.sync import apply_operations
from maintenance.transitions import apply_transition
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, WorkOrder, WorkOrderOccurrence
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.reporting import HALF_MONTH, NOW, furnish, names
from tests.contract.maintenance.tablet import answer, op
from tests.contract.maintenance.test_reports import MARCH, PACK, made, text_of

Store = Ledger[MaintenanceTx]
YEARLY = replace(
    HALF_MONTH, lineage="l-y", code="EL-01", name=LocalName("年度维保", "Yearly maintenance"),
    interval=Interval(1, IntervalUnit.YEAR), max_gap_days=None,
)  # fmt: skip
CARPET = replace(YEARLY, lineage="l-c", code="EL-90", name=LocalName("轿厢地毯", "Carpet"), layer=Layer.CONTRACT)
GOVERNED = AgeSchedule((2,))
GOVERNOR = replace(YEARLY, lineage="l-g", code="EL-GOV", name=LocalName("限速器校验", "Governor"), schedule=GOVERNED)
NAME = LocalName("项", "Item")
ITEMS = tuple(ChecklistItem(f"A-1-{n}", "ok", NAME, evidence=("photo",) if n == 3 else ()) for n in range(1, 76))
GAP = ChecklistItem("A-1-76", "number", LocalName("制动间隙", "Brake gap"), unit="mm", high=0.7)
DAY = date(2026, 3, 20)
AT = datetime(2026, 3, 20, 3, tzinfo=UTC)
PHOTO = {"sha256": "ef" * 32, "bytes": 10, "mime": "image/jpeg"}


@pytest.fixture
def lived(any_ledger: Store, tmp_path: Path) -> Store:
    furnish(any_ledger, FolderFiles(tmp_path))
    with any_ledger.begin() as tx:
        for row in (YEARLY, CARPET, GOVERNOR):
            tx.plan.put_row(row)
    return any_ledger


def yearly(ledger: Store, *said: tuple[str, dict[str, object]], contractor: str | None = None) -> WorkOrder:
    """Yearly maintenance with 76 items, one photo and these answers, completed by a tablet."""
    key = OccurrenceKey("l-y", "lift-1", 1)
    with ledger.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.STATUTORY, origin=Origin.PLAN, title=YEARLY.name, by="system:planner", now=AT,
            asset="lift-1", template=(*ITEMS, GAP), due=AT + timedelta(days=1),
        )  # fmt: skip
        stands_for = (WorkOrderOccurrence(key, "EL-01", DAY, DAY),)
        order = tx.orders.update(replace(order, occurrences=stands_for, contractor=contractor), order.version)
        tx.plan.add_occurrences([Occurrence(key, "demo", "EL-01", DAY, DAY, DAY, OccurrenceState.DUE, None, order.id)])
    told = [op(order, "start"), op(order, "photo", value=PHOTO)]
    told += [answer(order, step, **value) for step, value in said] + [op(order, "complete")]
    told = [one | {"captured_at": AT.isoformat()} for one in told]
    li = User("li", "li", "", (Grant(Role.TECHNICIAN, "demo"),), "李工")
    results = apply_operations(ledger, li, "tab-1", AT, told, AT, SyncEffects(lambda _: True))
    assert {one.status for one in results} == {"applied"}
    return order


def verified(ledger: Store, order: WorkOrder) -> None:
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, AT, "wang", "已核对纸质记录", now=AT, person=True)


def pack(ledger: Store, folder: Path, language: str = "zh") -> str:
    return text_of(made(ledger, folder, replace(PACK, language=language))[1])


def test_a_statutory_order_with_nothing_answered_is_named_with_how_much_and_why(lived: Store, tmp_path: Path) -> None:
    order = yearly(lived)
    assert "未答 76 项" in pack(lived, tmp_path), "before anybody has verified it, too"
    verified(lived, order)
    for language, said in {
        "zh": (
            "未答检查项 76",
            "未答 76 项（共 76 项）",
            "缺照片或签名 1 (A-1-3)",
            "缺项说明: 已核对纸质记录",
            "合格 0",
        ),
        "en": ("Items without an answer 76", "76 items unanswered", "Why it was accepted: 已核对纸质记录", "of 76"),
    }.items():
        text = pack(lived, tmp_path, language)
        for words in said:
            assert words in text, words
    for language, words in {
        "zh": "1 / 4 项已完成的法定工作记录不完整",
        "en": "1 / 4 statutory jobs have a record that lacks",
    }.items():
        for wanted in (PACK, MARCH):
            text = text_of(made(lived, tmp_path, replace(wanted, language=language))[1])
            assert words in text
            assert re.search(rf"2026-03-20 (\S+ )*?EL-01 2026-03-20 11:00 {order.number} (未答 76 项|76 items)", text)
    with lived.read() as tx:
        month = period_of(tx.assets.site("demo"), date(2026, 3, 1), date(2026, 3, 31))
        (whole,) = figures(tx, tx.assets.site("demo"), month, By.SITE, NOW, names().catalogue(tx, "demo"))
    assert (whole.statutory.incomplete_record, whole.statutory.without_record, whole.statutory.due) == (1, 0, 5)


def test_a_number_beyond_its_limits_is_not_ok_and_its_ticket_is_listed_while_it_is_open(
    lived: Store, tmp_path: Path
) -> None:
    order = yearly(lived, ("A-1-76", {"number": 1.2}), ("A-1-1", {}))
    verified(lived, order)
    text = pack(lived, tmp_path)
    assert "合格 1 (A-1-1) · 不合格 1 A-1-76 制动间隙: 1.2 mm (≤ 0.7)" in text
    open_part = text.partition("期末未完成的故障与维修 工单")[0]
    (standing,) = re.findall(r"期末未完成的故障与维修 开单.*?证据清单", text)
    assert "制动间隙不合格 一般 待受理" in standing
    assert "期末未完成的故障与维修 1 " in open_part
    assert re.search(r"Brake gap: not OK \S+ open", pack(lived, tmp_path, "en"))


def test_a_repair_that_was_done_after_the_period_stood_at_its_end(lived: Store, tmp_path: Path) -> None:
    with lived.begin() as tx:
        ticket = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("异响", "Noise"), by="li",
            now=AT, asset="lift-1",
        )  # fmt: skip
        later = datetime(2026, 3, 31, 17, tzinfo=UTC)  # the first of April at the site
        for to in (State.IN_PROGRESS, State.COMPLETED):
            apply_transition(tx, ticket.id, to, later, "li", now=later)
    assert re.search(r"期末未完成的故障与维修 开单.*异响 一般 完成 .*证据清单", pack(lived, tmp_path))


def test_every_row_of_a_machine_is_in_the_plan_with_its_last_and_next_day(lived: Store, tmp_path: Path) -> None:
    text = pack(lived, tmp_path)
    # In service on 1 May 2019, so that years are over on 1 May.
    assert re.search(r"EL-01 年度维保 每1年 无记录 2026-05-01 法规 TSG T5002-2017 外委单位 0 0 0 0", text), text
    assert re.search(r"EL-HM 半月维保 每15天 最长间隔（天） 15 2026-03-17 \d{4}-\d\d-\d\d 法规", text), text
    assert text.index("EL-HM 半月维保") < text.index("EL-90 轿厢地毯"), "what a law asks for comes first"
    with lived.begin() as tx:
        found = tx.assets.lock("lift-1").asset
        tx.assets.update(replace(found, in_service_on=None), found.version)
    assert re.search(r"EL-GOV 限速器校验 \S+ 无记录 – 设备卡上没有安装日期 法规", pack(lived, tmp_path))


def test_who_maintains_a_machine_is_its_contractor_or_nobody(lived: Store, tmp_path: Path) -> None:
    assert "维保单位 迅达维保有限公司" in pack(lived, tmp_path), "what its card says"
    with lived.begin() as tx:
        found = tx.assets.lock("lift-1").asset
        tx.assets.update(replace(found, custom={}, department="电梯维修部门"), found.version)
    assert "维保单位 未登记 责任部门 电梯维修部门" in pack(lived, tmp_path)
    licence = ContractorLicence("elevator_maintenance", "TS3310-9", date(2025, 1, 1), date(2029, 1, 1))
    with lived.begin() as tx:
        tx.people.put_contractor(Contractor("c-1", "demo", LocalName("安达电梯", "Anda Lifts"), (licence,)))
    order = yearly(lived, contractor="c-1")
    assert "维保单位 安达电梯 (TS3310-9 有效期至 2029-01-01)" in pack(lived, tmp_path)
    assert "Maintenance unit Anda Lifts (TS3310-9 Valid to 2029-01-01)" in pack(lived, tmp_path, "en")
    verified(lived, order)
    with lived.read() as tx:
        record = tx.records.of_order(order.id)
    assert record is not None
    assert '"maintenance_unit":{"en":"Anda Lifts"' in record.document
