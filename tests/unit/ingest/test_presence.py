"""Presence of assets."""

import pytest

from ingest.instants import from_ms
from ingest.matching import Matcher, SeriesTable
from ingest.presence import PresenceTracker
from ingest.status import parse_status
from plantroom.domain.assets import Presence, Severity, Source, SourceClock
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.ports.ledger import PresenceChange
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of, pump

KEY = "key-P-1"


class Bench:
    """A tracker for one pump (late after 120 s, offline after 300 s), whose interval is known, started at noon."""

    def __init__(
        self,
        known: Presence | None = None,
        clock: SourceClock = SourceClock.LIVE,
        criticality: str = "B",
        lanes: tuple[str, ...] = (),
        interval_ms: int | None = 0,
    ) -> None:
        matcher = Matcher("demo", SeriesTable())
        matcher.follow(plant_of([pump(criticality=criticality)], [Source(KEY, clock=clock)]))
        self.tracker = PresenceTracker(CLASSES, lanes)
        before, seen = from_ms(NOON_MS - 3_600_000), from_ms(NOON_MS - 3_600_000) if known else None
        word = PresenceChange(KEY, known or Presence.UNKNOWN, before, seen, interval_ms)
        self.tracker.begin({KEY: word}, NOON_MS)
        self.routes = matcher.routes()
        self.tracker.follow(self.routes)

    def seen(self, s: float) -> None:
        self.tracker.seen(KEY, NOON_MS + round(1000 * s))

    def told(self, s: float, presence: Presence) -> None:
        self.tracker.told(KEY, presence, NOON_MS + round(1000 * s))

    def tick(self, s: float, lane: str = "normal") -> None:
        self.tracker.tick(lane, NOON_MS + round(1000 * s))

    def news(self) -> list[str]:
        notes = self.tracker.pending()
        self.tracker.told_ledger(notes)
        words = []
        for note in notes:
            if note.change is not None:
                words.append(note.change.presence.value)
            if isinstance(note.finding, FindingRaised):
                words.append("raised")
            elif isinstance(note.finding, FindingCleared):
                words.append("cleared")
        return words


def test_silence_makes_late_then_offline_and_a_message_brings_it_back() -> None:
    bench = Bench()
    bench.seen(1)
    for s in (100, 122, 200, 302):
        bench.tick(s)
    assert bench.news() == ["online", "late", "offline", "raised"]
    bench.seen(400)
    assert bench.news() == ["online", "cleared"]


def test_an_online_that_the_broker_retained_brings_no_dead_device_back_at_a_new_connection() -> None:
    bench = Bench(known=Presence.OFFLINE)
    bench.tick(301)
    assert bench.news() == ["raised"]
    for start in (1000, 2000):
        bench.tracker.link(up=False, now_ms=NOON_MS + 1000 * start)
        bench.tracker.link(up=True, now_ms=NOON_MS + 1000 * (start + 1))
        bench.told(start + 1.01, Presence.ONLINE)
        for s in (2, 400):
            bench.tick(start + s)
        assert set(bench.news()) <= {"offline"}, "told once more that it is so, and nothing cleared"
    bench.seen(3000)
    assert bench.news() == ["online", "cleared"]


def test_an_online_that_the_broker_retained_is_no_word_of_a_device_that_is_silent() -> None:
    bench = Bench(known=Presence.ONLINE)
    for n in range(4):
        bench.tracker.link(up=True, now_ms=NOON_MS + 400_000 * n)
        bench.told(400 * n + 1, Presence.ONLINE)
        bench.tick(400 * n + 302)
    news = bench.news()
    assert (news.count("raised"), news.count("cleared"), news[-1]) == (1, 0, "offline")


def test_topics_that_are_asked_for_on_a_standing_connection_bring_retained_words_too() -> None:
    bench = Bench(known=Presence.OFFLINE)
    asked = [0]
    bench.tracker = PresenceTracker(CLASSES, asked_ms=lambda: asked[0])
    bench.tracker.begin({}, NOON_MS)
    bench.tracker.follow(bench.routes)
    asked[0] = NOON_MS + 1_000_000
    bench.told(1000.2, Presence.ONLINE)
    assert "online" not in bench.news()
    bench.told(1005.1, Presence.ONLINE)
    assert "online" in bench.news()


def test_what_was_never_heard_from_is_not_judged() -> None:
    bench = Bench()
    bench.tick(100_000)
    assert bench.news() == []


def test_a_simulated_source_is_never_judged() -> None:
    bench = Bench(clock=SourceClock.SIMULATED)
    bench.seen(1)
    bench.told(2, Presence.OFFLINE)
    bench.tick(100_000)
    assert bench.news() == []


def test_after_a_restart_nobody_is_offline_before_the_grace_is_over() -> None:
    bench = Bench(known=Presence.ONLINE)
    bench.tick(1)
    bench.tick(299)
    assert "offline" not in bench.news()
    bench.tick(301)
    assert bench.news() == ["offline", "raised"]


