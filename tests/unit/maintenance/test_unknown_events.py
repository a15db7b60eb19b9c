"""A device that varies the names of its events: what an episode keeps of them is bounded, and none is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.alarm_names import events_of
from maintenance.alarm_rules import alarm_priority
from maintenance.episode_rules import REPEATED, absorb, clear, level_of, new_episode, rings_anew, with_line
from maintenance.episode_subjects import SAFETY, calling, held_back
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import raised_at
from maintenance.succession import inheriting
from maintenance.tickets import Words, compose
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


FIRE = {"event": "fire_alarm", "name": {"zh": "火警", "en": "Fire alarm"}, "origin": "zone 7", "tags": [UNKNOWN_EVENT]}


def harmless(n: int, name: str) -> FindingRaised:
    one = raised(n, name, severity=Severity.GENERAL, safety=False)
    return replace(one, detail=dict(one.detail) | {"origin": f"zone {n}"})


def on_fire(n: int = 1) -> FindingRaised:
    return replace(raised(n, "fire_alarm"), detail=FIRE)


def with_ticket(episode: Episode) -> Episode:
    return replace(episode, work_order="w")


def told(episode: Episode) -> tuple[Words, list[str]]:
    words = compose([episode], Asset("a", "demo", "P-1", "bas", LocalName("楼控", "BAS")), None)
    return words, [one.en for one in events_of(episode)]


def test_a_standing_safety_event_keeps_its_name_and_place_whatever_harmless_events_come() -> None:
    episode = taking(
        with_ticket(begun(harmless(0, "login"))), on_fire(), *(harmless(n, f"e{n}") for n in range(2, 300))
    )
    assert "rule:fire_alarm" in episode.open_subjects
    words, events = told(episode)
    assert words.title.en.startswith("BAS: Fire alarm, ")
    assert words.reason.en.startswith("The device reported: Fire alarm (zone 7")
    assert events[:2] == ["Fire alarm", f"{gathered_events(episode)} other unknown events"]
    assert gathered_events(episode) == 299 - KEPT


def test_one_of_an_earlier_version_keeps_its_own_too() -> None:
    episode = taking(with_ticket(begun(harmless(0, "login"))), on_fire())
    before = {key: said for key, said in (episode.detail or {}).items() if key != SAFETY}
    after = taking(replace(episode, detail=before), *(harmless(n, f"e{n}") for n in range(2, 100)))
    assert told(after)[1][0] == "Fire alarm"


def test_it_goes_over_to_the_next_episode_and_stands_there_by_itself() -> None:
    earlier = taking(with_ticket(begun(on_fire())), *(harmless(n, f"e{n}") for n in range(2, 90)))
    heir = inheriting(begun(raised(500, "newest")), earlier, ())
    assert (
        "rule:fire_alarm" in taking(with_ticket(heir), *(harmless(n, f"f{n}") for n in range(501, 600))).open_subjects
    )


def test_safety_events_without_end_are_bounded_too_and_take_no_place_of_the_others() -> None:
    episode = taking(with_ticket(begun(harmless(0, "login"))), *many(200, 1))
    assert len(episode.open_subjects) == KEPT + 2
    before = size(episode)
    episode = taking(episode, *many(600, 201))
    assert "rule:login" in episode.open_subjects
    assert size(episode) <= before + 20


def test_what_is_worst_is_named_first_and_those_alike_in_their_order() -> None:
    general = [raised(n, f"e{n}", severity=Severity.GENERAL, safety=False) for n in range(3)]
    major = raised(3, "pump_stopped", severity=Severity.MAJOR, safety=False)
    urgent = raised(4, "leak", severity=Severity.CRITICAL, safety=False)
    words, events = told(taking(with_ticket(begun(general[0])), *general[1:], major, urgent, on_fire(5)))
    assert words.title.en == "BAS: Fire alarm, leak, pump stopped +3"
    assert words.reason.en == "The device reported: Fire alarm (zone 7), leak, pump stopped, e0, e1, e2."
    assert events == ["Fire alarm", "leak", "pump stopped", "e0", "e1", "e2"]


def test_only_the_same_event_is_repeated() -> None:
    first = taking(with_ticket(begun(harmless(0, "login"))), on_fire(), raised(2, "smoke"))
    assert REPEATED not in first.tags
    elsewhere = replace(on_fire(3), detail=FIRE | {"origin": "zone 8"})
    assert REPEATED not in taking(first, elsewhere).tags
    assert REPEATED in taking(first, on_fire(3)).tags
    over = clear(first, cleared(3, "fire_alarm"), NOW)
    assert REPEATED in taking(over, on_fire(4)).tags
    assert REPEATED not in taking(over, replace(on_fire(4), detail=FIRE | {"origin": "zone 8"})).tags


def test_what_came_after_its_end_hides_no_repetition() -> None:
    """What stands forgets the places of what is over."""
    over = clear(taking(with_ticket(begun(on_fire(0))), raised(1, "smoke")), cleared(2, "fire_alarm"), NOW)
    later = taking(over, raised(3, "heat"))
    elsewhere = taking(later, replace(on_fire(4), detail=FIRE | {"origin": "zone 8"}))
    assert (REPEATED in later.tags, REPEATED in elsewhere.tags) == (False, False)
    assert REPEATED in taking(later, on_fire(4)).tags
    assert REPEATED in taking(elsewhere, on_fire(5)).tags
