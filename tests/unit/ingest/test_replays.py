"""Dead letters processed again: with the time at which they first came, once in effect, or back with a new reason."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import replays
from ingest.receive_times import FirstCome, ReceiveTimes, ReplayTimes
from ingest.rejections import HANDED_ON
from plantroom.domain.assets import Point
from plantroom.domain.findings import FindingRaised
from plantroom.ports.letters import REPLAY_ASKED, DeadLetter
from plantroom.ports.paging import EVERYTHING
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House, Witness, until
from tests.unit.ingest.plants import TEMPLATES, pump

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "LOOK_EVERY_S", 0.02)


def ask(house: House, *letters: DeadLetter) -> None:
    with house.ledger.begin() as tx:
        tx.collect.ask_replay(EVERYTHING, [letter.id for letter in letters] or None)


def are_answered(house: House) -> bool:
    return not any(letter.reason.startswith(REPLAY_ASKED) for letter in house.letters())


def replay(house: House, *letters: DeadLetter) -> None:
    ask(house, *letters)
    until(lambda: are_answered(house))


def without_ts(house: House, code: str, ms: int, **values: object) -> None:
    house.raw(json.dumps({"values": values}).encode(), code=code, received_ms=house.now_ms + ms)


def test_a_message_without_a_time_keeps_the_one_at_which_it_first_came(house: House) -> None:
    house.start()
    without_ts(house, "P-2", -DAY_MS, vibration=1.5)
    house.settle()
    assert house.reasons() == ["unknown_asset"]
    house.add("P-2")
    replay(house)
    assert house.letters() == []
    assert house.readings("vibration", "P-2") == [(-DAY_MS, 1.5)]


def test_those_of_one_millisecond_are_all_stored_each_with_an_instant_of_its_own(house: House) -> None:
    house.start()
    for value in (1.5, 2.5, 3.5):
        without_ts(house, "P-2", -DAY_MS, vibration=value)
    house.settle()
    house.add("P-2")
    replay(house, house.letters()[1])
    replay(house)
    found = house.readings("vibration", "P-2")
    assert sorted(value for _, value in found) == [1.5, 2.5, 3.5]
    assert [ms for ms, _ in found] == [-DAY_MS, 1 - DAY_MS, 2 - DAY_MS]


def test_what_was_stored_of_a_message_without_a_time_is_not_stored_a_second_time(house: House) -> None:
    house.start()
    for value in (1.5, 2.5):
        without_ts(house, "P-1", 0, vibration=value, unheard_of=10 * value)
    house.settle()
    asset = pump("P-1")
    template = replace(TEMPLATES[0], key="unheard_of")
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(asset.key, template)])
    replay(house)
    assert house.letters() == []
    assert house.readings("vibration") == [(0, 1.5), (1, 2.5)]
    assert house.readings("unheard_of") == [(0, 15.0), (1, 25.0)]


def test_what_is_still_wrong_comes_back_with_what_is_wrong_now(house: House) -> None:
    house.start()
    house.send({"unheard_of": 1.0}, code="P-2")
    house.settle()
    (before,) = house.letters()
    house.add("P-2")
    replay(house)
    (after,) = house.letters()
    assert (before.reason, after.reason) == ("unknown_asset", "unknown_point")
    assert (before.message, before.received_at, before.payload) == (after.message, after.received_at, after.payload)
    replay(house)
    assert house.letters() == [after]


def test_one_letter_asked_for_answers_all_of_its_message(house: House) -> None:
    house.start()
    house.send({"vibration": "1.5", "unheard_of": 1.0})
    house.settle()
    assert house.reasons() == ["number_as_text", "unknown_point"]
    with house.ledger.begin() as tx:
        tx.assets.put_points([Point(pump("P-1").key, replace(TEMPLATES[0], key="unheard_of"))])
    replay(house, house.letters()[0])
    assert house.reasons() == ["number_as_text"]


def test_a_replay_is_no_news_for_alarms_presence_or_the_count_of_messages(house: House) -> None:
    worker = house.start()
    house.send({"vibration": 99.0}, s=-3600, code="P-2")
    received = house.settle().received
    house.add("P-2")
    replay(house)
    assert house.readings("vibration", "P-2") == [(-3_600_000, 99.0)]
    assert house.findings() == []
    assert worker.stats().received == received
    with house.ledger.read() as tx:
        assert "key-P-2" not in tx.collect.presence()


def test_an_event_is_told_once_however_often_it_is_asked_for(house: House) -> None:
    house.start(Lane.SAFETY)
    house.raw(b'{"event": "passenger_trapped", "severity": "safety"}', code="P-2", channel="event")
    house.settle()
    (letter,) = house.letters()
    house.add("P-2")
    replay(house)
    with house.ledger.begin() as tx:
        tx.collect.add_dead_letters([letter])
    replay(house)
    assert len([one for one in house.findings() if one.asset == "key-P-2"]) == 1


def test_an_event_that_nobody_has_heard_of_is_told_though_its_device_is_unknown(house: House) -> None:
    house.start(Lane.SAFETY)
    at, payload = datetime.now(UTC), b'{"event": "flooded"}'
    for name, reason in (("a", HANDED_ON), ("b", "unknown_site"), ("c", "unknown_asset")):
        letter = DeadLetter(32 * name, "demo", at, "plantroom/demo/P-9/event", reason, payload)
        with house.ledger.begin() as tx:
            tx.collect.add_dead_letters([letter])
        replay(house, letter)
    replay(house)
    (finding,) = house.findings()
    assert isinstance(finding, FindingRaised)
    assert (finding.site, finding.asset, finding.detail["code"]) == ("demo", "", "P-9")
    assert [reason.partition(":")[0] for reason in house.reasons()] == ["unknown_asset"] * 3


def test_a_letter_of_the_other_lane_is_left_to_it(house: House) -> None:
    house.start(Lane.SAFETY)
    house.raw(b"not json", code="P-1", channel="event")
    house.settle()
    house.stop()
    house.start(Lane.NORMAL)
    ask(house)
    house.send({"vibration": 1.0})
    house.settle()
    assert house.letters()[0].reason.startswith(REPLAY_ASKED)


def test_a_kill_between_the_store_and_the_ledger_changes_nothing(house: House) -> None:
    house.start()
    without_ts(house, "P-2", -DAY_MS, vibration=1.5)
    without_ts(house, "P-2", -DAY_MS, vibration=2.5)
    house.settle()
    house.add("P-2")
    letters = house.letters()
    replay(house)
    once = house.readings("vibration", "P-2")
    house.stop()
    with house.ledger.begin() as tx:
        tx.collect.add_dead_letters(letters)
    house.start()
    replay(house)
    assert house.readings("vibration", "P-2") == once
    assert sorted(value for _, value in once) == [1.5, 2.5]


def test_a_store_that_is_away_is_waited_for_and_the_letter_stays_until_then(house: House) -> None:
    worker = house.start()
    house.send({"vibration": 1.5}, s=-60, code="P-2")
    house.settle()
    house.add("P-2")
    house.store.away = True
    ask(house)
    until(worker.problems)
    assert house.letters()[0].reason.startswith(REPLAY_ASKED)
    house.store.away = False
    until(lambda: not house.letters())
    assert house.readings("vibration", "P-2") == [(-60_000, 1.5)]


def test_a_message_that_trips_an_error_comes_back_with_it_and_holds_up_no_other(house: House) -> None:
    house.start()
    for s, value in ((-2, 1.5), (-1, 2.5)):
        house.send({"vibration": value}, s=s, code="P-2")
    house.settle()
    house.add("P-2")
    house.store.poison = 1.5
    replay(house)
    assert house.readings("vibration", "P-2") == [(-1000, 2.5)]
    assert house.reasons() == ["internal_error"]
    house.send({"vibration": 3.5})
    house.settle()
    assert house.readings("vibration") == [(0, 3.5)]
    house.store.poison = None
    replay(house)
    assert house.letters() == []
    assert house.readings("vibration", "P-2") == [(-2000, 1.5), (-1000, 2.5)]


def test_a_witness_that_fails_does_not_lose_the_letter(house: House, witness: Witness) -> None:
    house.start()
    house.send({"vibration": 1.5}, s=-60, code="P-2")
    house.settle()
    house.add("P-2")
    witness.away = 2
    replay(house)
    assert house.letters() == []
    assert house.readings("vibration", "P-2") == [(-60_000, 1.5)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=30))
def test_no_two_replayed_messages_share_an_instant_and_each_gets_the_same_again(
    messages: list[tuple[int, int, bool]],
) -> None:
    times = ReplayTimes(ReceiveTimes().is_taken)
    first = [FirstCome(f"m{n}", ms, True) for n, (ms, _, _) in enumerate(messages)]
    given_once = [times.of("a", one) for one in first]
    assert len(set(given_once)) == len(given_once)
    times.begin()
    assert [times.of("a", one) for one in first] == given_once
    assert all(ts >= one.received_ms for ts, one in zip(given_once, first, strict=True))


def test_what_was_handed_on_stands_over_nothing_that_the_site_has_of_that_instant(house: House) -> None:
    """Of two values for one instant the session for all sites may have heard the first alone."""
    house.start()
    house.send({"vibration": 2.0})
    house.send({"vibration": 1.0})
    house.settle()
    body = {"ts": house.now_ms, "values": {"vibration": 2.0, "pressure": 0.5}}
    later = {"ts": house.now_ms + 1, "values": {"vibration": 3.0}}
    for name, payload in (("a", body), ("b", later)):
        one = DeadLetter(
            32 * name,
            "demo",
            datetime.now(UTC),
            "plantroom/demo/P-1/telemetry",
            HANDED_ON,
            json.dumps(payload).encode(),
        )
        with house.ledger.begin() as tx:
            tx.collect.add_dead_letters([one])
        replay(house, one)
    assert house.readings("vibration") == [(0, 1.0), (1, 3.0)]
    assert house.readings("pressure") == [(0, 0.5)], "what it does not have is stored"
    assert house.letters() == []


def handed_on(house: House, bodies: Sequence[tuple[str, object]]) -> None:
    """These messages (code and body), all at once."""
    letters = [
        DeadLetter(
            f"{number:032x}",
            "demo",
            datetime.now(UTC),
            f"plantroom/demo/{code}/telemetry",
            HANDED_ON,
            json.dumps(body).encode(),
        )
        for number, (code, body) in enumerate(bodies)
    ]
    with house.ledger.begin() as tx:
        tx.collect.add_dead_letters(letters)
        tx.collect.ask_replay(EVERYTHING, [one.id for one in letters])
    until(lambda: are_answered(house), 60)
    assert house.letters() == []


def test_so_it_is_of_more_assets_than_the_store_is_asked_about_in_one_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [f"Q-{n}" for n in range(replays.HANDED_ON_TOPICS + 20)]
    with house.ledger.begin() as tx:
        for asset in map(pump, codes):
            tx.assets.add(asset, [Point(asset.key, template) for template in TEMPLATES])
    turns: list[int] = []
    process = replays.Replays._process

    def watched(self: replays.Replays, letters: Sequence[Sequence[DeadLetter]]) -> None:
        turns.append(len(letters))
        process(self, letters)

    monkeypatch.setattr(replays.Replays, "_process", watched)
    house.start()
    for code in codes:
        house.send({"vibration": 2.0}, code=code)
        house.send({"vibration": 1.0}, code=code)
    house.settle()
    handed_on(house, [(code, {"ts": house.now_ms, "values": {"vibration": 2.0}}) for code in codes])
    assert {tuple(house.readings("vibration", code)) for code in codes} == {((0, 1.0),)}
    assert turns == [replays.HANDED_ON_TOPICS, 20]


def test_so_it_is_of_a_message_with_more_spans_than_the_store_is_asked_about(house: House) -> None:
    house.start()
    instants = [-120_000 * n for n in range(150)]
    for ms in instants[::2]:
        house.send({"vibration": 1.0}, s=ms / 1000)
    house.settle()
    handed_on(house, [("P-1", [{"ts": house.now_ms + ms, "values": {"vibration": 2.0}} for ms in instants])])
    assert dict(house.readings("vibration")) == {ms: 2.0 if n % 2 else 1.0 for n, ms in enumerate(instants)}


def test_what_a_person_replays_stands_over_what_is_there(house: House) -> None:
    house.start()
    house.send({"vibration": 1.0})
    house.settle()
    one = DeadLetter(
        32 * "c",
        "demo",
        datetime.now(UTC),
        "plantroom/demo/P-1/telemetry",
        "unknown_asset",
        json.dumps({"ts": house.now_ms, "values": {"vibration": 2.0}}).encode(),
    )
    with house.ledger.begin() as tx:
        tx.collect.add_dead_letters([one])
    replay(house, one)
    assert house.readings("vibration") == [(0, 2.0)]


def test_a_bad_reading_of_the_site_keeps_no_good_one_out(house: House) -> None:
    house.start()
    house.send({"pressure": -1e9})
    house.settle()
    one = DeadLetter(
        32 * "d",
        "demo",
        datetime.now(UTC),
        "plantroom/demo/P-1/telemetry",
        HANDED_ON,
        json.dumps({"ts": house.now_ms, "values": {"pressure": 0.5}}).encode(),
    )
    with house.ledger.begin() as tx:
        tx.collect.add_dead_letters([one])
    replay(house, one)
    assert house.readings("pressure") == [(0, 0.5)]
