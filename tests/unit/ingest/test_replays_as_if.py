"""Letters that are replayed after their point is there leave the store as if it had been there from the start."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import replays
from plantroom.domain.assets import Point
from tests.examples import examples
from tests.unit.ingest.house import FlakyLedger, House
from tests.unit.ingest.plants import VIBRATION, pump
from tests.unit.ingest.test_replays import replay, without_ts

LATER = "unheard_of"
"""The point that is there only later."""

Object = tuple[int | None, tuple[str, ...]]
"""Seconds of its ``ts`` (``None``: it has none) and the points that it has values of."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "LOOK_EVERY_S", 0.02)


def give_point(house: House, key: str = LATER) -> None:
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(pump("P-1").key, replace(VIBRATION, key=key))])


def test_what_came_later_for_the_same_instant_goes_on_to_stand(house: House) -> None:
    house.start()
    house.send({"vibration": 1, LATER: 7})
    house.send({"vibration": 2})
    house.settle()
    give_point(house)
    replay(house)
    assert house.readings("vibration") == [(0, 2.0)]
    assert house.readings(LATER) == [(0, 7.0)]
    assert house.letters() == []


def test_an_object_of_which_nothing_was_stored_moves_no_other(house: House) -> None:
    house.start()
    objects = [{LATER: 1}, {"vibration": 5}, {"vibration": 6, LATER: 2}]
    house.raw(json.dumps([{"values": values} for values in objects]).encode())
    house.settle()
    give_point(house)
    replay(house)
    assert house.readings("vibration") == [(0, 5.0), (1, 6.0)]
    assert sorted(house.readings(LATER), key=lambda row: row[1]) == [(2, 1.0), (1, 2.0)]


def test_what_the_store_refused_goes_where_it_would_have_stood(house: House) -> None:
    house.start()
    house.store.refuse = 5.0
    house.raw(json.dumps([{"values": {"vibration": v}} for v in (5, 6)]).encode())
    house.settle()
    house.store.refuse = None
    replay(house)
    assert house.readings("vibration") == [(0, 5.0), (1, 6.0)]


def test_parts_that_become_good_one_after_the_other_stand_beside_each_other(house: House) -> None:
    house.start()
    house.raw(json.dumps([{"values": {"vibration": n, "u1": n, "u2": n}} for n in (5, 6)]).encode())
    house.settle()
    for key in ("u1", "u2"):
        give_point(house, key)
        replay(house)
    assert house.letters() == []
    assert house.readings("u1") == house.readings("u2") == house.readings("vibration") == [(0, 5.0), (1, 6.0)]


@pytest.mark.parametrize("sent", [
    [{"values": {"vibration": "text", LATER: 1}}, {"ts": -1, "values": {"vibration": 1}}],
    [{"ts": "garbage", "values": {"vibration": 4}}, {"ts": -1, "values": {"vibration": 1, LATER: 1}}],
])  # fmt: skip
def test_an_object_that_stays_unreadable_has_no_say_in_the_others(house: House, sent: list[dict[str, object]]) -> None:
    house.start()
    house.raw(json.dumps([{**one, "ts": house.now_ms - 1000} if one.get("ts") == -1 else one for one in sent]).encode())
    house.send({"vibration": 2}, s=-1)
    house.settle()
    give_point(house)
    replay(house)
    assert house.readings("vibration") == [(-1000, 2.0)]
    assert [value for _, value in house.readings(LATER)] == [1.0]


def test_more_names_than_a_letter_can_hold_are_all_stored(house: House) -> None:
    house.start()
    names = [f"a_point_with_a_long_name_{n}" for n in range(40)]
    house.send({"vibration": 1, **dict.fromkeys(names, 3)})
    house.settle()
    for name in names:
        give_point(house, name)
    replay(house)
    assert all(house.readings(name) == [(0, 3.0)] for name in names)


def test_a_replay_that_trips_an_error_forgets_none_of_the_parts(house: House) -> None:
    house.start()
    house.send({"vibration": 1, LATER: "text", "u2": 9})
    house.settle()
    before = {letter.part for letter in house.letters()}
    give_point(house, "u2")
    house.store.poison = 9.0
    replay(house)
    assert house.reasons() == ["internal_error", "internal_error"]
    assert {letter.part for letter in house.letters()} == before == {LATER, "u2"}
    house.store.poison = None
    replay(house)
    assert house.readings("u2") == [(0, 9.0)]
    assert house.reasons() == ["text_value"]


