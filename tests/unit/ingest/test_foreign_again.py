"""Sparkplug letters processed again, and nodes whose site changes hands: an alias means what it meant when sent."""

from dataclasses import replace

import pytest

from ingest import replays
from plantroom.domain.assets import Point
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.letters import REPLAY_ASKED
from plantroom.ports.paging import EVERYTHING
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import TEMPLATES, ListSpool, pump
from tests.unit.ingest.test_foreign import SPARKPLUG, Asked, add, birth, data, payload
from tests.unit.ingest.test_handover import hand_over

FIELDS = tuple(
    FieldMapping(f"pump/{name}", point, "P-1")
    for name, point in (("Speed", "vibration"), ("Pressure", "pressure"), ("Extra", "extra"))
)
SOURCE = TopicSource("sp", "demo", "gateway", "spBv1.0/g/+/e/#", "sparkplug_b", fields=FIELDS)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "LOOK_EVERY_S", 0.02)


def put(house: House, message: tuple[str, bytes], at: int) -> None:
    house.spool.put(*message, at)


def born(house: House, at: int, bd_seq: int, **metrics: float) -> None:
    """Birth of the node and its device; aliases are counted from 1."""
    node = payload(0, at, {"name": b"bdSeq", "datatype": 8, "long_value": bd_seq})
    told = [
        {"name": name.encode(), "alias": alias, "datatype": 9, "float_value": value}
        for alias, (name, value) in enumerate(metrics.items(), 1)
    ]
    put(house, ("spBv1.0/g/NBIRTH/e", node), at)
    put(house, ("spBv1.0/g/DBIRTH/e/pump", payload(1, at, *told)), at)


def replay(house: House) -> None:
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(pump("P-1").key, replace(TEMPLATES[1], key="extra"))])
        tx.collect.ask_replay(EVERYTHING, None)
    until(lambda: not any(letter.reason.startswith(REPLAY_ASKED) for letter in house.letters()))


@pytest.mark.parametrize("between", [10, 200])
def test_a_birth_that_is_replayed_gives_its_values_and_no_aliases(house: House, between: int) -> None:
    add(house, SOURCE)
    begin = house.now_ms - 3_600_000
    born(house, begin, 1, Speed=1.0, Extra=9.0)
    born(house, begin + 1000, 2, Pressure=0.5, Speed=2.0)
    for n in range(between):
        put(house, data(2 + n, begin + 2000 + n, 0.25 + n / 1e4), begin + 2000 + n)
    house.start(requests=Asked())
    house.settle()
    assert house.reasons() == ["unknown_point"]

    replay(house)
    put(house, data(2 + between, house.now_ms - 1000, 0.75), house.now_ms - 1000)
    assert house.settle().gaps == 0
    assert house.reasons() == []
    assert house.readings("extra") == [(-3_600_000, 9.0)]
    assert house.readings("pressure")[-1] == (-1000, 0.75)
    assert [value for _, value in house.readings("vibration")] == [1.0, 2.0]


def test_data_of_an_earlier_birth_stay_letters_where_they_have_no_names(house: House) -> None:
    add(house, SOURCE)
    begin = house.now_ms - 3_600_000
    put(house, data(7, begin, 0.25), begin)
    born(house, begin + 1000, 2, Pressure=0.5)
    house.start(requests=Asked())
    house.settle()
    assert house.reasons() == ["unknown_metric"]
    replay(house)
    assert house.reasons() == ["unknown_metric"]
    assert [value for _, value in house.readings("pressure")] == [0.5]


def test_a_letter_goes_on_naming_the_alias_that_nobody_knew_and_no_other(house: House) -> None:
    add(house, SOURCE)
    begin = house.now_ms - 3_600_000
    born(house, begin, 1, Speed=1.0)
    both = [{"alias": alias, "float_value": 2.5} for alias in (1, 9)]
    put(house, ("spBv1.0/g/DDATA/e/pump", payload(2, begin + 10, *both)), begin + 10)
    house.start(requests=Asked())
    house.settle()
    assert [(one.reason, one.part) for one in house.letters()] == [("unknown_metric", "alias 9")]
    born(house, begin + 1000, 2, Speed=3.0)
    house.settle()
    replay(house)
    assert [(one.reason, one.part) for one in house.letters()] == [("unknown_metric", "alias 9")]
    assert [value for _, value in house.readings("vibration")] == [1.0, 2.5, 3.0]


def test_an_alias_whose_value_waited_for_its_point_is_named_when_a_birth_has_made_it_unknown(house: House) -> None:
    add(house, SOURCE)
    begin = house.now_ms - 3_600_000
    born(house, begin, 1, Speed=1.0, Extra=8.0)
    both = [{"alias": alias, "float_value": 2.5} for alias in (2, 9)]
    put(house, ("spBv1.0/g/DDATA/e/pump", payload(2, begin + 10, *both)), begin + 10)
    born(house, begin + 1000, 2, Speed=3.0)
    house.start(requests=Asked())
    house.settle()
    replay(house)
    assert ("unknown_metric", "alias 2, alias 9") in [(one.reason, one.part) for one in house.letters()]


def test_data_that_came_behind_the_last_birth_are_understood_again(house: House) -> None:
    add(house, SOURCE)
    begin = house.now_ms - 3_600_000
    born(house, begin, 1, Extra=9.0)
    put(house, data(2, begin + 10, 9.5), begin + 10)
    house.start(requests=Asked())
    house.settle()
    house.stop()
    house.start(requests=Asked())
    assert house.reasons() == ["unknown_point", "unknown_point"]
    replay(house)
    assert [value for _, value in house.readings("extra")] == [9.0, 9.5]


def test_the_next_holder_knows_the_aliases_and_asks_each_node_for_a_birth_of_its_own(house: House) -> None:
    add(house, SPARKPLUG)
    now = house.now_ms
    first, second = ListSpool(), ListSpool()
    house.spool = first
    for message in birth(now):
        put(house, message, now)
    hear(house, 1, fresh=False)
    house.spool = second
    for n in range(5):
        put(house, data(2 + n, now + 10 + n, 2.5), now + 10 + n)
    assert hear(house, 2, fresh=True) == ["spBv1.0/g/NCMD/e"]
    assert house.reasons() == []
    assert [value for _, value in house.readings("vibration")] == [1.0] + 5 * [2.5]


def test_what_waits_in_the_own_old_spool_is_read_by_the_own_aliases_and_the_rest_by_those_of_the_other(
    house: House,
) -> None:
    add(house, SOURCE)
    now = house.now_ms
    first, second = ListSpool(), ListSpool()
    house.spool = first
    born(house, now, 1, Speed=1.0, Pressure=0.125)
    hear(house, 1, fresh=False)
    put(house, data(2, now + 10, 2.0), now + 10)
    house.spool = second
    born(house, now + 1000, 2, Pressure=0.25, Speed=3.0)
    hear(house, 2, fresh=True)
    house.spool = first
    put(house, data(2, now + 2000, 0.375), now + 2000)
    hear(house, 3, fresh=True, late_until=3)
    assert [value for _, value in house.readings("vibration")] == [1.0, 2.0, 3.0]
    assert [value for _, value in house.readings("pressure")] == [0.125, 0.25, 0.375]


def hear(house: House, epoch: int, *, fresh: bool, late_until: int = 0) -> list[str]:
    """One holder works the house's spool off; gives what it asked of devices."""
    asked = Asked()
    house.start(requests=asked, hand_over=hand_over(house, epoch, fresh=fresh, late_until=late_until))
    house.settle()
    house.stop()
    return asked.topics