def test_a_last_will_shows_at_once_and_is_a_finding_when_it_lasts() -> None:
    bench = Bench()
    bench.seen(11)
    bench.told(12, Presence.OFFLINE)
    bench.tick(13)
    assert bench.news() == ["online", "offline"]
    bench.tick(72)
    assert bench.news() == ["raised"]


def test_a_goodbye_retained_from_long_ago_is_not_believed_while_the_publisher_may_yet_be_heard() -> None:
    bench = Bench(known=Presence.ONLINE, interval_ms=600_000)
    bench.told(1, Presence.OFFLINE)
    for s in (2, 100, 500):
        bench.tick(s)
    bench.seen(590)
    bench.tick(1000)
    assert bench.news() == ["online"]


def test_a_retained_goodbye_that_nothing_contradicts_is_believed_in_the_end() -> None:
    bench = Bench(known=Presence.ONLINE)
    bench.told(1, Presence.OFFLINE)
    bench.tick(120)
    assert bench.news() == []
    bench.tick(122)
    assert bench.news() == ["offline"]


def test_a_last_will_that_comes_after_the_new_connection_is_not_believed() -> None:
    bench = Bench(interval_ms=600_000, known=Presence.ONLINE)
    bench.told(1, Presence.ONLINE)
    bench.told(1000, Presence.ONLINE)
    bench.told(1090, Presence.OFFLINE)
    bench.tick(1500)
    bench.seen(1600)
    bench.tick(1700)
    assert "offline" not in bench.news()


def test_a_greeting_counts_although_data_that_came_after_it_were_heard_first() -> None:
    bench = Bench(interval_ms=600_000, known=Presence.ONLINE)
    bench.told(1, Presence.ONLINE)
    bench.seen(1010)
    bench.told(1000, Presence.ONLINE)
    bench.told(1090, Presence.OFFLINE)
    bench.tick(1100)
    assert "offline" not in bench.news()


def test_the_greeting_is_remembered_over_a_restart_of_ours() -> None:
    bench = Bench(interval_ms=600_000, known=Presence.ONLINE)
    bench.told(1000, Presence.ONLINE)
    changes = [note.change for note in bench.tracker.pending() if note.change is not None]
    again = Bench()
    again.tracker = PresenceTracker(CLASSES)
    again.tracker.begin({KEY: changes[-1]}, NOON_MS + 1_010_000)
    again.tracker.follow(again.routes)
    again.told(1010, Presence.ONLINE)
    again.told(1090, Presence.OFFLINE)
    again.tick(1400)
    assert again.news() == ["online"]


def test_a_publisher_that_died_soon_after_it_came_again_is_found_by_its_silence() -> None:
    bench = Bench()
    bench.told(10, Presence.ONLINE)
    bench.told(11, Presence.ONLINE)
    bench.told(12, Presence.OFFLINE)
    bench.tick(120)
    assert bench.news() == ["online", "online"]
    bench.tick(133)
    assert bench.news() == ["offline"]


def test_a_first_connection_that_breaks_at_once_is_believed() -> None:
    bench = Bench(interval_ms=None)
    bench.told(10, Presence.ONLINE)
    bench.told(12, Presence.OFFLINE)
    bench.tick(14)
    assert bench.news() == ["online", "offline"]


def test_a_slow_publisher_is_given_its_usual_interval() -> None:
    bench = Bench(interval_ms=None)
    for n in range(14):
        bench.seen(600 * n)
        bench.tick(600 * n + 599)
    assert set(bench.news()) == {"online"}, "a point's 120 s and the class's 300 s are less than its interval"
    bench.tick(7800 + 1200 * 1.25)
    assert bench.news() == ["late"]
    bench.tick(7800 + 1800 * 1.25)
    assert bench.news() == ["offline", "raised"]


def test_while_the_interval_is_not_known_silence_is_given_more_time() -> None:
    bench = Bench(interval_ms=None)
    bench.seen(1)
    bench.tick(1200)
    assert bench.news() == ["online"]
    bench.tick(1202)
    bench.tick(4502)
    assert bench.news() == ["late", "offline", "raised"]


def test_what_was_learned_of_the_interval_is_in_the_ledgers_word() -> None:
    bench = Bench()
    for n in range(4):
        bench.seen(600 * n)
    changes = [note.change for note in bench.tracker.pending() if note.change is not None]
    assert 600_000 <= (changes[-1].interval_ms or 0) <= 750_000


def test_nothing_is_learned_from_a_silence_after_a_goodbye_or_across_a_restart() -> None:
    bench = Bench()
    bench.seen(10)
    bench.told(20, Presence.OFFLINE)
    bench.tick(30)
    for n in range(1, 4):
        bench.seen(3000 * n)
        bench.told(3000 * n + 10, Presence.OFFLINE)
        bench.tick(3000 * n + 20)
    changes = [note.change for note in bench.tracker.pending() if note.change is not None]
    assert changes[-1].interval_ms == 0


def test_our_own_clock_set_forward_makes_nobody_late() -> None:
    bench = Bench()
    bench.seen(1)
    for s in range(0, 60, 2):
        bench.tracker.keep_time(NOON_MS + 1000 * s, 1000.0 * s)
        bench.tick(s)
    bench.tracker.keep_time(NOON_MS + 660_000, 60_000.0)
    bench.tick(660)
    bench.seen(661)
    bench.tick(662)
    assert bench.news() == ["online", "online"]


