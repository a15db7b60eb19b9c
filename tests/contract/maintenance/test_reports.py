"""Reports: what they say, that they stay what they were, that each is made once."""

import hashlib
import json
import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from maintenance.materialise import materialise
from maintenance.notify.channels import Channel, ChannelKind
from maintenance.notify.ports import MessageFilter
from maintenance.plan import AppliesTo
from maintenance.ports import MaintenanceTx
from maintenance.reports.asking import Wanted, ask
from maintenance.reports.model import Report, ReportKind, ReportState
from maintenance.reports.monthly import IncidentLine, monthly_html
from maintenance.reports.monthly_job import ask_monthly, reports_job
from maintenance.reports.ports import ReportFilter
from maintenance.work.records import Coding
from maintenance.work.repairing import code
from plantroom.domain.assets import LocalName, Site
from plantroom.errors import BadData, Unreachable
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import PageRequest
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.conftest import SYSTEMS
from tests.contract.maintenance.reporting import NOW, SCRIPT, Fixed, bare_visit, furnish, maker, names, sign, visit
from tests.product import run_cli
from tests.unit.maintenance.rows import row

Store = Ledger[MaintenanceTx]
PACK = Wanted("demo", ReportKind.PACK, asset="lift-1", first=date(2026, 3, 1), last=date(2026, 3, 31), pdf=False)
MARCH = Wanted("demo", ReportKind.MONTHLY, month=date(2026, 3, 9), pdf=False)


@pytest.fixture
def lived(ledger: Store, tmp_path: Path) -> Store:
    furnish(ledger, FolderFiles(tmp_path))
    return ledger


@pytest.fixture
def lived_on_either(any_ledger: Store, tmp_path: Path) -> Store:
    furnish(any_ledger, FolderFiles(tmp_path))
    return any_ledger


def made(ledger: Store, folder: Path, wanted: Wanted) -> tuple[Report, str]:
    """A report and its text, without tags."""
    with ledger.begin() as tx:
        asked = ask(tx, wanted, "wang", NOW, SYSTEMS)
    assert asked is not None
    report = maker(ledger, folder).make(asked.id)
    assert report is not None
    assert report.state is ReportState.READY, report.problem
    path = FolderFiles(folder).path(report.html_sha256 or "")
    assert path is not None
    html = path.read_text()
    return report, html


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<body>")[2])).split())


def test_a_pack_has_the_card_the_records_who_signed_and_the_evidence(lived_on_either: Store, tmp_path: Path) -> None:
    _, html = made(lived_on_either, tmp_path, PACK)
    text = text_of(html)
    for said in (
        "迅达维保有限公司", "T-2026-118", "4 年 (TSG T5002-2017", "每15天", "李工", "王安全 (安全管理员)",
        "复核: 王经理",
        "0.41 mm (≤ 0.7)", "A-1-03 层门: 门球磨损", hashlib.sha256(b"photo 1").hexdigest(),
        "完好：历史条目、冻结记录、计划执行结果未被改动",
        "与历史一致的计划执行结果（全部） 4", "3 / 3", "春节停梯", "困人",
    ):  # fmt: skip
        assert said in text, said
    with lived_on_either.read() as tx:
        (head,) = tx.audit.heads()
        records = tx.records.all_records()
        assert all(one.sha256 in html for one in records)
    assert head.digest in html


def test_late_and_missed_work_is_named_with_its_reason(lived: Store, tmp_path: Path) -> None:
    _, html = made(lived, tmp_path, replace(PACK, language="en"))
    text = text_of(html)
    assert re.search(r"2026-03-15 E-1 EL-HM Late 2026-03-17 11:00", text)
    assert re.search(r"2026-03-22 E-1 EL-HM Missed 春节停梯 / lift closed", text)
    assert "Inspection pack" in text


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "设计不当、选型不合适 / "), ("en", "Design or wrong choice of type / ")]
)
def test_causes_and_actions_are_named_in_the_report_s_language(
    lived: Store, tmp_path: Path, language: str, said: str
) -> None:
    with lived.begin() as tx:
        done = tx.report_store.completed("demo", NOW - timedelta(days=40), NOW)
        order = next(one for one in done if one.kind == "corrective")
        code(tx, tx.orders.lock(order.id), Coding(cause="design", action="replace"), "wang", NOW)
    assert said in made(lived, tmp_path, replace(PACK, language=language))[1]


