"""What round trips are made of: odd texts and values that a table has to bring back, and the way there and back."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from maintenance.imports.cells import Cell, plain_text
from maintenance.imports.columns import Column, Headings
from maintenance.imports.files import open_book
from maintenance.imports.kinds import Asked
from maintenance.imports.outcome import Outcome
from maintenance.imports.problems import Problems
from maintenance.imports.reading import table_rows
from maintenance.imports.tables import Row
from maintenance.imports.writing import csv_bytes, xlsx_bytes
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import BeforeReuse
from maintenance.schedules import (
    BY_INTERVAL,
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.seed.loader import departments
from plantroom.domain.assets import (
    LocalName,
)
from tests.examples import examples

NOW = datetime(2026, 11, 28, tzinfo=UTC)

ASKED = Asked("somebody", NOW)

LANGUAGE = st.sampled_from(["zh", "zh-hant", "en"])

WRITERS = (csv_bytes, xlsx_bytes)

WRITE = st.sampled_from(WRITERS)

SOME = settings(
    max_examples=examples(25),
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

ODD = st.sampled_from(
    [
        "007",
        "=1+1",
        "+1",
        "-1",
        "@x",
        "'=x",
        "''",
        "1-2",
        "3/4",
        "1E5",
        "TRUE",
        "#N/A",
        "a,b;c\td",
        'a"b',
        "甲\n乙",
        "😀",
        "_x000A_",
        "，；、",
        "x" * 400,
        "2026-11-28",
        "0",
        " ",
        "（空",
        "null",
        "é",
        "\u200bx",
        "a|b",
        "(none)",
        "（空）",
        "[1]",
        "{}",
    ]
)

FREE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)

SEEN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co", "Z"]), min_size=1, max_size=30)

TEXT = st.one_of(ODD, FREE)

LINE = TEXT.map(lambda text: text[:200])

SAID = st.one_of(
    st.sampled_from(
        ["007", "=1+1", "+1", "-1", "@x", "'=x", "''", "1-2", "3/4", "#N/A", "a,b;c", 'a"b', "😀", "x" * 90]
    ),
    SEEN,
)

SHORT = SAID

NAME = st.builds(LocalName, SAID, SAID)

NAMED = LocalName("机", "Machine")

DAY = st.dates(date(1900, 1, 1), date(2200, 12, 31))

DEPARTMENT = st.sampled_from([LocalName("", ""), *(one.name for one in departments().values())])

CODE = st.one_of(SAID, FREE.map(lambda text: f"{text}."))

INTERVAL = st.builds(Interval, st.integers(1, 36_525), st.sampled_from(list(IntervalUnit)))

MEASURE = st.floats(-1e9, 1e9, allow_nan=False)

SCHEDULES = st.sampled_from(
    [
        BY_INTERVAL,
        IntervalSchedule(in_season="rain"),
        IntervalSchedule(open_hours=True),
        SeasonSchedule(("rain",), 7),
        SeasonSchedule(("cooling", "heating")),
        AgeSchedule((1, 4, 7), then=Interval(1, IntervalUnit.YEAR)),
        MeterSchedule("run_hours", 1500.0),
        BeforeSchedule("A", 30),
        ConditionSchedule(("bearing",)),
    ]
)

REUSE = st.builds(
    BeforeReuse, st.integers(1, 36_600), TEXT.map(plain_text), st.sampled_from(["default", "verified", "from_memory"])
)


def read(data: bytes, headings: Headings, problems: Problems) -> list[Row]:
    book = open_book(io.BytesIO(data), "t.csv" if data[:2] != b"PK" else "t.xlsx")
    return list(table_rows(book, headings, problems))


def written(write: Any, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], language: str) -> bytes:
    data: bytes = write(columns, rows, language)
    assert data == write(columns, rows, language)
    return data


def nothing_changed(found: Outcome, count: int) -> None:
    assert not found.problems.errors, found.problems.errors[0]
    assert found.counts == {"created": 0, "updated": 0, "unchanged": count}, found.rows
    assert not found.changes
