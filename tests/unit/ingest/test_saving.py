"""Saving a large state takes a small part of the time, and gives the same bytes however often it was saved before."""

from collections.abc import Collection
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import runs
from ingest.number_codec import encoded
from ingest.runs import Run
from ingest.saving import COMMIT_EVERY_S, CPU_SHARE, LONGEST_S, STATE_BYTES_PER_S, Saving
from ingest.sequences import SequenceTracker

SHORT = 12


class Times:
    """A clock and a processor that do what they are told."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.cpu_s = 5.0


@pytest.mark.parametrize(
    ("size", "cpu_s", "pause_s"),
    [
        (1_000, 0.0, COMMIT_EVERY_S),
        (8_000_000, 0.0, COMMIT_EVERY_S + 8_000_000 / STATE_BYTES_PER_S),
        (450_000, 0.09, 0.09 / CPU_SHARE),
        (450_000, 0.5, LONGEST_S),
    ],
)
def test_a_state_that_is_dear_to_save_is_saved_less_often(size: int, cpu_s: float, pause_s: float) -> None:
    times = Times()
    saving = Saving(lambda: times.now_s, lambda: times.cpu_s)
    assert saving.due(idle=False), "at first"
    saving.begin()
    times.cpu_s += cpu_s
    saving.saved(size)
    times.now_s += pause_s - 0.01
    assert not saving.due(idle=False)
    times.now_s += 0.02
    assert saving.due(idle=False)


def test_a_small_state_is_saved_at_once_when_there_is_nothing_else_to_do() -> None:
    times = Times()
    saving = Saving(lambda: times.now_s, lambda: times.cpu_s)
    saving.begin()
    saving.saved(1_000)
    times.now_s += 0.001
    assert saving.due(idle=True)
    assert not saving.due(idle=False)


def test_only_numberings_that_changed_are_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker, calls = SequenceTracker(), list[int]()
    for asset in range(50):
        for boot in range(4):
            for seq in range(5):
                tracker.repeated(f"a{asset}", f"b{boot}", seq, seq)
    before = tracker.snapshot()

    def counted(entries: Collection[tuple[int, int]]) -> tuple[int, list[int] | None, str]:
        calls.append(len(entries))
        return encoded(entries)

    monkeypatch.setattr(runs, "encoded", counted)
    assert tracker.snapshot() == before
    assert not calls
    tracker.repeated("a7", "b3", 5, 5)
    assert tracker.snapshot() != before
    assert sorted(calls) == [0, 6], "of one numbering: its landmarks and its numbers"


NUMBER = st.integers(0, 60)
STEP = st.tuples(
    st.sampled_from(["repeated", "again", "forget", "note_in_part", "came_in_part", "save", "changes"]),
    st.sampled_from("ab"),
    st.sampled_from("xy"),
    NUMBER | st.just(2_000_000),
    st.integers(0, 2),
)


def taken(tracker: SequenceTracker, what: str, asset: str, boot: str, seq: int, digest: int) -> None:
    if what == "save":
        tracker.snapshot()
    elif what == "changes":
        tracker.changes()
    else:
        getattr(tracker, what)(asset, boot, seq, digest)


@given(st.lists(STEP, max_size=120), st.integers(0, 1 << 30))
def test_what_was_saved_before_never_shows_in_what_is_saved_now(
    steps: list[tuple[str, str, str, int, int]], seed: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "WINDOW", SHORT)
        patch.setattr("ingest.sequences.MAX_HOLES", 3)
        saved_often, never = SequenceTracker(), SequenceTracker()
        rng = Random(seed)
        for step in steps:
            taken(saved_often, *step)
            if rng.random() < 0.5:
                saved_often.snapshot()
            if step[0] != "save":
                taken(never, *step)
        assert orjson.loads(saved_often.snapshot()) == orjson.loads(never.snapshot())


def test_a_number_taken_back_is_not_in_what_is_saved() -> None:
    run = Run(1, 1, 0, {1: 7})
    before = run.encoded()
    run.forget(1)
    assert run.encoded() != before