def test_a_greeting_stays_as_old_as_it_is_when_our_own_clock_is_set() -> None:
    bench = Bench(interval_ms=600_000, known=Presence.ONLINE)
    bench.told(1, Presence.ONLINE)
    bench.tracker.keep_time(NOON_MS + 1_000_000, 0.0)
    bench.told(1000, Presence.ONLINE)
    bench.tracker.keep_time(NOON_MS + 1_610_000, 10_000.0)
    bench.told(1690, Presence.OFFLINE)
    bench.tick(1700)
    assert "offline" not in bench.news()


def test_our_own_clock_set_back_keeps_nobody_from_being_judged() -> None:
    bench = Bench()
    bench.seen(601)
    bench.tracker.keep_time(NOON_MS + 602_000, 0.0)
    bench.tick(602)
    bench.tracker.keep_time(NOON_MS + 2_000, 1.0)
    bench.tick(2)
    bench.seen(3)
    bench.tick(400)
    assert bench.news() == ["online", "online", "offline", "raised"]


def test_nobody_is_judged_before_every_lane_has_said_how_far_it_is() -> None:
    bench = Bench(known=Presence.ONLINE, lanes=("normal", "safety"))
    bench.tick(10_000, "safety")
    assert bench.news() == []
    bench.tick(10_000, "normal")
    assert "offline" in bench.news()


def test_an_asset_that_was_offline_before_the_restart_clears_when_it_is_back() -> None:
    bench = Bench(known=Presence.OFFLINE)
    bench.tick(10)
    bench.seen(11)
    assert bench.news() == ["online", "cleared"]


def test_a_finding_that_a_crash_cut_off_is_raised_after_the_grace_under_the_same_id() -> None:
    first, second = Bench(known=Presence.OFFLINE), Bench(known=Presence.OFFLINE)
    for bench in (first, second):
        bench.tick(299)
        assert bench.news() == []
        bench.tick(301)
    (one,), (other,) = first.tracker.pending(), second.tracker.pending()
    assert one.finding is not None
    assert other.finding is not None
    assert one.finding.finding_id == other.finding.finding_id


def test_the_lane_that_lags_behind_keeps_assets_from_being_judged() -> None:
    bench = Bench()
    bench.seen(1)
    bench.tick(2, "safety")
    bench.tick(10_000, "normal")
    assert bench.news() == ["online"]
    bench.tick(10_000, "safety")
    assert "offline" in bench.news()


def test_a_lost_broker_says_nothing_about_the_assets() -> None:
    bench = Bench()
    bench.seen(1)
    bench.tracker.link(up=False, now_ms=NOON_MS + 10_000)
    bench.tick(4000)
    bench.tracker.link(up=True, now_ms=NOON_MS + 4_000_000)
    bench.tick(4001)
    assert bench.news() == ["online"]


@pytest.mark.parametrize(("criticality", "severity"), [("A", Severity.GENERAL), ("C", Severity.INFO)])
def test_the_finding_weighs_as_the_asset_does(criticality: str, severity: Severity) -> None:
    bench = Bench(criticality=criticality)
    bench.seen(1)
    bench.tick(400)
    (finding,) = [n.finding for n in bench.tracker.pending() if n.finding is not None]
    assert isinstance(finding, FindingRaised)
    assert (finding.failure_mode, finding.severity) == ("offline", severity)


@pytest.mark.parametrize("payload", [b"online", b" ONLINE\n", b'"online"', b'{"status":"online"}'])
def test_ways_to_say_online(payload: bytes) -> None:
    assert parse_status(payload) is Presence.ONLINE


@pytest.mark.parametrize("payload", [b"", b"late", b"\xff\xfe", b"{", b'{"status":1}', b'{"state":"online"}', b"[]"])
def test_what_says_neither_has_a_reason(payload: bytes) -> None:
    assert parse_status(payload) in {"empty_payload", "unknown_status"}


def test_the_ledger_hears_of_an_asset_from_one_lane_at_a_time_and_in_order() -> None:
    bench = Bench()
    bench.seen(1)
    held = bench.tracker.take()
    bench.told(20, Presence.OFFLINE)
    bench.tick(21)
    assert bench.tracker.take() == [], "the lane that retries would overwrite what is newer"
    bench.tracker.told_ledger(held)
    bench.tracker.give_back(held)
    (note,) = bench.tracker.take()
    assert note.change is not None
    assert note.change.presence is Presence.OFFLINE


def test_notes_given_back_untold_come_again() -> None:
    bench = Bench()
    bench.seen(1)
    held = bench.tracker.take()
    bench.tracker.give_back(held)
    assert bench.tracker.take() == held


def test_a_message_from_the_future_does_not_keep_an_asset_online_for_ever() -> None:
    bench = Bench()
    bench.seen(86_400)
    bench.tick(20)
    bench.told(21, Presence.OFFLINE)
    bench.tick(22)
    assert bench.news() == ["online", "offline"]
