"""Line protocol written in columns is what it is value by value."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.storage.readings.influx_lines import LineBook
from plantroom.storage.readings.layout import Cells, cells_of

SERIES = [
    SeriesRef("demo", equipment_class, asset, point)
    for equipment_class in ("pump", "50 % pump, spare")
    for asset in ("a%1", "b=2", "阀门")
    for point in ("flow", "100%", "a b,c=d", "x__q")
]
READINGS = st.lists(
    st.tuples(
        st.integers(0, len(SERIES) - 1),
        st.sampled_from([1_795_000_000_000, 1_795_000_000_001, 0, -1, 9_000_000_000_000]),
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9).map(float),
        st.sampled_from([0, int(Reason.RECEIVE_TIME), int(Reason.STUCK), int(Reason.OUT_OF_RANGE)]),
    ),
    min_size=1,
    max_size=40,
)

Rows = list[tuple[int, int, float, int]]


def cells(readings: Rows) -> Cells:
    series_id, ts_ms, value, reason = zip(*readings, strict=True)
    return cells_of(
        ReadingBatch(
            SERIES,
            np.array(series_id, np.int32),
            np.array(ts_ms, np.int64),
            np.array(value),
            np.array(reason, np.uint8),
        ),
        set(),
    )


def numbers(line: bytes) -> tuple[str, dict[str, float], int]:
    """Head, values by field and instant of a line; names hold no quotes, and escaped blanks stay as they are."""
    text = line.decode().replace("\\ ", "\0").replace("\\,", "\1").replace("\\=", "\2")
    head, fields, ts_ms = text.split(" ")
    named = dict(field.split("=") for field in fields.split(","))
    assert all("." in number or "e" in number for number in named.values()), "never an integer"
    return head, {name: float(number) for name, number in named.items()}, int(ts_ms)


@settings(deadline=None)
@given(READINGS, st.data())
def test_a_body_says_what_its_cells_say_one_by_one(
    readings: list[tuple[int, int, float, int]], data: st.DataObject
) -> None:
    book = LineBook(cells(readings))
    start = data.draw(st.integers(0, len(book) - 1))
    stop = data.draw(st.integers(start + 1, len(book)))

    lines = book.body(start, stop).splitlines()

    assert len(lines) == stop - start
    for row, line in enumerate(lines, start):
        head, fields, ts_ms = numbers(line)
        single = [numbers(one) for _, one in book.single(row)]
        assert {(h, t) for h, _, t in single} == {(head, ts_ms)}
        assert {name: value for _, one, _ in single for name, value in one.items()} == fields


@settings(deadline=None)
@given(READINGS)
def test_what_was_taken_out_leaves_the_other_fields(readings: Rows) -> None:
    book = LineBook(cells(readings))
    before = [numbers(line) for line in book.body(0, len(book)).splitlines()]
    said = 'input field "flow" on measurement "pump" is type float, already exists as type integer'

    book.drop_conflicting(said, 0, len(book))

    left = [(h, {n: v for n, v in f.items() if n != "flow" or not h.startswith("pump,")}, t) for h, f, t in before]
    after = [numbers(line) for line in book.body(0, len(book)).splitlines()]
    assert after == [one for one in left if one[1]]
