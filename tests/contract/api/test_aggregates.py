"""Aggregates over the border of what is stored: nobody sees where they come from."""

from datetime import UTC, datetime

from plantroom.ports.readings import DAY_MS, HOUR_MS, TEN_MINUTES_MS, SeriesRef
from plantroom.ports.rollups import Window
from tests.contract.api.test_readings import MS, pages, rows_of
from tests.contract.api.world import HOME, World

START = MS - MS % HOUR_MS - 10 * HOUR_MS
MINUTE = 60_000


def readings(world: World, start_ms: int, number: int, step_ms: int = MINUTE) -> None:
    rows = [(start_ms + n * step_ms, (n * 37 % 101) / 8, 0) for n in range(number)]
    world.store(world.keys[HOME], {"flow": rows})


def series(world: World) -> SeriesRef:

    return SeriesRef(HOME, "pump", world.keys[HOME], "flow")


def rolled(world: World, start_ms: int, end_ms: int) -> None:
    for width_ms in (TEN_MINUTES_MS, HOUR_MS):
        world.readings.put_aggregates(world.readings.aggregate([series(world)], start_ms, end_ms, width_ms), width_ms)


def asked(world: World, agg: str, start_ms: int = START, end_ms: int = MS + HOUR_MS, **more: object) -> list[list]:
    def text(ms: int) -> str:

        return datetime.fromtimestamp(ms / 1000, UTC).isoformat()

    span = {"from": text(start_ms), "to": text(end_ms), "points": "flow", "agg": agg, **more}
    return rows_of(pages(world, **span), "flow")


def from_raw(world: World, width_ms: int) -> list[list]:
    (page,) = world.readings.aggregate([series(world)], START, MS + HOUR_MS, width_ms)
    columns = (page.ts_ms, page.mean, page.minimum, page.maximum, page.count)
    return [list(row) for row in zip(*(c.tolist() for c in columns), strict=True)]


WIDTH = {"10m": TEN_MINUTES_MS, "1h": HOUR_MS}


def test_where_nothing_is_stored_raw_readings_answer(world: World) -> None:
    readings(world, START, 600)
    for agg, width_ms in WIDTH.items():
        assert asked(world, agg) == from_raw(world, width_ms)


def test_half_from_the_shelf_and_half_from_raw_readings_is_the_same(world: World) -> None:
    readings(world, START, 600)
    wanted = {agg: from_raw(world, width_ms) for agg, width_ms in WIDTH.items()}
    rolled(world, START, START + 4 * HOUR_MS)
    for agg in WIDTH:
        assert asked(world, agg) == wanted[agg]
        assert asked(world, agg, limit=7) == wanted[agg]


def test_where_raw_readings_are_gone_the_shelf_answers(world: World) -> None:
    readings(world, START, 600)
    wanted = {agg: from_raw(world, width_ms) for agg, width_ms in WIDTH.items()}
    rolled(world, START, START + 4 * HOUR_MS)
    world.readings.delete_before(START + 3 * HOUR_MS + 25 * MINUTE, lambda: False)
    for agg in WIDTH:
        assert asked(world, agg) == wanted[agg]


def test_a_marked_window_is_answered_from_raw_readings(world: World) -> None:
    readings(world, START, 120)
    rolled(world, START, START + 2 * HOUR_MS)
    world.store(world.keys[HOME], {"flow": [(START + 30_001, 1e6, 0)]})
    stale = asked(world, "1h")
    assert stale[0][3] < 1e6
    with world.ledger.begin() as tx:
        tx.roll_ups.mark([Window(world.keys[HOME], TEN_MINUTES_MS, START, HOME)])
    for agg, width_ms in WIDTH.items():
        found = asked(world, agg)
        assert found == from_raw(world, width_ms)
        assert found[0][3] == 1e6


def test_a_marked_window_whose_raw_readings_are_gone_is_shown_as_it_is_stored(world: World) -> None:
    readings(world, START, 60)
    rolled(world, START, START + HOUR_MS)
    wanted = {agg: asked(world, agg) for agg in WIDTH}
    world.readings.delete_before(MS, lambda: False)
    with world.ledger.begin() as tx:
        tx.roll_ups.mark([Window(world.keys[HOME], width_ms, START, HOME) for width_ms in WIDTH.values()])
    assert {agg: asked(world, agg) for agg in WIDTH} == wanted


def test_the_window_at_hand_is_never_taken_from_the_shelf(world: World) -> None:
    now_window = MS - HOUR_MS
    world.clock.forward(minutes=-1)
    readings(world, now_window, 30)
    rolled(world, now_window, MS)
    world.store(world.keys[HOME], {"flow": [(MS - 61_000, 1e6, 0)]})
    assert asked(world, "1h", start_ms=now_window)[0][3] == 1e6


def test_windows_far_apart_cost_no_question_each(world: World) -> None:
    for n in range(60):
        readings(world, START - n * DAY_MS, 1)
    rolled(world, START - 60 * DAY_MS, START + HOUR_MS)
    readings(world, START - 30 * DAY_MS - 5 * HOUR_MS, 3)
    found = asked(world, "1h", start_ms=START - 60 * DAY_MS)
    assert len(found) == 61
    assert [row[0] for row in found] == sorted(row[0] for row in found)
