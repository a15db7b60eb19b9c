"""InfluxDB may let go of a first write to a day that it has confirmed: it is read back, and sent again."""

import pytest

from plantroom.ports.readings import DAY_MS, HOUR_MS, AggregatePage, Retention
from plantroom.storage.readings import influx, influx_days
from plantroom.storage.readings.influx import SENT_AGAIN, InfluxReadings
from plantroom.storage.readings.kept import KeptReadings
from tests.contract.readings.doorman import Doorman
from tests.contract.readings.given import T0, batch, pump, shown, wave
from tests.contract.rollups.given import CLOCK

FLOW, HEAD = pump("flow"), pump("head")


def test_a_first_write_that_is_confirmed_and_not_there_is_sent_again(guarded: InfluxReadings, doorman: Doorman) -> None:
    doorman.swallows = 1
    assert guarded.write(batch((FLOW, T0, 1.0), (HEAD, T0 + 1, 2.0, 100))).written == 2
    assert (shown(guarded, FLOW), shown(guarded, HEAD)) == ([(0, 1.0, 0)], [(1, 2.0, 100)])
    assert doorman.writes == 2


def test_each_request_and_each_day_is_looked_for(
    guarded: InfluxReadings, doorman: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influx, "PART_LINES", 3)
    doorman.swallows = 2
    days = [(FLOW, T0 + n * DAY_MS // 2, float(n)) for n in range(9)]
    assert guarded.write(batch(*days)).written == 9
    assert [value for _, value, _ in shown(guarded, FLOW)] == [float(n) for n in range(9)]
    assert doorman.writes == 3 + 2


def test_what_was_refused_is_not_looked_for(guarded: InfluxReadings, doorman: Doorman) -> None:
    doorman.poison = b"flow=13.0"
    result = guarded.write(batch((FLOW, T0, 13.0), (FLOW, T0 + 1, 1.0), (FLOW, T0 + DAY_MS, 13.0)))
    assert [one.position for one in result.rejected] == [0, 2]
    written = doorman.writes
    assert shown(guarded, FLOW) == [(1, 1.0, 0)]
    guarded.write(batch((FLOW, T0 + 2, 1.0)))
    assert doorman.writes == written + 1


def test_a_day_that_was_written_to_lately_is_not_looked_for(
    guarded: InfluxReadings, doorman: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.write(wave([FLOW], 3))
    asked = doorman.queries
    guarded.write(wave([FLOW, HEAD], 3))
    assert doorman.queries == asked
    monkeypatch.setattr(influx_days, "QUIET_S", -1.0)
    guarded.write(wave([FLOW], 3))
    assert doorman.queries == asked + 1


def test_a_server_that_shows_it_later_keeps_nobody_waiting(guarded: InfluxReadings, doorman: Doorman) -> None:
    doorman.swallows = 1 + SENT_AGAIN
    assert guarded.write(wave([FLOW], 3)).written == 3
    assert doorman.writes == 1 + SENT_AGAIN


def test_aggregates_are_looked_for_as_well(guarded: InfluxReadings, doorman: Doorman) -> None:
    store = KeptReadings(guarded, guarded, guarded, Retention(), CLOCK)
    doorman.swallows = 1
    start = T0 - T0 % HOUR_MS
    page = wave([FLOW], 1, start_ms=start)
    column = page.value
    store.put_aggregates([AggregatePage(FLOW, page.ts_ms, column, column, column, column.astype(int), column)], HOUR_MS)
    (found,) = store.read_aggregates([FLOW], start, start + 1, HOUR_MS)
    assert found.ts_ms.tolist() == [start]
