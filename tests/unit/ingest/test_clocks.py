"""Offsets of devices' clocks, from messages that were delayed, batched, late, replayed or stamped by a wrong clock."""

import random
from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.arrivals import Arrivals
from ingest.clock_effects import ClockEffect
from ingest.clocks import WINDOW_MS, DeviceClocks
from ingest.dialects.decoded import Decoded
from ingest.instants import NO_TIME
from ingest.matching import AssetRoute, Matcher, SeriesTable
from plantroom.domain.assets import Priority, Severity, Source, SourceClock
from plantroom.domain.findings import Finding, FindingRaised
from plantroom.domain.sources import TopicSource
from plantroom.ports.clock import YEAR_2000_MS
from plantroom.ports.device_clocks import DeviceClock, DeviceTimes
from plantroom.ports.readings import DAY_MS, FOR_EVER, Retention
from plantroom.ports.spool import Lane
from tests.examples import examples
from tests.unit.ingest.plants import NOON_MS, plant_of, pump

MINUTE_MS = 60_000
UNJUDGED = ": its limits are not being judged"
TOO_OLD = ("，读数早于保留期限，被拒收", ": its readings are refused, being older than readings are kept")
Message = tuple[int, int]
"""Received, stamped."""


class Desk:
    """Measures the clock of one pump."""

    def __init__(self, clock: SourceClock = SourceClock.LIVE, lane: Lane = Lane.NORMAL) -> None:
        self.clocks = DeviceClocks("demo", lane, Retention(90))
        self.words: list[DeviceClock] = []
        self.findings: list[Finding] = []
        self.route = self.follow(clock)

    def follow(self, clock: SourceClock) -> AssetRoute:
        matcher = Matcher("demo", SeriesTable())
        matcher.follow(plant_of([pump()], [Source("key-P-1", clock=clock)]))
        self.clocks.follow(matcher.routes())
        (self.route,) = matcher.routes()
        return self.route

    def take(self, messages: Sequence[Message]) -> None:
        arrivals = Arrivals(
            [self.route] * len(messages), [received for received, _ in messages], [False] * len(messages)
        )
        decoded = Decoded(list(range(len(messages))), [ts for _, ts in messages])
        self.clocks.note(decoded, arrivals)
        words, findings = self.clocks.take()
        self.words += words
        self.findings += findings

    def take_by_minutes(self, messages: Sequence[Message]) -> None:
        """So that each word for the ledger is told, not only the last."""
        minutes = sorted({received // MINUTE_MS for received, _ in messages})
        for minute in minutes:
            self.take([one for one in messages if one[0] // MINUTE_MS == minute])

    def kinds(self) -> list[str]:
        return ["raised" if isinstance(one, FindingRaised) else "cleared" for one in self.findings]


def live(minutes: float, offset_ms: int = 0, every_ms: int = 1000, start_ms: int = NOON_MS) -> list[Message]:
    """Messages of a device whose clock is off by so much, with a delay that is never less than 20 ms."""
    rng = random.Random(1)
    span = range(start_ms, start_ms + round(minutes * MINUTE_MS), every_ms)
    return sorted((at_ms + 20 + round(rng.expovariate(1 / 300)), at_ms + offset_ms) for at_ms in span)


@pytest.mark.parametrize("offset_ms", [0, -42_000, 3_000, -86_400_000, 7_200_000])
def test_the_least_delay_of_a_while_is_the_offset(offset_ms: int) -> None:
    desk = Desk()
    desk.take(live(6, offset_ms))
    assert offset_ms - 120 <= desk.words[-1].offset_ms <= offset_ms - 20


def test_a_device_that_was_never_set_is_measured_although_nothing_of_it_is_stored() -> None:
    desk = Desk()
    desk.take([(received, YEAR_2000_MS - 10**9 + received - NOON_MS) for received, _ in live(8)])
    assert desk.words[-1].offset_ms < -(10**11)
    assert desk.kinds() == ["raised"]


@pytest.mark.parametrize("per_s", [1, 0, 600])
def test_times_before_2000_need_not_run_as_fast_as_ours_to_be_a_finding_that_ends_with_sound_ones(per_s: int) -> None:
    desk, start = Desk(), NOON_MS // 1000
    desk.take_by_minutes([(at, per_s and start + (at - NOON_MS) * per_s // 1000) for at, _ in live(8)])
    (raised,) = desk.findings
    assert isinstance(raised, FindingRaised)
    assert (raised.severity, raised.detail["event"]) == (Severity.GENERAL, "clock_refused")
    assert raised.detail["name"] == {
        "zh": "设备时间早于2000年（时钟未设置，或时间单位不对），消息被拒收",
        "en": "times before 2000 (clock not set, or wrong unit of time): its messages are refused",
    }
    assert desk.clocks.suffering(ClockEffect.REFUSED) == 1
    assert len(desk.words) == 2, "the first measure, and that it is wrong: the same again is not news for the ledger"
    assert desk.words[1].wrong_since is not None
    desk.take(live(8, start_ms=NOON_MS + 8 * MINUTE_MS))
    assert desk.kinds() == ["raised", "cleared"]


@pytest.mark.parametrize("microseconds", [False, True])
def test_times_far_ahead_are_another_unit_and_no_offset_in_words_or_figures(microseconds: bool) -> None:
    desk = Desk()
    desk.take([(at, ts * 1000 if microseconds else ts + 101 * 366 * DAY_MS) for at, ts in live(8)])
    (raised,) = desk.findings
    assert isinstance(raised, FindingRaised)
    assert (raised.severity, raised.detail["event"]) == (Severity.GENERAL, "clock_refused")
    assert raised.detail["name"] == {
        "zh": "设备时间远超当前时间（时间单位不对），消息被拒收",
        "en": "times far ahead (wrong unit of time): its messages are refused",
    }
    assert (desk.clocks.largest_ms(), desk.clocks.suffering(ClockEffect.REFUSED)) == (0, 1)


@pytest.mark.parametrize("stands_at_ms", [YEAR_2000_MS, NOON_MS - 91 * DAY_MS, NOON_MS + 1500 * DAY_MS])
@pytest.mark.parametrize("every_ms", [1000, 7000, 40_000])
def test_a_clock_that_stands_still_where_all_is_refused_is_a_finding_that_ends_when_it_is_set(
    stands_at_ms: int, every_ms: int
) -> None:
    desk = Desk()
    desk.take_by_minutes([(at, stands_at_ms) for at, _ in live(9, every_ms=every_ms)])
    (raised,) = desk.findings
    assert isinstance(raised, FindingRaised)
    assert (raised.severity, raised.detail["event"]) == (Severity.GENERAL, "clock_refused")
    assert len(desk.words) == 2, "the first measure, and that it is wrong"
    assert desk.words[-1].wrong_since is not None
    desk.take(live(8, start_ms=NOON_MS + 9 * MINUTE_MS, every_ms=every_ms))
    assert desk.kinds() == ["raised", "cleared"]


def test_a_last_change_that_is_sent_until_it_is_older_than_is_kept_is_not_called_a_slow_clock() -> None:
    desk = Desk()
    desk.take([(at, NOON_MS - 91 * DAY_MS) for at, _ in live(9)])
    (raised,) = desk.findings
    assert isinstance(raised, FindingRaised)
    assert raised.detail["name"] == {
        "zh": "设备时间停在91天前（时钟停走，或反复发送上次变化）" + TOO_OLD[0],
        "en": "times stand still 91 days behind (clock stopped, or last change sent again)" + TOO_OLD[1],
    }


def test_the_ledger_hears_at_once_whether_refused_times_stand_still_or_go_on() -> None:
    desk, old_ms = Desk(), NOON_MS - 91 * DAY_MS
    desk.take_by_minutes([(at, old_ms) for at, _ in live(9)])
    assert {one.times for one in desk.words} == {DeviceTimes.STANDING}
    told = len(desk.words)
    desk.take_by_minutes([(at, ts) for at, ts in live(4, -91 * DAY_MS, start_ms=NOON_MS + 9 * MINUTE_MS)])
    assert [one.times for one in desk.words[told:]] == [DeviceTimes.BEHIND]
    stopped_ms = NOON_MS + 13 * MINUTE_MS - 91 * DAY_MS
    desk.take_by_minutes([(at, stopped_ms) for at, _ in live(4, start_ms=NOON_MS + 13 * MINUTE_MS)])
    assert [one.times for one in desk.words[told:]] == [DeviceTimes.BEHIND, DeviceTimes.STANDING]


def test_a_device_that_sends_its_last_change_again_and_again_has_no_wrong_clock() -> None:
    desk = Desk()
    desk.take(live(5))
    desk.take([(at, NOON_MS + 5 * MINUTE_MS) for at, _ in live(120, start_ms=NOON_MS + 5 * MINUTE_MS)])
    assert desk.findings == []


@pytest.mark.parametrize("speed", [0.5, 1.2, 20.0])
def test_an_outbox_that_is_older_than_readings_are_kept_is_no_wrong_clock(speed: float) -> None:
    desk, old_ms = Desk(), NOON_MS - 200 * DAY_MS
    desk.take([(at, old_ms + round((at - NOON_MS) * speed)) for at, _ in live(30)])
    assert desk.findings == []


def test_times_before_2000_are_a_finding_no_sooner_than_any_wrong_clock() -> None:
    desk = Desk()
    desk.take([(received, received // 1000) for received, _ in live(3.4)])
    assert desk.findings == []


def test_a_device_that_starts_before_2000_and_is_then_set_is_no_finding() -> None:
    desk = Desk()
    desk.take([(received, received // 1000) for received, _ in live(2)])
    desk.take(live(8, start_ms=NOON_MS + 2 * MINUTE_MS))
    assert desk.findings == []
    assert abs(desk.words[-1].offset_ms) < 1000


def test_a_clock_that_is_wrong_for_a_while_is_told_in_plain_words_and_cleared_when_it_is_set() -> None:
    desk = Desk()
    desk.take(live(8, -42_000))
    (raised,) = desk.findings
    assert isinstance(raised, FindingRaised)
    assert (raised.failure_mode, raised.severity, raised.safety) == ("clock", Severity.INFO, False)
    assert raised.detail["name"] == {"zh": "设备时钟慢42秒", "en": "clock 42 s behind"}
    assert desk.words[-1].wrong_since is not None
    desk.take(live(8, 100, start_ms=NOON_MS + 8 * MINUTE_MS))
    assert desk.kinds() == ["raised", "cleared"]
    assert desk.words[-1].wrong_since is None


@pytest.mark.parametrize(
    ("offset_ms", "severity", "name"),
    [
        (-601_000, Severity.GENERAL, ("设备时钟慢10分钟，限值未判断", "clock 10 min behind" + UNJUDGED)),
        (-28_800_000, Severity.GENERAL, ("设备时钟慢8小时，限值未判断", "clock 8 h behind" + UNJUDGED)),
        (3_600_000, Severity.GENERAL, ("设备时钟快60分钟，消息被拒收", "clock 60 min ahead: its messages are refused")),
        (-365 * DAY_MS, Severity.GENERAL, ("设备时钟慢365天" + TOO_OLD[0], "clock 365 days behind" + TOO_OLD[1])),
        (-9800 * DAY_MS, Severity.GENERAL, ("设备时钟慢9800天" + TOO_OLD[0], "clock 9800 days behind" + TOO_OLD[1])),
        (-89 * DAY_MS, Severity.GENERAL, ("设备时钟慢89天，限值未判断", "clock 89 days behind" + UNJUDGED)),
        (-590_000, Severity.INFO, ("设备时钟慢590秒", "clock 590 s behind")),
        (290_000, Severity.INFO, ("设备时钟快290秒", "clock 290 s ahead")),
    ],
)  # fmt: skip
def test_a_clock_that_costs_alarms_or_data_is_more_than_a_notice(
    offset_ms: int, severity: Severity, name: tuple[str, str]
) -> None:
    desk = Desk()
    desk.take(live(8, offset_ms))
    (raised,) = desk.findings
    assert isinstance(raised, FindingRaised)
    assert (raised.severity, tuple(raised.detail["name"].values())) == (severity, name)


def test_a_notice_is_raised_again_when_it_begins_to_cost_something_and_only_then() -> None:
    desk = Desk()
    for turn, offset_ms in enumerate([-42_000, -3_600_000, -42_000, -3_600_000, 7_200_000]):
        desk.take(live(8, offset_ms, start_ms=NOON_MS + 8 * turn * MINUTE_MS))
    said = [one.detail["event"] for one in desk.findings if isinstance(one, FindingRaised)]
    assert said == ["clock_wrong", "clock_not_judged", "clock_refused"]
    assert len({one.finding_id for one in desk.findings}) == 3
    desk.take(live(8, start_ms=NOON_MS + 40 * MINUTE_MS))
    assert desk.kinds()[-1] == "cleared"


@pytest.mark.parametrize(("fields", "told_again"), [(10, True), (11, False)])
def test_a_state_of_before_effects_or_newest_times_were_known_is_gone_on_from(fields: int, told_again: bool) -> None:
    desk, old = Desk(), Desk()
    desk.take(live(8, -3_600_000))
    rows = {asset: row[:fields] for asset, row in orjson.loads(desk.clocks.snapshot()).items()}
    old.clocks.restore(orjson.dumps(rows))
    old.take(live(8, -3_600_000, start_ms=NOON_MS + 8 * MINUTE_MS))
    known = [one.finding_id for one in desk.findings]
    assert [one.finding_id for one in old.findings] == (known if told_again else [])


def test_a_step_is_noticed_within_minutes() -> None:
    desk = Desk()
    desk.take(live(30))
    assert desk.findings == []
    desk.take(live(5.2, -3_600_000, start_ms=NOON_MS + 30 * MINUTE_MS))
    assert desk.words[-1].offset_ms < -3_599_000
    assert desk.kinds() == ["raised"]


def test_batches_count_by_their_newest_sample() -> None:
    desk = Desk()
    for minute in range(0, 60, 5):
        at_ms = NOON_MS + minute * MINUTE_MS
        desk.take([(at_ms + 50, at_ms - age_ms) for age_ms in range(300_000, -1, -30_000)])
    assert -100 <= desk.words[-1].offset_ms <= 0
    assert desk.findings == []


@pytest.mark.parametrize("speed", [1.2, 3.0, 20.0])
def test_an_outbox_that_catches_up_is_no_slow_clock(speed: float) -> None:
    desk = Desk()
    desk.take(live(10))
    before = len(desk.words)
    start_ms, behind_ms = NOON_MS + 70 * MINUTE_MS, 60 * MINUTE_MS
    sent = []
    while behind_ms > 0:
        sent.append((start_ms, start_ms - round(behind_ms)))
        start_ms += 1000
        behind_ms -= 1000 * (speed - 1)
    desk.take(sent)
    desk.take(live(10, start_ms=start_ms))
    assert desk.findings == []
    assert all(abs(word.offset_ms) < 10_000 for word in desk.words[before:])


def test_late_messages_between_live_ones_do_not_disturb() -> None:
    desk = Desk()
    messages = [m for received, ts in live(10) for m in ((received, ts), (received, ts - 3_600_000))]
    desk.take(messages)
    assert abs(desk.words[-1].offset_ms) < 1000


@pytest.mark.parametrize("desk", [Desk(SourceClock.SIMULATED), Desk(lane=Lane.SAFETY)])
def test_replays_and_what_belongs_to_the_other_lane_are_not_measured(desk: Desk) -> None:
    desk.take(live(20, -3_600_000))
    assert (desk.words, desk.findings) == ([], [])


def test_messages_without_a_time_of_their_own_say_nothing() -> None:
    desk = Desk()
    desk.take([(received, NO_TIME) for received, _ in live(20)])
    assert desk.words == []


def test_a_source_that_becomes_a_replay_takes_its_finding_back() -> None:
    desk = Desk()
    desk.take(live(8, -42_000))
    desk.follow(SourceClock.SIMULATED)
    desk.take([])
    assert desk.kinds() == ["raised", "cleared"]
    assert desk.words[-1].wrong_since is None, "no list goes on to call it wrong"


def test_a_source_on_the_safety_lane_whose_filter_holds_the_code_is_measured_there() -> None:
    source = TopicSource("k", "demo", "pump", "fire/P-1/+", "json", priority=Priority.SAFETY, asset_from=2)
    desk, matcher = Desk(lane=Lane.SAFETY), Matcher("demo", SeriesTable())
    matcher.follow(replace(plant_of([pump()]), topic_sources=(source,)))
    desk.clocks.follow(matcher.routes())
    (desk.route,) = matcher.routes()
    desk.take(live(8, -42_000))
    assert desk.kinds() == ["raised"]


def test_where_its_own_topics_are_on_the_normal_lane_it_is_measured_there_whoever_else_speaks_for_it() -> None:
    gas = TopicSource("k", "demo", "gas", "gas/data", "json", priority=Priority.SAFETY, asset="P-1")
    plant = replace(plant_of([pump()], [Source("key-P-1")]), topic_sources=(gas,))
    for lane, kinds in ((Lane.SAFETY, []), (Lane.NORMAL, ["raised"])):
        desk, matcher = Desk(lane=lane), Matcher("demo", SeriesTable())
        matcher.follow(plant)
        desk.clocks.follow(matcher.routes())
        (desk.route,) = matcher.routes()
        desk.take(live(8, -42_000))
        assert desk.kinds() == kinds
        assert (matcher.lane_of("plantroom/demo/P-1/telemetry"), matcher.lane_of("gas/data")) == (
            Lane.NORMAL,
            Lane.SAFETY,
        )


@pytest.mark.parametrize(("messages", "measured", "kinds"), [(3, False, []), (4, True, []), (5, True, ["raised"])])
def test_a_slow_device_is_measured_with_its_fourth_message_and_found_with_its_fifth(
    messages: int, measured: bool, kinds: list[str]
) -> None:
    desk = Desk()
    desk.take(live(10 * messages, -42_000, every_ms=10 * MINUTE_MS))
    assert (bool(desk.words), desk.kinds()) == (measured, kinds)


@settings(max_examples=examples(40))
@given(st.lists(st.integers(1, 400), max_size=20), st.integers(0, 20))
def test_neither_cuts_nor_restarts_change_the_result(sizes: list[int], restart_at: int) -> None:
    messages = live(8, -42_000) + live(8, 0, start_ms=NOON_MS + 8 * MINUTE_MS)
    whole, cut = Desk(), Desk()
    whole.take(messages)
    at = 0
    for number, size in enumerate([*sizes, len(messages)]):
        if number == restart_at:
            cut.clocks.restore(cut.clocks.snapshot())
        cut.take(messages[at : at + size])
        at += size
    assert [one.finding_id for one in cut.findings] == [one.finding_id for one in whole.findings]
    assert cut.words[-1] == whole.words[-1]


def test_our_own_clock_set_back_begins_anew() -> None:
    desk = Desk()
    desk.take(live(10))
    desk.take(live(10, start_ms=NOON_MS - 10 * WINDOW_MS))
    assert desk.findings == []


@pytest.mark.parametrize("state", [b"[1]", b"{", b'{"a": 1}', b'{"a": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}'])
def test_what_is_no_snapshot_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError):
        DeviceClocks("demo", Lane.NORMAL, FOR_EVER).restore(state)
