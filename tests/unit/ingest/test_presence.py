"""Presence of assets."""

import pytest

from ingest.instants import from_ms
from ingest.matching import Matcher, SeriesTable
from ingest.presence import PresenceTracker, parse_status
from plantroom.domain.assets import Presence, Severity, Source, SourceClock
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.ports.ledger import PresenceChange
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of, pump

KEY = "key-P-1"


class Bench:
    """A tracker for one pump (late after 120 s, offline after 300 s), started at noon."""

    def __init__(
        self, known: Presence | None = None, clock: SourceClock = SourceClock.LIVE, criticality: str = "B"
    ) -> None:
        matcher = Matcher("demo", SeriesTable())
        matcher.follow(plant_of([pump(criticality=criticality)], [Source(KEY, clock=clock)]))
        self.tracker = PresenceTracker(CLASSES)
        before = from_ms(NOON_MS - 3_600_000)
        self.tracker.begin({KEY: PresenceChange(KEY, known, before, before)} if known else {}, NOON_MS)
        self.tracker.follow(matcher.routes())

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
    bench.seen(1)
    bench.told(2, Presence.OFFLINE)
    bench.tick(30)
    assert bench.news() == ["online", "offline"]
    bench.tick(62)
    assert bench.news() == ["raised"]


def test_a_stale_retained_offline_is_undone_by_data_without_a_finding() -> None:
    bench = Bench(known=Presence.ONLINE)
    bench.told(1, Presence.OFFLINE)
    bench.tick(2)
    bench.seen(3)
    bench.tick(100)
    assert bench.news() == ["offline", "online"]


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
    bench.told(2, Presence.OFFLINE)
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
    bench.tick(2)
    bench.told(3, Presence.OFFLINE)
    assert bench.news() == ["online", "offline"]
