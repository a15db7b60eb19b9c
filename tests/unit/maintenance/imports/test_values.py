"""Dates, numbers, words and codes out of cells."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.imports.cells import fold, text_of
from maintenance.imports.fields import join_codes, split_codes
from maintenance.imports.problems import CellProblem
from maintenance.imports.text_files import protected, unprotected
from maintenance.imports.traditional import simplified
from maintenance.imports.values import (
    normal_code,
    read_code,
    read_date,
    read_json,
    read_number,
    read_yes_no,
    write_json,
)
from maintenance.imports.words import CATEGORIES, CRITICALITIES, KINDS, ROLES, STATUSES
from plantroom.domain.assets import AssetStatus

DAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-28", "2026/11/28", "2026.11.28", "2026年11月28日", "2026年11月28", "２０２６年１１月２８日",
        "20261128", 20261128, DAY, datetime.fromisoformat("2026-11-28"), datetime.fromisoformat("2026-11-28T08:30"),
        "2026-11-28 00:00:00", " 2026 - 11 - 28 ",
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(cell: object) -> None:
    assert read_date(cell) == DAY  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("03/04/2026", "ambiguous_date"), ("28.11.2026", "bad_date"), ("3-4-26", "ambiguous_date"),
        ("2026-13-45", "bad_date"), ("2026年2月30日", "bad_date"), ("2026年11月", "bad_date"), ("昨天", "bad_date"),
        ("next week", "bad_date"), (46354, "bad_date"), (True, "bad_date"), ("1850-01-01", "out_of_range"),
    ],
)  # fmt: skip
def test_a_day_that_can_be_read_in_two_ways_or_in_none_is_refused(cell: object, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_date(cell)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_codes_are_texts_and_say_so_when_a_spreadsheet_has_changed_them() -> None:
    assert [read_code(cell) for cell in ("007", 101, 101.0, "1-2")] == ["007", "101", "101", "1-2"]
    for cell, code in ((date(2026, 1, 2), "date_as_code"), (123456789012345678, "number_as_code")):
        with pytest.raises(CellProblem) as refused:
            read_code(cell)
        assert refused.value.code == code


def test_codes_are_seen_without_invisible_and_full_width_characters() -> None:
    assert normal_code("Ｐ－１０１\u200b") == "P-101"
    assert normal_code("\ufeffP\u00a01") == "P 1"


def test_what_is_no_number_is_none() -> None:
    for cell in (float("nan"), float("inf"), "1e999", "nan"):
        with pytest.raises(CellProblem) as refused:
            read_number(cell)
        assert refused.value.code == "bad_number"


@pytest.mark.parametrize("cell", ["√", "是", "Yes", True, "1", "TRUE", "有"])
def test_yes_is_yes(cell: object) -> None:
    assert read_yes_no(cell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,000.5", 1000.5), ("１２．５", 12.5), ("-3", -3.0), ("−3", -3.0), (" 7 ", 7.0), ("1e3", 1000.0)],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize("text", ["1,5", "abc", "1 bar", "", "inf", "1e999", "1.2.3"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CellProblem):
        read_number(text)


def test_words_mean_the_same_in_both_scripts_and_english() -> None:
    assert {STATUSES.read(word) for word in ("在用", "正常", "in use", "in_service", "In Service", "運行中")} == {
        AssetStatus.IN_SERVICE
    }
    assert CRITICALITIES.read("Ａ") == CRITICALITIES.read("a") == CRITICALITIES.read("关键") == "A"
    for words in (STATUSES, KINDS, ROLES, CATEGORIES, CRITICALITIES):
        for value in words.table():
            assert {words.read(words.said(value, language)) for language in ("zh", "zh-hant", "en")} == {value}


def test_traditional_characters_compare_as_simplified_ones() -> None:
    assert (
        simplified("維護責任部門、電氣管理、樓宇自動化控制系統、牆面")
        == "维护责任部门、电气管理、楼宇自动化控制系统、墙面"
    )
    assert fold("  維 護\u3000周期 ") == "维护周期"


@given(st.text(max_size=40))
def test_what_is_protected_from_being_a_formula_comes_back(text: str) -> None:
    assert unprotected(protected(text)) == text
    assert not protected(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5, unique=True))
def test_lists_of_codes_come_back(codes: list[str]) -> None:
    assert split_codes(join_codes(codes)) == tuple(codes)


@given(st.text())
def test_the_text_of_a_text_is_itself_without_what_cannot_be_seen(text: str) -> None:
    assert text_of(text_of(text)) == text_of(text)


@pytest.mark.parametrize("text", ["\x00", "a\x00\x00b", "\\\x00", "\\u0000", "\\\\u0000\x00", "\x01\x1f\n"])
def test_json_that_we_write_is_json_that_we_read(text: str) -> None:
    assert read_json(write_json([text, {text: 1}])) == [
        text.replace("\x00", "\ufffd"),
        {text.replace("\x00", "\ufffd"): 1},
    ]


@pytest.mark.parametrize(
    ("text", "code", "days"),
    [
        ("28/11/2019", "bad_date", ["2019-11-28"]),
        ("11.28.2019", "bad_date", ["2019-11-28"]),
        ("4-4-26", "bad_date", ["2026-04-04"]),
        ("03/04/2026", "ambiguous_date", ["2026-04-03", "2026-03-04"]),
        ("31/13/2019", "bad_date", []),
    ],
)
def test_a_date_with_its_year_last_says_what_it_would_be_read_as_and_the_form(
    text: str, code: str, days: list[str]
) -> None:
    with pytest.raises(CellProblem) as refused:
        read_date(text)
    said = refused.value.said
    assert refused.value.code == code
    assert all(text in one and all(day in one for day in days) for one in (said.zh, said.en))
    assert "年-月-日" in said.zh
    assert "year-month-day" in said.en


@pytest.mark.parametrize(
    "text", ["2026-11-28 10:30:00", "2026/11/28 9:05", "2026-11-28T23:59:59.5", "2026年11月28日 08:00"]
)
def test_a_time_of_day_behind_a_day_is_left_out(text: str) -> None:
    assert read_date(text) == date(2026, 11, 28)


@pytest.mark.parametrize("text", ["2026-11-28T23:00:00Z", "2026-11-28 23:00+08:00", "2026-11-28 10:30 AM", "10:30"])
def test_a_time_that_leaves_the_day_open_is_refused(text: str) -> None:
    with pytest.raises(CellProblem):
        read_date(text)
