"""Lines of an inspection pack: what was frozen, patrols day by day, how things are said."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maintenance.figures.figure import Figure
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.plan import Layer
from maintenance.records.model import Record
from maintenance.reports.pack_lines import RecordLine, patrol_days, record_line
from maintenance.reports.ports import Signed
from maintenance.reports.rendering import TEMPLATES, Speech
from maintenance.reports.words import WORDS
from maintenance.schedules import BY_INTERVAL, AgeSchedule, IntervalSchedule, Schedule
from maintenance.sla.policy import ClockKind
from maintenance.work.records import Signatory
from maintenance.work_orders import Kind, State
from plantroom.domain.assets import LocalName, Severity
from plantroom.domain.audit import canonical, sha256
from tests.unit.maintenance.rows import row

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ZH, EN = (Speech(language, ZoneInfo("Asia/Shanghai")) for language in ("zh", "en"))


def frozen(number: int = 1, row: str = "FI-PAT", **said: Any) -> Record:
    document = canonical(
        {
            "plan": [{"row": row, "lineage": row.lower()}],
            "staff": [{"username": "li", "name": "李工", "roles": ["answered"]}],
            "items": [{"step": "A-1", "name": {"zh": "门", "en": "Door"}, "answer": {"outcome": "ok"}}],
        }
        | said
    )
    return Record(
        f"r{number}", f"w{number}", number, "statutory", "demo", None, "巡查", "Patrol", date(2026, 3, 2), NOON, "wang",
        "signed", 5, "", "", date(2031, 3, 2), sha256(document), document,
    )  # fmt: skip


def line(record: Record, *signed: Signed) -> RecordLine:
    return record_line(record, (), signed, (), lambda _: True, {})


def test_a_signature_that_is_in_the_record_and_beside_it_is_listed_once() -> None:
    said = {"role": "technician", "name": "李工", "sha256": "a" * 64, "by": "li", "at": "2026-03-02T04:00:00Z"}
    same = Signed("w1", "technician", "李工", "li", NOON, "a" * 64)
    later = Signed("w1", "safety_manager", "王安全", "wang", NOON, "b" * 64)
    found = line(frozen(signatures=[said]), same, later).signatures
    assert [(one.name, one.role) for one in found] == [("李工", "technician"), ("王安全", "safety_manager")]


def test_a_signature_of_a_tablet_has_the_name_of_who_signed() -> None:
    (found,) = line(frozen(signatures=[{"kind": "signature", "by": "li", "sha256": "a" * 64}])).signatures
    assert (found.name, found.at) == ("李工", None)


def test_a_record_without_a_checklist_has_a_line_all_the_same() -> None:
    found = line(frozen(items=[], plan=[], staff=[]))
    assert (found.counts, found.done_by, found.rows) == ({}, (), ())


def test_the_record_of_an_incident_names_who_took_part() -> None:
    stages = [{"stage": "command", "people": [{"part": "commander", "name": "王队"}]}]
    found = line(frozen(plan={"code": "EP-1"}, staff=[], items=[{"id": "m1", "text": "x"}], stages=stages))
    assert (found.rows, found.done_by, found.counts) == ((), ("王队",), {})


def test_readings_are_shown_with_their_limits() -> None:
    item = {"step": "A-2", "name": {"zh": "间隙", "en": "Gap"}, "unit": "mm", "low": 0.1, "high": 0.7,
            "answer": {"outcome": "ok", "number": 0.45}}  # fmt: skip
    (reading,) = line(frozen(items=[item])).readings
    assert reading.said == "0.45 mm (≥ 0.1, ≤ 0.7)"


def test_another_document_than_the_frozen_one_is_not_sound() -> None:
    record = frozen()
    changed = Record(**{name: getattr(record, name) for name in Record.__slots__} | {"document": record.document + " "})
    assert line(record).sound
    assert not line(changed).sound


def test_patrols_by_the_hour_are_listed_by_day_and_bound_by_their_digests() -> None:
    records = [frozen(n) for n in (3, 1, 2)]
    other = frozen(4, "FI-M")
    others, (day,) = patrol_days([line(one) for one in (*records, other)], frozenset({"fi-pat"}))
    assert [one.number for one in others] == [4]
    assert (day.count, day.first, day.last, day.done_by) == (3, 1, 3, ("李工",))
    assert day.digest == sha256("\n".join(frozen(n).sha256 for n in (1, 2, 3)))


@pytest.mark.parametrize(
    ("schedule", "zh", "en"),
    [
        (BY_INTERVAL, "每1年", "every year"),
        (
            AgeSchedule((2, 4), then=Interval(1, IntervalUnit.YEAR)),
            "安装后第2、4年，之后每年一次",
            "in years 2, 4 after its installation, then yearly",
        ),
        (IntervalSchedule("heating"), "每年一次，仅在供暖季", "yearly, only in the heating season"),
    ],
)
def test_a_row_says_by_what_rule_it_is_due(schedule: Schedule, zh: str, en: str) -> None:
    one = row("A", 1, "year", schedule=schedule)
    assert (ZH.often(one), EN.often(one)) == (zh, en)


@pytest.mark.parametrize(
    ("interval", "zh", "en"),
    [
        (Interval(15, IntervalUnit.DAY), "每15天", "every 15 days"),
        (Interval(1, IntervalUnit.MONTH), "每1个月", "every month"),
        (NO_INTERVAL, "–", "–"),
    ],
)
def test_intervals_are_said_in_both_languages(interval: Interval, zh: str, en: str) -> None:
    assert (ZH.interval(interval), EN.interval(interval)) == (zh, en)


def test_what_rests_on_too_little_is_said_to() -> None:
    assert (ZH.share(Figure(None, 2, 3)), EN.hours(Figure(None, 2, 3))) == ("数据不足", "insufficient data")
    assert (EN.share(Figure(0.925, 40)), ZH.hours(Figure(1234.56, 40))) == ("92.5%", "1,234.6 小时")
    assert (EN.span(None), EN.span(1800), ZH.span(36000)) == ("–", "30 min", "10.0 小时")


def test_a_name_in_one_language_stands_for_both_and_times_are_the_site_s() -> None:
    assert (ZH.name(LocalName("", "Lift")), EN.name({"zh": "电梯", "en": ""}), EN.name(None)) == ("Lift", "电梯", "")
    assert ZH.when(NOON) == "2026-03-02 12:00"


def test_every_word_that_a_template_asks_for_is_there_in_both_languages() -> None:
    asked = {key for path in TEMPLATES.iterdir() for key in re.findall(r"\bw\('([a-z_]+)'\)", path.read_text())}
    assert asked <= set(WORDS)
    assert len(asked) > 60
    assert all(word.zh and word.en for word in WORDS.values())


@pytest.mark.parametrize("kind", [State, Kind, Severity, ClockKind, Signatory, Layer])
def test_every_value_that_reports_show_has_words(kind: type[StrEnum]) -> None:
    assert {one.value for one in kind} <= set(WORDS)
    counts = {"in_time", "late", "missed", "deferred", "bypassed", "overdue"}
    assert counts | {"in_house", "contractor", "authority", "automatic", "photo", "document", "signature"} <= set(WORDS)


def test_a_patrol_s_day_says_how_many_records_were_entered_late() -> None:
    done, soon, late = "2026-03-02T04:00:00Z", "2026-03-02T09:00:00Z", "2026-03-20T09:30:00Z"
    records = [
        frozen(n, times={"completed_at": done}, steps=[{"to": "completed", "at": done, "recorded_at": when}])
        for n, when in ((1, soon), (2, late))
    ]
    assert [line(one).recorded_at for one in records] == [None, datetime(2026, 3, 20, 9, 30, tzinfo=UTC)]
    _, (day,) = patrol_days([line(one) for one in records], frozenset({"fi-pat"}))
    assert (day.count, day.late, day.recorded_at) == (2, 1, datetime(2026, 3, 20, 9, 30, tzinfo=UTC))


def item(step: str, answer: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    name = {"zh": "间隙", "en": "Gap"}
    return {"step": step, "type": "number", "name": name, "unit": "mm", "high": 0.7, "answer": answer} | more


def test_a_number_beyond_its_limits_is_not_ok_whatever_was_ticked() -> None:
    ticked = {"outcome": "ok", "number": 1.2, "outside_limits": True}
    found = line(frozen(items=[item("A-1", ticked), item("A-2", {"outcome": "ok", "number": 0.4})]))
    assert (found.ok, found.counts) == (("A-2",), {"ok": 1, "not_ok": 1})
    assert [(one.step, one.said) for one in found.not_ok] == [("A-1", "1.2 mm (≤ 0.7)")]
    assert [one.step for one in found.readings] == ["A-2"]


def test_a_number_beyond_the_limits_of_its_point_names_those_that_it_was_judged_by() -> None:
    ticked = {"outcome": "ok", "number": 0.6, "outside_limits": True, "remark": "已报修"}
    judged = {"step": "A-1", "number": 0.6, "unit": "mm", "low": None, "high": 0.5}
    (found,) = line(frozen(items=[item("A-1", ticked)], work={"found": [judged]})).not_ok
    assert found.said == "0.6 mm (≤ 0.5) 已报修"


def test_a_record_says_what_was_not_answered_and_not_shown_and_why_that_was_accepted() -> None:
    items = [
        item("A-1", {"outcome": "ok", "number": 0.4}, evidence_required=["photo"]),
        item("A-2", None), item("A-3", {}, type="ok"), item("A-4", {"outcome": "na"}, evidence_required=["photo"]),
        item("A-5", {"files": [{"kind": "signature", "sha256": "a" * 64}]}, type="signature"),
    ]  # fmt: skip
    at = {"at": "2026-03-02T04:00:00Z", "recorded_at": "2026-03-02T04:00:00Z"}
    steps = [at | {"to": "completed", "reason": "纸质记录"}, at | {"to": "verified", "reason": "已核对纸质记录"}]
    found = line(frozen(items=items, steps=steps))
    assert (found.items, found.unanswered, found.without) == (5, ("A-2", "A-3"), ("A-1",))
    assert found.reasons == ("纸质记录", "已核对纸质记录")
    assert line(frozen(steps=steps)).reasons == ()


def test_patrols_add_up_what_was_not_answered() -> None:
    records = [frozen(n, items=[item("A-1", None), item("A-2", {"outcome": "ok", "number": 0.1})]) for n in (1, 2)]
    _, (day,) = patrol_days([line(one) for one in records], frozenset({"fi-pat"}))
    assert day.unanswered == 2