def test_what_people_typed_stays_text(lived: Store, tmp_path: Path) -> None:
    for wanted in (PACK, replace(MARCH, language="en")):
        _, html = made(lived, tmp_path, wanted)
        assert SCRIPT not in html
    assert "<script" not in html.lower()


def test_the_month_tells_owners_what_was_done_and_names_nobody(lived: Store, tmp_path: Path) -> None:
    _, html = made(lived, tmp_path, MARCH)
    text = text_of(html)
    for said in (
        "示范 维护月报 2026-03",
        "电梯系统 4 2 1 1 0 0 50.0%",
        "困人",
        "T-2026-118",
        "数据不足",
    ):
        assert said in text, said
    for unsaid in ("李工", "王经理", "王安全", "¥"):
        assert unsaid not in text, unsaid


def test_statutory_work_with_nothing_on_its_record_is_counted_and_named(lived_on_either: Store, tmp_path: Path) -> None:
    said = {"zh": "项已完成的法定工作没有检查项", "en": "statutory jobs have no item"}
    for language, words in said.items():
        for wanted in (PACK, MARCH):
            assert f"0 / 3 {words}" in text_of(made(lived_on_either, tmp_path, replace(wanted, language=language))[1])
    with lived_on_either.begin() as tx:
        bare = bare_visit(tx, 5, date(2026, 3, 29))
    for language, words in said.items():
        for wanted in (PACK, MARCH):
            text = text_of(made(lived_on_either, tmp_path, replace(wanted, language=language))[1])
            assert f"1 / 4 {words}" in text
            assert re.search(rf"2026-03-29 (\S+ )*?EL-HM 2026-03-29 11:00 {bare.number}\b", text), text
    with lived_on_either.begin() as tx:
        sign(tx, FolderFiles(tmp_path), bare)
    assert f"0 / 4 {said['zh']}" in text_of(made(lived_on_either, tmp_path, PACK)[1])


def test_statutory_work_that_was_entered_long_after_it_was_done_is_counted_and_named(
    lived_on_either: Store, tmp_path: Path
) -> None:
    with lived_on_either.begin() as tx:
        visit(tx, FolderFiles(tmp_path), 5, date(2026, 3, 27), entered=timedelta(hours=24))
    said = {
        "zh": ("项已完成的法定工作在完成超过24小时后", "补录于"),
        "en": ("statutory jobs entered more than 24 h", "entered on"),
    }
    for language, (words, _) in said.items():
        for wanted in (PACK, MARCH):
            assert f"0 / 4 {words}" in text_of(made(lived_on_either, tmp_path, replace(wanted, language=language))[1])
    with lived_on_either.begin() as tx:
        visit(tx, FolderFiles(tmp_path), 6, date(2026, 3, 29), entered=timedelta(days=20, minutes=1))
    for language, (words, on) in said.items():
        for wanted in (PACK, MARCH):
            text = text_of(made(lived_on_either, tmp_path, replace(wanted, language=language))[1])
            assert f"1 / 5 {words}" in text
            assert re.search(r"2026-03-29 (\S+ )*?EL-HM 2026-03-29 11:00 2026-04-18 11:01 \d+", text), text
            assert (f"李工 {on} 2026-04-18 11:01" in text) == (wanted is PACK)


def test_incidents_are_told_of_where_they_are_kept(lived: Store, tmp_path: Path) -> None:
    flood = IncidentLine("INC-2026-001", LocalName("地下室进水", "Flood"), "major", NOW, LocalName("结束", "Closing"))
    with lived.begin() as tx:
        asked = ask(tx, MARCH, "wang", NOW, SYSTEMS)
    assert asked is not None
    for kept, said in (
        ([flood], "INC-2026-001 地下室进水 重大 2026-04-01 09:00 结束"),
        ([], "本期无突发事件"),
        (None, ""),
    ):
        with lived.read() as tx:
            catalogue = names().catalogue(tx, "demo")
            text = text_of(monthly_html(tx, asked, catalogue, NOW, lambda *_, kept=kept: kept))
        assert said in text
        assert ("突发事件" in text) == (kept is not None)


