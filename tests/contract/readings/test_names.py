"""Names may be anything that can be printed, and more."""

from itertools import pairwise

import pytest

from plantroom.ports.readings import ReadingsStore, SeriesRef
from plantroom.storage.readings.influx_lines import original_name, stored_name
from tests.contract.readings.given import FOR_EVER, T0, batch, shown

ODD = [
    "出水压力", "two words", "a,b", "a=b", 'say "hi"', "it's", "kill", "select", "time", "site", "asset", "ts_ms",
    "_time", "_field", "#hash", "back\\slash", "ends\\", "comma\\,", "100%", "%25", "%", "a__bad", "a__q", "a", "A",
    "a__Q", "m/s²", "line\nbreak", "tab\t", "\u3000", "ß", "ss", "SS", "*", "/x/", "now()", "1", "-", "a.b",
    "a;drop table x", "x" * 150, "",
]  # fmt: skip


def test_every_odd_point_keeps_its_own_readings(store: ReadingsStore) -> None:
    series = [SeriesRef("demo", "pump", "a1", name) for name in ODD]
    rows = [(one, T0, float(i)) for i, one in enumerate(series)]
    bad = [(one, T0 + 1, 100.0 + i, 102) for i, one in enumerate(series)]
    assert not store.write(batch(*rows, *bad)).rejected
    pages = store.read(series, *FOR_EVER, 10)
    assert [(p.value.tolist(), p.reason.tolist()) for p in pages] == [
        ([i, 100.0 + i], [0, 102]) for i in range(len(ODD))
    ]
    assert store.latest(series) == {one: (T0 + 1, 100.0 + i, 102) for i, one in enumerate(series)}
    assert [page.maximum.tolist() for page in store.aggregate(series, *FOR_EVER, 10**6)] == [
        [i] for i in range(len(ODD))
    ]


@pytest.mark.parametrize("place", ["site", "equipment_class", "asset"])
def test_every_odd_site_class_and_asset_is_told_apart(store: ReadingsStore, place: str) -> None:
    names = {"site": "demo", "equipment_class": "pump", "asset": "a1", "point": "p"}
    series = [SeriesRef(**{**names, place: name}) for name in ODD]
    assert not store.write(batch(*((one, T0, float(i)) for i, one in enumerate(series)))).rejected
    assert [shown(store, one) for one in series] == [[(0, float(i), 0)] for i in range(len(ODD))]
    assert store.latest(series) == {one: (T0, float(i), 0) for i, one in enumerate(series)}
    assert store.count(series, *FOR_EVER) == len(ODD)


def test_a_class_with_thousands_of_points_is_stored_and_read(store: ReadingsStore) -> None:
    series = [SeriesRef("demo", "generic", "a1", f"point {i}") for i in range(2_500)]
    number = {one: i for i, one in enumerate(series)}
    for part in (series[:1_200], series[1_200:]):
        rows = [(one, T0 + t, number[one] * 10.0 + t) for t in range(3) for one in part]
        assert not store.write(batch(*rows)).rejected
    chosen = [series[0], series[399], series[400], series[1_199], series[2_499]]
    pages = store.read(chosen, *FOR_EVER, 2)
    assert [page.value.tolist() for page in pages] == [[i * 10.0, i * 10.0 + 1] for i in (0, 399, 400, 1_199, 2_499)]
    assert store.count(chosen, *FOR_EVER) == 3


def test_names_in_influxdb_can_be_turned_back_and_stay_different() -> None:
    stored = sorted(stored_name(name) for name in ODD)
    assert all(a != b for a, b in pairwise(stored))
    assert [original_name(stored_name(name)) for name in ODD] == ODD
