"""Assets that are followed no longer: scrapped, or fed by a replay now; and back again."""

from collections.abc import Sequence

import pytest

from ingest.matching import AssetRoute, Matcher, SeriesTable
from plantroom.domain.assets import Presence, Source, SourceClock
from plantroom.domain.findings import FindingCleared, FindingRaised
from tests.unit.ingest.plants import NOON_MS, plant_of, pump
from tests.unit.ingest.test_presence import KEY, Bench


def routes(clock: SourceClock = SourceClock.LIVE) -> Sequence[AssetRoute]:
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(plant_of([pump()], [Source(KEY, clock=clock)]))
    return matcher.routes()


SCRAPPED: Sequence[AssetRoute] = ()
SIMULATED = routes(SourceClock.SIMULATED)


def silent() -> Bench:
    """Heard at one second, offline and raised."""
    bench = Bench(known=Presence.ONLINE)
    bench.seen(1)
    bench.tick(310)
    assert bench.news()[-2:] == ["offline", "raised"]
    return bench


@pytest.mark.parametrize(("left", "words"), [(SCRAPPED, ["offline", "cleared"]), (SIMULATED, ["unknown", "cleared"])])
def test_its_offline_alarm_is_over_once(left: Sequence[AssetRoute], words: list[str]) -> None:
    bench = silent()
    bench.tracker.follow(left)
    assert bench.news() == words
    bench.tracker.follow(left)
    bench.seen(400)
    bench.tick(5000)
    assert bench.news() == []


def test_so_is_one_that_an_earlier_process_may_have_raised() -> None:
    bench = Bench(known=Presence.OFFLINE)
    bench.tracker.follow(SCRAPPED)
    assert bench.news() == ["offline", "cleared"]


def test_one_that_was_made_simulated_while_we_were_away_is_over_too() -> None:
    bench = Bench(known=Presence.OFFLINE, clock=SourceClock.SIMULATED)
    assert bench.news() == ["unknown", "cleared"]


def test_what_is_not_raised_is_not_cleared() -> None:
    bench = Bench(known=Presence.ONLINE)
    bench.tracker.follow(SCRAPPED)
    assert bench.news() == []


@pytest.mark.parametrize("left", [SCRAPPED, SIMULATED])
def test_back_again_it_has_its_whole_delay_and_is_raised_anew(left: Sequence[AssetRoute]) -> None:
    bench = silent()
    bench.tracker.follow(left)
    bench.news()
    bench.tick(5000)
    bench.tracker.follow(routes())
    assert bench.news() == ["offline"], "as it was left, not as the ledger had it when we began"
    bench.tick(5290)
    assert bench.news() == []
    bench.tick(5310)
    (finding,) = [note.finding for note in bench.tracker.pending() if note.finding is not None]
    assert isinstance(finding, FindingRaised)
    assert finding.received_at.timestamp() * 1000 == NOON_MS + 5_310_000


def test_findings_of_each_time_have_ids_of_their_own() -> None:
    bench = silent()
    for start in (1000, 3000):
        bench.tracker.follow(SCRAPPED)
        bench.tick(start)
        bench.tracker.follow(routes())
        bench.tick(start + 400)
    bench.tracker.follow(SCRAPPED)
    found = [note.finding for note in bench.tracker.pending() if note.finding is not None]
    assert [type(one) for one in found] == [FindingCleared, FindingRaised] * 2 + [FindingCleared]
    assert len({one.finding_id for one in found}) == len(found)


def test_heard_again_after_it_came_back_it_is_online_and_nothing_is_left_to_clear() -> None:
    bench = silent()
    bench.tracker.follow(SCRAPPED)
    bench.news()
    bench.tracker.follow(routes())
    bench.seen(400)
    assert bench.news() == ["offline", "online"]
    bench.tick(500)
    assert bench.news() == []


def test_one_that_was_heard_before_it_left_is_no_longer_late_when_it_is_back() -> None:
    bench = Bench(known=Presence.ONLINE)
    bench.seen(1)
    bench.tracker.follow(SCRAPPED)
    bench.tick(9000)
    bench.tracker.follow(routes())
    bench.tick(9100)
    assert bench.news() == ["online", "online"], "it tells once more where it was left"
    bench.tick(9310)
    assert bench.news() == ["offline", "raised"]