@pytest.mark.parametrize(
    ("language", "note"),
    [("zh", "各行不可相加；合计"), ("en", "lines do not add up; in all")],
)
def test_where_lines_by_system_do_not_add_up_the_month_says_so(
    lived: Store, tmp_path: Path, language: str, note: str
) -> None:
    _, html = made(lived, tmp_path, replace(MARCH, language=language))
    assert note not in text_of(html)
    with lived.begin() as tx:
        patrol = row("WALK", 7, "day", 3, 3, anchor=date(2026, 3, 2), applies_to=AppliesTo(site=True))
        tx.plan.put_row(replace(patrol, department=LocalName("电梯维修部门", "Elevator repair")))
    materialise(lived, datetime(2026, 3, 2, 1, tzinfo=UTC), SYSTEMS)
    _, html = made(lived, tmp_path, replace(MARCH, language=language))
    assert note in text_of(html)


def test_money_is_shown_where_it_was_asked_for(lived: Store, tmp_path: Path) -> None:
    report, html = made(lived, tmp_path, replace(MARCH, costs=True))
    assert "本月支出: ¥ 800.00" in text_of(html)
    assert "¥ 20,000.00 ¥ 800.00" in text_of(html)
    assert report.for_staff


def test_a_system_s_pack_has_its_machines_alone(lived_on_either: Store, tmp_path: Path) -> None:
    _, html = made(lived_on_either, tmp_path, replace(PACK, asset=None, system="elevator"))
    assert "P-1" not in html
    _, fire = made(lived_on_either, tmp_path, replace(PACK, asset=None, system="fire"))
    assert "5 年 (GB 25201-2010)" in text_of(fire)
    assert "期间内没有记录" in text_of(fire)


def test_a_changed_record_shows(lived: Store, tmp_path: Path) -> None:
    with lived.begin() as tx:
        connection = tx.work.connection  # type: ignore[attr-defined]
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'statutory_records'"
        ).all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE statutory_records SET document = replace(document, '0.41', '0.31')")
    _, html = made(lived, tmp_path, PACK)
    assert "已被改动: record_changed" in text_of(html)
    assert "2 / 3" in text_of(html)


def test_a_report_that_is_ready_stays_what_it_was(lived: Store, tmp_path: Path) -> None:
    report, _ = made(lived, tmp_path, PACK)
    assert maker(lived, tmp_path).make(report.id) is None
    with lived.begin() as tx:
        assert not tx.report_store.finish(replace(report, html_sha256="0" * 64, state=ReportState.WAITING))
        assert tx.report_store.get(report.id).html_sha256 == report.html_sha256
    path = FolderFiles(tmp_path).path(report.html_sha256 or "")
    assert path is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == report.html_sha256


def test_what_does_not_fit_is_refused_and_nothing_is_kept(lived: Store) -> None:
    wrong = {
        "asset": replace(PACK, system="fire"),
        "system": replace(PACK, asset=None, system="moon"),
        "month": replace(MARCH, month=date(2030, 1, 1)),
        "costs": replace(PACK, costs=True),
        "from": replace(MARCH, first=date(2026, 3, 1)),
        "language": replace(MARCH, language="fr"),
        "to": replace(PACK, last=date(2020, 1, 1)),
    }
    for field, wanted in wrong.items():
        with pytest.raises(BadData, match=f"^{field}:"), lived.begin() as tx:
            ask(tx, wanted, "wang", NOW, SYSTEMS)
    with lived.read() as tx:
        assert not tx.report_store.list(ReportFilter(), PageRequest()).items


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (replace(PACK, first=None, last=date(3, 1, 2)), "to"),
        (replace(PACK, first=date.min), "from"),
        (replace(MARCH, month=date.max), "month"),
    ],
)
def test_a_day_at_the_end_of_time_is_refused(ledger: Store, wanted: Wanted, field: str) -> None:
    with pytest.raises(BadData, match=f"{field}:"), ledger.begin() as tx:
        ask(tx, wanted, "wang", NOW, SYSTEMS)


def test_a_pack_is_of_as_many_years_as_records_are_kept(lived: Store) -> None:
    with lived.begin() as tx:
        lift = ask(tx, replace(PACK, first=None, last=None), "wang", NOW, SYSTEMS)
        fire = ask(tx, replace(PACK, first=None, last=None, asset=None, system="fire"), "wang", NOW, SYSTEMS)
    assert lift is not None
    assert fire is not None
    assert (lift.first, lift.last, fire.first) == (date(2022, 4, 1), date(2026, 4, 1), date(2021, 4, 1))