@pytest.mark.parametrize("which", [0, 1])
def test_one_letter_asked_for_brings_what_all_letters_of_its_message_name(house: House, which: int) -> None:
    house.start()
    house.send({"vibration": 1, "u1": 2})
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(pump("P-1").key, replace(VIBRATION, key="u2"))])
    house.settle()
    house.store.refuse = 3.0
    house.send({"u1": 2, "u2": 3}, s=1)
    house.settle()
    house.store.refuse = None
    give_point(house, "u1")
    both = [letter for letter in house.letters() if letter.message == house.letters()[-1].message]
    assert sorted(letter.part for letter in both) == ["u1", "u2"]
    replay(house, both[which])
    assert (house.readings("u1"), house.readings("u2")) == ([(1000, 2.0)], [(1000, 3.0)])


def test_letters_of_one_millisecond_are_replayed_in_the_order_in_which_they_came(house: House) -> None:
    house.start()
    for n in range(20):
        house.send({"vibration": n}, code="P-2")
    house.settle()
    house.add("P-2")
    replay(house)
    assert house.readings("vibration", "P-2") == [(0, 19.0)]


def test_a_message_whose_samples_had_to_make_room_comes_before_the_one_behind_it(house: House) -> None:
    house.start()
    ts = house.now_ms - 3000
    house.raw(json.dumps({"values": {"vibration": 1}}).encode())
    house.raw(json.dumps([{"values": {"vibration": 2}}, {"ts": ts, "values": {LATER: 2}}]).encode())
    house.raw(json.dumps({"ts": ts, "values": {LATER: 3}}).encode())
    house.settle()
    give_point(house)
    replay(house)
    assert house.readings(LATER) == [(-3000, 3.0)]


def test_a_part_goes_beside_what_was_stored_though_another_message_came_in_the_same_millisecond(house: House) -> None:
    house.start()
    without_ts(house, "P-1", 0, unheard_of=1)
    without_ts(house, "P-1", 0, vibration=5, unheard_of=2)
    house.settle()
    give_point(house)
    replay(house)
    assert house.readings("vibration") == [(0, 5.0)]
    assert sorted(house.readings(LATER), key=lambda row: row[1]) == [(1, 1.0), (0, 2.0)]


OBJECTS = st.tuples(
    st.sampled_from([None, -3, -2, -1]), st.sampled_from([("vibration",), (LATER,), ("vibration", LATER)])
)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["P-1", "P-1", "P-2"]), st.integers(0, 2), st.lists(OBJECTS, min_size=1, max_size=3)),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that is made and empty: to make one takes longer than all that is done with it."""
    folder = tmp_path_factory.mktemp("empty")
    ledger = FlakyLedger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.open()
    ledger.close()
    return folder


@contextmanager
def fresh(empty: Path) -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(shutil.copytree(empty, folder, dirs_exist_ok=True)))
        try:
            house.start()
            yield house
        finally:
            house.close()


def send(house: House, messages: Sequence[tuple[str, int, Sequence[Object]]], now_ms: int) -> None:
    """Every value is another one, so that each can be told from all others."""
    house.now_ms, value, at = now_ms, 0, 0
    for code, wait_ms, objects in messages:
        at += wait_ms
        sent = []
        for ts, points in objects:
            values = {point: value + n for n, point in enumerate(points)}
            value += len(points)
            sent.append({"values": values} if ts is None else {"ts": now_ms + 1000 * ts, "values": values})
        payload = sent[0] if len(sent) == 1 else sent
        house.raw(json.dumps(payload).encode(), code=code, received_ms=now_ms + at)
    house.settle()


def complete(house: House) -> None:
    """Now everything is there that the messages name."""
    house.add("P-2")
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(f"key-{code}", replace(VIBRATION, key=LATER)) for code in ("P-1", "P-2")])


def found(house: House, code: str, point: str) -> tuple[list[tuple[int, float]], list[float]]:
    """The readings with a ``ts`` of their own, and the values of those without."""
    rows = house.readings(point, code)
    return [row for row in rows if row[0] < 0], sorted(value for ms, value in rows if ms >= 0)


@settings(max_examples=examples(25), deadline=None)
@given(MESSAGES)
def test_after_the_replay_the_store_is_as_if_the_points_had_been_there(
    empty: Path, messages: list[tuple[str, int, list[Object]]]
) -> None:
    with fresh(empty) as house:
        now_ms = house.now_ms
        send(house, messages, now_ms)
        standing = house.readings("vibration")
        complete(house)
        replay(house)
        assert house.letters() == []
        assert house.readings("vibration") == standing
        after = {(code, point): found(house, code, point) for code in ("P-1", "P-2") for point in ("vibration", LATER)}
    with fresh(empty) as other:
        complete(other)
        send(other, messages, now_ms)
        assert other.letters() == []
        for (code, point), what in after.items():
            assert what == found(other, code, point)
