"""Numbers taken on rounds become readings, after the fact and exactly once."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from maintenance.orders import create_order
from maintenance.point_limits import point_of, set_limits
from maintenance.ports import MaintenanceTx
from maintenance.round_readings import RoundReadings
from maintenance.work_orders import ChecklistItem, Kind, Origin, WorkOrder
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import LocalName, Point
from plantroom.domain.quality import Reason
from plantroom.errors import Unreachable
from plantroom.ports.ledger import Ledger
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.ports.readings import ReadingBatch, RejectedReading, SeriesRef, WriteResult
from plantroom.storage.readings.sqlite import SqliteReadings
from plantroom.wire import Channel, parse_topic
from tests.contract.maintenance.conftest import NAME, NOW, orders
from tests.contract.maintenance.tablet import answer, op, send

Store = Ledger[MaintenanceTx]
SERIES = SeriesRef("demo", "pump", "pump-1", "vibration")
TEMPLATE = (
    ChecklistItem("V", "number", NAME, point="vibration", high=7.1),
    ChecklistItem("N", "number", NAME),
    ChecklistItem("X", "number", NAME, point="no_such_point"),
)


class Sometimes(SqliteReadings):
    """A store that can be away."""

    away = False
    refuses = False

    def write(self, batch: ReadingBatch) -> WriteResult:
        if self.away:
            raise Unreachable("readings", "away")
        if self.refuses:
            last = len(batch) - 1
            return WriteResult(last, [RejectedReading(last, "observed longer ago than readings are kept")])
        return super().write(batch)


@pytest.fixture
def readings(tmp_path: Path) -> Iterator[Sometimes]:
    store = Sometimes(tmp_path / "readings.db")
    store.open()
    yield store
    store.close()


@pytest.fixture
def order(ledger: Store) -> WorkOrder:
    points = [Point("pump-1", template) for template in equipment_classes()["pump"].points]
    with ledger.begin() as tx:
        tx.assets.put_points(points)
    return a_round(ledger)


def a_round(ledger: Store, asset: str | None = "pump-1") -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.INSPECTION, origin=Origin.STAFF, title=LocalName("巡检", "Round"), by="wang",
            now=NOW, asset=asset, template=TEMPLATE,
        )  # fmt: skip


def stored(readings: SqliteReadings) -> list[tuple[datetime, float, int]]:
    end = round((NOW + timedelta(days=1)).timestamp() * 1000)
    (page,) = readings.read([SERIES], 0, end, 1000)
    rows: Sequence[tuple[int, float, int]] = list(zip(page.ts_ms.tolist(), page.value, page.reason, strict=True))
    return [(datetime.fromtimestamp(ts / 1000, NOW.tzinfo), float(value), int(reason)) for ts, value, reason in rows]


def test_a_number_becomes_a_reading_at_the_corrected_time(ledger: Store, readings: Sometimes, order: WorkOrder) -> None:
    slow = timedelta(hours=2)
    taken = answer(order, "V", number=2.5) | {"captured_at": (NOW - slow - timedelta(minutes=1)).isoformat()}
    send(ledger, op(order, "start"), taken, op(order, "complete"), device_now=NOW - slow, now=NOW)
    worker = RoundReadings(ledger, readings)
    assert worker.run_once() == 3
    assert stored(readings) == [(NOW - timedelta(minutes=1), 2.5, Reason.MANUAL)]
    assert worker.run_once() == 0


def test_a_number_runs_through_the_limits_that_its_point_has_on_the_machine(ledger: Store, order: WorkOrder) -> None:
    assert [r.code for r in send(ledger, answer(order, "V", number=6.0))] == [None]
    with ledger.begin() as tx:
        point = point_of(tx, "pump-1", "vibration")
        set_limits(tx, "demo", point, {"alarm_high": 5.5, "warning_high": 4.5}, "maker's sheet", "wang", NOW)
    later = [r.code for r in send(ledger, answer(order, "V", number=6.1))]
    assert later == ["outside_limits"]
    (ticket,) = orders(ledger, asset="pump-1", origin="checklist")
    with ledger.read() as tx:
        found = tx.work_records.found_on(ticket.id)
    assert found is not None
    assert (found.number, found.high) == (6.1, 5.5)


def test_sync_and_the_order_do_not_wait_for_a_store_that_is_away(
    ledger: Store, readings: Sometimes, order: WorkOrder
) -> None:
    readings.away = True
    assert [r.status for r in send(ledger, answer(order, "V", number=2.5))] == ["applied"]
    worker = RoundReadings(ledger, readings)
    for _ in range(2):
        with pytest.raises(Unreachable):
            worker.run_once()
    readings.away = False
    assert worker.run_once() == 1
    assert [value for _, value, _ in stored(readings)] == [2.5]


def test_another_worker_goes_on_where_the_last_one_stood_and_doing_it_again_changes_nothing(
    ledger: Store, readings: Sometimes, order: WorkOrder
) -> None:
    send(ledger, answer(order, "V", number=2.5))
    assert RoundReadings(ledger, readings).run_once() == 1
    assert RoundReadings(ledger, readings).run_once() == 0
    with ledger.begin() as tx:  # as after a crash between the writing and the moving of the cursor
        (again,) = tx.orders.operations_after("somebody else", 10)
        assert again.operation.step == "V"
    before = stored(readings)
    assert RoundReadings(ledger, readings, consumer="somebody else").run_once() == 1
    assert stored(readings) == before


def test_what_is_no_number_of_a_point_is_passed_over(ledger: Store, readings: Sometimes, order: WorkOrder) -> None:
    of_the_site = a_round(ledger, asset=None)
    ops = [
        answer(order, "N", number=1),
        answer(order, "X", number=1),
        answer(order, "V", "na", number=1),
        answer(of_the_site, "V", number=1),
        op(None, "report_fault", value={"asset": "pump-1", "text": "noise"}),
    ]
    assert {r.status for r in send(ledger, *ops)} == {"applied"}
    assert RoundReadings(ledger, readings).run_once() == len(ops)
    assert stored(readings) == []


def test_a_number_that_came_after_the_order_s_end_is_a_reading_too(
    ledger: Store, readings: Sometimes, order: WorkOrder
) -> None:
    send(ledger, op(order, "start"), op(order, "complete"))
    slow = timedelta(hours=2)
    late = answer(order, "V", number=3) | {"captured_at": (NOW - slow - timedelta(minutes=1)).isoformat()}
    assert [r.code for r in send(ledger, late, device_now=NOW - slow, now=NOW)] == ["late_evidence"]
    RoundReadings(ledger, readings).run_once()
    assert stored(readings) == [(NOW - timedelta(minutes=1), 3.0, Reason.MANUAL)]


def test_every_number_that_was_kept_is_a_reading_of_its_own_time(
    ledger: Store, readings: Sometimes, order: WorkOrder
) -> None:
    def at(minutes: int) -> dict[str, str]:
        return {"captured_at": (NOW - timedelta(minutes=minutes)).isoformat()}

    send(ledger, answer(order, "V", number=1) | at(9), answer(order, "V", number=2) | at(8))
    theirs = send(ledger, answer(order, "V", number=3) | at(7) | {"base_version": None}, device="tab-2")
    assert [r.status for r in theirs] == ["conflict"]
    send(ledger, answer(order, "V", number=4) | at(6))
    RoundReadings(ledger, readings).run_once()
    assert [value for _, value, _ in stored(readings)] == [1, 2, 3, 4]


def test_a_number_that_no_sound_sensor_shows_is_kept_apart(
    ledger: Store, readings: Sometimes, order: WorkOrder
) -> None:
    send(ledger, answer(order, "V", number=25_000))
    RoundReadings(ledger, readings).run_once()
    assert [(value, reason) for _, value, reason in stored(readings)] == [(25_000.0, Reason.OUT_OF_RANGE)]


def test_a_long_queue_is_worked_off_in_pieces(ledger: Store, readings: Sometimes, order: WorkOrder) -> None:
    def taken(minutes: int) -> dict[str, object]:
        return answer(order, "V", number=minutes) | {"captured_at": (NOW - timedelta(minutes=minutes)).isoformat()}

    send(ledger, *(taken(n) for n in range(5)))
    worker = RoundReadings(ledger, readings, batch=2)
    assert [worker.run_once() for _ in range(4)] == [2, 2, 1, 0]
    assert len(stored(readings)) == 5


def test_a_number_that_the_store_refuses_is_a_dead_letter_that_can_be_replayed(
    ledger: Store, readings: Sometimes, order: WorkOrder
) -> None:
    readings.refuses = True
    send(ledger, answer(order, "V", number=2.5), answer(order, "V", number=3.5))
    for consumer in ("one", "one", "as after a crash"):
        RoundReadings(ledger, readings, consumer=consumer).run_once()
    with ledger.read() as tx:
        (letter,) = tx.collect.dead_letters(EVERYTHING, PageRequest()).items
    code, _, words = letter.reason.partition(": ")
    assert (letter.site, letter.part, code) == ("demo", "vibration", "rejected_by_store")
    assert words == "number of a round: observed longer ago than readings are kept"
    message = parse_topic(letter.topic)
    assert message is not None
    assert (message.site, message.channel) == ("demo", Channel.TELEMETRY)
    sent = json.loads(letter.payload)
    assert (sent["values"], "ts" in sent) == ({"vibration": 3.5}, True)
