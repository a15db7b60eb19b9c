"""Whatever the order of arrival, the duplicates and the kills: the aggregates are those of all readings at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.rollups import RollUps
from plantroom.ports.readings import AggregatePage, ReadingsStore, SeriesRef
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import asset, point
from tests.contract.rollups.given import (
    BASE,
    CLOCK,
    WIDTHS,
    Killed,
    Reading,
    Way,
    at_once,
    see_the_same,
    settle,
    stored,
)
from tests.examples import examples

_assets = count(1)
POINTS = ("vibration", "flow")

# One value for each point and instant: which of two stands is the store's contract and not the roll-ups' affair.
messages = st.lists(
    st.tuples(st.sampled_from(POINTS), st.integers(0, 25).map(lambda n: n * 171_001), st.sampled_from([0, 0, 1, 101])),
    min_size=4,
    max_size=40,
)
STEPS = ("take", "tell", "commit", "roll", "restart", "dies writing", "dies telling", "dies rolling up",
         "dies having rolled up", "late while rolling up", "late while rolling up")  # fmt: skip
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 4)), min_size=2, max_size=25)


class Brittle:
    """A store that does something at the moment when aggregates are put."""

    def __init__(self, store: ReadingsStore, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._store = store
        self._before = before
        self._after = after

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def put_aggregates(self, pages: Sequence[AggregatePage], window_ms: int) -> None:
        self._before()
        self._store.put_aggregates(pages, window_ms)
        self._after()


def nothing() -> None:
    pass


def die() -> None:
    raise Killed


def run(way: Way, asset_key: str, step: str, number: int) -> None:
    def roll(before: Callable[[], None] = nothing, after: Callable[[], None] = nothing) -> None:
        RollUps(way.ledger, Brittle(way.store, before, after), CLOCK, marks=3).run_once(asset=asset_key)  # type: ignore[arg-type]

    def more() -> None:
        way.take(number)
        way.tell()

    def busy() -> None:
        more()
        roll(before=more)

    actions: dict[str, Callable[[], None]] = {
        "take": lambda: way.take(number),
        "tell": way.tell,
        "commit": way.commit,
        "roll": roll,
        "restart": way.begin,
        "dies writing": lambda: way.take(number, killed_after_writing=True),
        "dies telling": lambda: way.tell(killed_after_telling=True),
        "dies rolling up": lambda: roll(before=die),
        "dies having rolled up": lambda: roll(after=die),
        "late while rolling up": busy,
    }
    try:
        actions[step]()
    except Killed:
        way.begin()


def value_of(point_key: str, offset: int) -> float:
    return (offset % 977) / 7 - 60 if point_key == "flow" else (offset % 613) / 3


def spool_of(sent: Sequence[tuple[str, int, int]], key: str) -> list[Reading]:
    quality: dict[tuple[str, int], int] = {}
    return [
        (SeriesRef("demo", "pump", key, p), BASE + offset, value_of(p, offset), quality.setdefault((p, offset), reason))
        for p, offset, reason in sent
    ]


def see_that_it_ends_well(store: ReadingsStore, ledger: SqlLedger, sent: Sequence, events: Sequence) -> None:
    key = f"x{next(_assets)}"
    with ledger.begin() as tx:
        tx.assets.add(replace(asset(key, key)), [point(p, key, "1") for p in POINTS])
    spool = spool_of(sent, key)
    way = Way(ledger, store, spool)
    for step, number in events:
        run(way, key, step, number)
    way.finish()
    settle(RollUps(ledger, store, CLOCK), key)
    for p in POINTS:
        for width_ms in WIDTHS:
            series = SeriesRef("demo", "pump", key, p)
            see_the_same(stored(store, series, width_ms), at_once(spool, series, width_ms))
    with ledger.read() as tx:
        assert tx.roll_ups.among(key, 0, 1 << 60) == []


relaxed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@settings(max_examples=examples(100), deadline=None, suppress_health_check=relaxed)
@given(sent=messages, events=steps)
def test_on_sqlite(store: ReadingsStore, ledger: SqlLedger, sent: list, events: list) -> None:
    see_that_it_ends_well(store, ledger, sent, events)


@pytest.mark.parametrize("store", ["influx"], indirect=True)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=relaxed)
@given(sent=messages, events=steps)
def test_on_influxdb(store: ReadingsStore, ledger: SqlLedger, sent: list, events: list) -> None:
    see_that_it_ends_well(store, ledger, sent, events)
