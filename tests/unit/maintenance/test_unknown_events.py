"""A device that varies the names of its events: what an episode keeps of them is bounded, and none is lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from api.alarms.shaping import events_of
from maintenance.alarm_rules import alarm_priority
from maintenance.episode_rules import absorb, clear, level_of, new_episode, rings_anew, with_line
from maintenance.episode_subjects import calling, held_back
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import raised_at
from maintenance.succession import inheriting
from maintenance.tickets import compose
from maintenance.unknown_events import KEPT, OTHERS, UNKNOWN_EVENT, gathered_events, gathered_name, unknown_events
from plantroom.domain.alarms import priority_of
from plantroom.domain.assets import AlarmPriority, Asset, LocalName, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def raised(
    n: int, name: str, *, known: bool = False, severity: Severity = Severity.CRITICAL, safety: bool = True
) -> FindingRaised:
    at = NOW + timedelta(seconds=n)
    detail = {"event": name, "data": {}, "tags": [] if known else [UNKNOWN_EVENT]}
    return FindingRaised(
        f"r{n}", "demo", "a", "unclassified", FindingSource.RULE, severity, safety, at, at, name, (), detail
    )


def cleared(n: int, name: str) -> FindingCleared:
    at = NOW + timedelta(seconds=n)
    return FindingCleared(f"c{n}", "demo", "a", "unclassified", FindingSource.RULE, at, at, name)


def begun(finding: FindingRaised) -> Episode:
    return new_episode("e", finding, level_of(finding, None), NOW, under_maintenance=False)


def taking(episode: Episode, *findings: FindingRaised, quiet: bool = False) -> Episode:
    for one in findings:
        episode = absorb(episode, one, level_of(one, None), under_maintenance=False, quiet=quiet)
    return episode


def many(count: int, first: int = 0) -> Iterator[FindingRaised]:
    return (raised(n, f"alarm_at_{n:0110d}") for n in range(first, first + count))


def size(episode: Episode) -> int:
    return len(json.dumps([episode.open_subjects, episode.tags, episode.detail]))


def test_the_newest_stand_by_themselves_and_the_others_together() -> None:
    episode = taking(begun(raised(0, "first")), *(raised(n, f"e{n}") for n in range(1, 60)))
    assert episode.open_subjects == (*(f"rule:e{n}" for n in range(10, 60)), OTHERS)
    assert gathered_events(episode) == 10
    assert calling(episode) == list(episode.open_subjects)
    assert raised_at(episode)[OTHERS] == NOW + timedelta(seconds=9)


def test_one_that_comes_again_is_among_the_newest() -> None:
    episode = taking(begun(raised(0, "first")), *(raised(n, f"e{n}") for n in range(1, 50)))
    again = taking(episode, raised(50, "first"), raised(51, "another"))
    assert "rule:first" in again.open_subjects
    assert "rule:e1" not in again.open_subjects


def test_what_stands_together_is_as_urgent_as_the_most_urgent_of_it() -> None:
    urgent = raised(0, "urgent", severity=Severity.MAJOR, safety=False)
    others = (raised(n, f"e{n}", severity=Severity.INFO, safety=False) for n in range(1, 90))
    assert alarm_priority(taking(begun(urgent), *others)) is priority_of(Severity.MAJOR)
    assert alarm_priority(taking(begun(urgent))) is not AlarmPriority.CRITICAL


def test_the_alarm_and_its_ticket_say_how_many() -> None:
    first = begun(raised(0, "first"))
    episode = taking(Episode(**{**_fields(first), "work_order": "w"}), *many(299, 1))
    asset = Asset("a", "demo", "P-1", "pump", LocalName("泵", "Pump"))
    assert compose([episode], asset, None).title.en.endswith(" +297")
    assert " +249." in compose([episode], asset, None).reason.en
    assert gathered_name(episode) == events_of(episode)[0] == LocalName("另有250个未知事件", "250 other unknown events")


def _fields(episode: Episode) -> dict[str, object]:
    return {name: getattr(episode, name) for name in Episode.__slots__}


def test_so_many_share_one_line_a_minute_in_the_history() -> None:
    episode = taking(begun(raised(0, "first")), *many(60, 1))
    lines = 0
    for n in range(100, 220):
        one = raised(n, f"new_{n}")
        episode = taking(episode, one)
        told = with_line(episode, one, one.received_at)
        lines, episode = lines + (told is not episode), told
    assert lines == 2
    known = raised(221, "passenger_trapped", known=True)
    episode = taking(episode, known)
    assert with_line(episode, known, known.received_at) is not episode


def test_what_is_held_back_stays_by_itself() -> None:
    held = taking(begun(raised(0, "first")), raised(1, "held", safety=False), quiet=True)
    episode = taking(held, *many(200, 2))
    assert "rule:held" in episode.open_subjects
    assert set(held_back(episode)) == {"rule:held"}


def test_an_episode_that_follows_takes_them_over_as_they_stand() -> None:
    earlier = taking(begun(raised(0, "first")), raised(1, "known", known=True), *many(200, 2))
    heir = inheriting(begun(raised(500, "newest")), earlier, ())
    assert len(unknown_events(heir)) == KEPT
    assert gathered_events(heir) == gathered_events(earlier) + 1
    assert {"rule:known", "rule:newest", OTHERS} <= set(heir.open_subjects)


def test_cost_and_size_stay_bounded_whatever_names_come() -> None:
    episode = taking(begun(raised(0, "first")), *many(200, 1))
    before = size(episode)
    assert size(taking(episode, *many(600, 201))) <= before + 20


moves = st.lists(
    st.one_of(
        st.tuples(st.just("unknown"), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)),
        st.tuples(st.just("burst"), st.integers(1, 70)),
        st.tuples(st.sampled_from(["known", "over", "follows"]), st.sampled_from(["fire", "gas", "water"])),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(moves)
def test_whatever_comes_what_a_known_event_can_end_stands_until_then_and_the_rest_is_bounded(
    told: list[tuple[str, str | int]],
) -> None:
    episode, known, n = begun(raised(0, "first")), set[str](), 0
    for move, what in told:
        if move == "over":
            n += 1
            episode = clear(episode, cleared(n, str(what)), NOW)
            known.discard(f"rule:{what}")
            continue
        names = [f"burst{n + k}" for k in range(what)] if isinstance(what, int) else [what]
        for name in names:
            n += 1
            one = raised(n, name, known=move in ("known", "follows"))
            if f"rule:{name}" not in episode.open_subjects:
                assert rings_anew(episode, one)
            heir = move == "follows" and episode.state is EpisodeState.OPEN
            episode = inheriting(begun(one), episode, ()) if heir else taking(episode, one)
            if move in ("known", "follows"):
                known.add(f"rule:{name}")
        assert f"rule:{name}" in episode.open_subjects
        assert known <= set(episode.open_subjects)
        assert len(episode.open_subjects) <= len(known) + KEPT + 1
        assert len(set(episode.open_subjects)) == len(episode.open_subjects)
        assert set(calling(episode)) == set(episode.open_subjects) == set(raised_at(episode))
        assert (OTHERS in episode.open_subjects) is (gathered_events(episode) > 0)