def reports(ledger: Store) -> list[Report]:
    with ledger.read() as tx:
        return list(tx.report_store.list(ReportFilter(site="demo"), PageRequest()).items)


@pytest.fixture
def either(any_ledger: Store, tmp_path: Path) -> Store:
    furnish(any_ledger, FolderFiles(tmp_path), [date(2026, 3, 8)])
    with any_ledger.begin() as tx:
        tx.assets.add_site(Site("empty", LocalName("空", "Empty")))
        tx.channels.add(Channel("c1", "office", ChannelKind.WEBHOOK, "sealed", "http://...", NOW, "wang", "demo"))
    return any_ledger


def test_last_month_is_reported_once_whoever_looks(either: Store, tmp_path: Path) -> None:
    first = datetime(2026, 3, 31, 16, 1, tzinfo=UTC)  # 00:01 on the first of April in Shanghai
    assert ask_monthly(either, first - timedelta(minutes=2), SYSTEMS) == 0  # February: nothing was done
    threads = [threading.Thread(target=reports_job(either, SYSTEMS).run, args=[first]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask_monthly(either, first + timedelta(days=3), SYSTEMS) == 0
    assert sorted((one.language, one.first, one.last) for one in reports(either)) == [
        (language, date(2026, 3, 1), date(2026, 3, 31)) for language in ("en", "zh")
    ]
    makers = [threading.Thread(target=maker(either, tmp_path, Fixed(first)).run_once) for _ in range(3)]
    for thread in makers:
        thread.start()
    for thread in makers:
        thread.join()
    maker(either, tmp_path, Fixed(first)).run_once()
    assert [one.state for one in reports(either)] == [ReportState.READY] * 2
    assert [one.attempts for one in reports(either)] == [1, 1]
    with either.read() as tx:
        (told,) = [m for m in tx.notifications.list(MessageFilter(), PageRequest()).items if m.topic == "report"]
    assert (told.title, "https://plant.example/api/v1/reports/" in told.body) == ("示范 2026-03 维护月报已生成", True)


def test_a_report_whose_maker_was_killed_is_made_by_another(either: Store, tmp_path: Path) -> None:
    with either.begin() as tx:
        asked = ask(tx, MARCH, "wang", NOW, SYSTEMS)
        assert asked is not None
        assert tx.report_store.take(NOW, NOW + timedelta(minutes=20)) is not None
    assert maker(either, tmp_path).run_once() == 0
    assert maker(either, tmp_path, Fixed(NOW + timedelta(minutes=21))).run_once() == 1
    assert reports(either)[0].state is ReportState.READY


def test_a_store_that_is_away_is_tried_again_and_at_last_said_to_be_the_reason(
    lived: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lived.begin() as tx:
        ask(tx, MARCH, "wang", NOW, SYSTEMS)

    def away(*_: object) -> None:
        raise Unreachable("files", "the disk is gone")

    monkeypatch.setattr(FolderFiles, "put", away)
    for n in range(2):
        with pytest.raises(Unreachable):
            maker(lived, tmp_path, Fixed(NOW + timedelta(minutes=n))).run_once()
    maker(lived, tmp_path, Fixed(NOW + timedelta(minutes=2))).run_once()
    (report,) = reports(lived)
    assert (report.state, "the disk is gone" in report.problem) == (ReportState.FAILED, True)


def test_the_command_writes_the_bytes_that_are_kept(lived: Store, tmp_path: Path) -> None:
    settings = {"PLANTROOM_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}
    out = tmp_path / "pack.html"
    asked = ("report", "pack", "--asset", "E-1", "--from", "2026-03-01", "--to", "2026-03-31", "-o", str(out))
    done = run_cli(*asked, "--data-dir", str(tmp_path), "--json", settings=settings)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert hashlib.sha256(out.read_bytes()).hexdigest() == said["sha256"]
    assert [one.html_sha256 for one in reports(lived)] == [said["sha256"]]
    assert reports(lived)[0].requested_by.startswith("cli:")
    wrong = run_cli("report", "monthly", "-o", "x.doc", "--data-dir", str(tmp_path), settings=settings)
    assert (wrong.returncode, ".pdf" in wrong.stderr) == (4, True)
