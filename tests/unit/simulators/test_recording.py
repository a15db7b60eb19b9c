"""Recorded CSV files: what they become, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plantroom.errors import BadData
from simulators.recording import Recording, name_points, parse_recording, point_key, shifted_to
from tests.examples import examples

TEST_BED = (
    "datetime;Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;Voltage;"
    "Volume Flow RateRMS;anomaly;changepoint\n"
    "2020-03-09 10:00:00;0.025;0.041;1.25;0.054711;71.5;25.1;231.5;32.0;0.0;0.0\n"
    "2020-03-09 10:00:01;0.026;0.042;1.5;-0.273216;71.6;25.2;232.5;32.0104;0.0;1.0\n"
)


def parse(text: str, **options: object) -> Recording:
    return parse_recording(text.encode(), **options)  # type: ignore[arg-type]


def test_a_test_beds_headings_become_point_keys() -> None:
    found = parse(TEST_BED, ignore=("anomaly", "changepoint"))
    assert found.point_keys == (
        "accelerometer1_rms",
        "accelerometer2_rms",
        "current",
        "pressure",
        "temperature",
        "thermocouple",
        "voltage",
        "volume_flow_rate_rms",
    )
    assert found.ts_ms.tolist() == [1_583_748_000_000, 1_583_748_001_000]
    assert found.values[1].tolist() == [0.026, 0.042, 1.5, -0.273216, 71.6, 25.2, 232.5, 32.0104]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("Volume Flow RateRMS", "volume_flow_rate_rms"),
        ("Accelerometer1RMS", "accelerometer1_rms"),
        ("inletPressure (bar)", "inlet_pressure_bar"),
        ("HTTPStatus", "http_status"),
        ("  CO2  ", "co2"),
        ("T-supply.1", "t_supply_1"),
        ("already_snake", "already_snake"),
        ("2nd stage", "p_2nd_stage"),
        ("压力", ""),
    ],
)
def test_headings_in_lower_snake_case(heading: str, key: str) -> None:
    assert point_key(heading) == key


def test_keys_are_unique_and_a_mapped_one_comes_first() -> None:
    keys, notes = name_points(["Flow", "flow", "FLOW", "压力", "Speed"], {"Speed": "flow"})
    assert keys == ("flow_2", "flow_3", "flow_4", "column_4", "flow")
    assert len(notes) == 1
    assert "压力" in notes[0]


@settings(max_examples=examples(40))
@given(st.lists(st.text(max_size=8), max_size=8))
def test_any_headings_get_different_keys(headings: list[str]) -> None:
    keys, _ = name_points(headings, {})
    assert len(set(keys)) == len(headings)
    assert all(key and key == key.lower() for key in keys)


@pytest.mark.parametrize("mapping", [{"a": "Flow"}, {"a": "x", "b": "x"}, {"a": "1x"}])
def test_a_bad_map_is_refused(mapping: dict[str, str]) -> None:
    with pytest.raises(BadData, match="--map"):
        name_points(["a", "b"], mapping)


def test_a_map_naming_no_column_is_refused_and_ignoring_none_is_only_noted() -> None:
    with pytest.raises(BadData, match="'x'"):
        parse("time,a\n2026-01-01T00:00:00,1\n", mapping={"x": "y"})
    assert parse("time,a\n2026-01-01T00:00:00,1\n", ignore=("x",)).problems == ("no column 'x' to ignore",)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark: str) -> None:
    text = "time,a b,c\n2026-01-01 00:00:00,1,2\n2026-01-01 00:00:01,3,4\n".replace(",", mark)
    assert parse(text).values.tolist() == [[1, 2], [3, 4]]


def test_the_time_column_is_found_by_name_or_by_content_or_as_said() -> None:
    assert parse("a,when,b\n1,2026-01-01 00:00,2\n").columns == ("a", "b")
    assert parse("时间,a\n2026-01-01 08:00:00,1\n", time_zone="Asia/Shanghai").ts_ms[0] == 1_767_225_600_000
    assert parse("ts,a\n1767225600,1\n").ts_ms[0] == 1_767_225_600_000
    assert parse("x,y\n1767225600123,1\n", time_column="x").ts_ms[0] == 1_767_225_600_123
    with pytest.raises(BadData, match="'z'"):
        parse("x,y\n1767225600123,1\n", time_column="z")


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-01T00:00:00.250Z",
        "2026-01-01T08:00:00.250+08:00",
        "2026/01/01 00:00:00.250",
        "2026-01-01 00:00:00.250",
    ],
)
def test_instants_in_many_forms(cell: str) -> None:
    assert parse(f"time;a\n{cell};1\n").ts_ms[0] == 1_767_225_600_250


def test_empty_cells_are_no_values_and_odd_ones_are_reported() -> None:
    found = parse("time,a,b,note\n2026-01-01,1,,x\n2026-01-02,NaN,2,y\n2026-01-03,bad,3,z\n2026-01-04,4,4,\n")
    assert found.columns == ("a", "b")
    assert np.isnan(found.values[1:3, 0]).all()
    assert np.isnan(found.values[0, 1])
    assert found.problems == (
        "row 4, column 'a': 'bad' is no number: empty",
        "column 'note' is not numeric: left out",
    )


def test_decimal_commas_where_the_separator_is_another() -> None:
    assert parse("time;a\n2026-01-01 00:00:00;1,5\n2026-01-01 00:00:01;-2,25\n").values[:, 0].tolist() == [1.5, -2.25]


def test_gb18030_and_a_mark_are_read() -> None:
    text = "时间,压力\n2026-01-01 00:00:00,0.5\n"
    assert parse_recording(text.encode("gb18030")).columns == ("压力",)
    assert parse_recording(text.encode("utf-8-sig")).columns == ("压力",)
    assert parse_recording(text.encode("utf-16")).columns == ("压力",)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"time,a\n", "no rows"),
        (b"time,a\n2026-01-01,1\n2026-01-02\n", "row 3: has 1 cells"),
        (b"time,a,a\n2026-01-01,1,2\n", "'a' is there twice"),
        (b"x,y\n1,2\n", "no column reads as time"),
        (b"time,a\n2026-01-01,1\nyesterday,2\n", "row 3, column 'time': 'yesterday'"),
        (b"time,a\n2026-01-01,x\n", "no numeric column"),
        (b"\xff\x00\x81\xff", "neither UTF-8"),
        (b"time,a\x00\n2026-01-01,1\n", "zero bytes"),
    ],
)
def test_a_bad_file_says_where(data: bytes, complaint: str) -> None:
    with pytest.raises(BadData, match=complaint):
        parse_recording(data)


def test_a_wrong_zone_or_separator_is_refused() -> None:
    with pytest.raises(BadData, match="Mars"):
        parse("time,a\n2026-01-01,1\n", time_zone="Mars/Olympus")
    with pytest.raises(BadData, match="separator"):
        parse("time,a\n2026-01-01,1\n", separator="::")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_come_through_unchanged(numbers: list[float]) -> None:
    lines = "".join(f"2026-01-01 00:00:{i:02d};{value!r}\n" for i, value in enumerate(numbers))
    assert parse(f"time;a\n{lines}").values[:, 0].tolist() == numbers


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 4_000_000_000_000))
def test_a_shift_is_whole_seconds_and_never_into_the_future(last_ms: int, now_ms: int) -> None:
    recording = Recording(("a",), ("a",), np.array([last_ms - 1500, last_ms]), np.zeros((2, 1)))
    moved, shift_s = shifted_to(recording, now_ms)
    assert now_ms - 1000 < moved.ts_ms[-1] <= now_ms
    assert (moved.ts_ms - recording.ts_ms).tolist() == [shift_s * 1000] * 2


def test_backward_time_and_doubled_instants_are_noted() -> None:
    notes = parse("time,a\n2026-01-02,1\n2026-01-01,2\n2026-01-01,3\n").problems
    assert any("backwards at row 3" in note for note in notes)
    assert any("1 rows share" in note for note in notes)
