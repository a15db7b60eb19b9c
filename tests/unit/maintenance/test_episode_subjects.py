"""What is held back of an episode, whatever comes and goes: exactly what stands and came quietly last."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maintenance.episode_rules import Level, absorb, acknowledged, clear, new_episode
from maintenance.episode_subjects import HELD_BACK, held_back, hold_back, let_go
from maintenance.episodes import Episode, EpisodeState
from plantroom.domain.assets import Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MAJOR = Level(Severity.MAJOR, ticket=True)


def raised(n: int, subject: str) -> FindingRaised:
    at = NOW + timedelta(seconds=n)
    return FindingRaised(f"r{n}", "demo", "a", "bearing", FindingSource.LIMIT, Severity.MAJOR, False, at, at, subject)


def cleared(n: int, subject: str) -> FindingCleared:
    at = NOW + timedelta(seconds=n)
    return FindingCleared(f"c{n}", "demo", "a", "bearing", FindingSource.LIMIT, at, at, subject)


def begun() -> Episode:
    return new_episode("e", raised(0, "x"), MAJOR, NOW, under_maintenance=False)


steps = st.tuples(st.sampled_from("wxyz"), st.sampled_from(["rings", "quietly", "over", "freed"]))


@given(st.lists(steps, max_size=30))
def test_held_back_is_what_stands_and_came_quietly_last(moves: list[tuple[str, str]]) -> None:
    episode, held = begun(), dict[str, datetime]()
    for n, (subject, move) in enumerate(moves, 1):
        name, at = f"limit:{subject}", NOW + timedelta(seconds=n)
        if move in {"rings", "quietly"}:
            quiet = move == "quietly"
            episode = absorb(episode, raised(n, subject), MAJOR, under_maintenance=False, quiet=quiet)
        elif move == "over":
            episode = clear(episode, cleared(n, subject), at)
        else:
            episode = let_go(episode, [name])
        held = {one: since for one, since in held.items() if one != name} | ({name: at} if move == "quietly" else {})
        assert held_back(episode) == held
        assert set(held) <= set(episode.open_subjects)
        assert (episode.state is EpisodeState.OPEN) is bool(episode.open_subjects)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.booleans()), max_size=20))
def test_nothing_that_comes_and_goes_quietly_takes_an_acknowledgement_away(moves: list[tuple[str, bool]]) -> None:
    episode = acknowledged(begun(), "li", NOW)
    for n, (subject, comes) in enumerate(moves, 1):
        if comes:
            episode = absorb(episode, raised(n, subject), MAJOR, under_maintenance=True, quiet=True)
        else:
            episode = clear(episode, cleared(n, subject), NOW)
        assert episode.acknowledged_by == "li"


def test_one_instant_of_an_earlier_version_holds_all_that_calls_for_a_ticket() -> None:
    episode = absorb(begun(), raised(1, "y"), Level(Severity.INFO, ticket=False), under_maintenance=False)
    old = replace(episode, detail={**(episode.detail or {}), HELD_BACK: NOW.isoformat()})
    assert held_back(old) == {"limit:x": NOW}
    assert set(held_back(hold_back(old, raised(2, "y")))) == {"limit:x", "limit:y"}
