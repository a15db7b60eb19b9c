"""Whatever the order, the duplicates, the batches and the restarts: the same numbers are missing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.gaps import SiteNumbers
from ingest.runs import MAX_HOLES
from ingest.sequences import BOOTS, RunChange, SequenceTracker
from plantroom.domain.spans import Span, spans_of, width
from plantroom.wire import Channel

SENT = 60
sequences = st.lists(st.integers(0, SENT), min_size=1, max_size=120)


def open_holes(tracker: SequenceTracker, asset: str = "a") -> list[Span]:
    return [span for run in tracker.runs(asset) for span in run.holes]


def follow(numbers: list[int], cuts: set[int], restarts: set[int]) -> tuple[SequenceTracker, list[RunChange]]:
    """Feed numbers, ask for changes before those positions in ``cuts``, restart from a snapshot at ``restarts``."""
    tracker, told = SequenceTracker(), []
    for at, seq in enumerate(numbers):
        if at in cuts:
            told += tracker.changes()
        if at in restarts:
            told += tracker.changes()
            state, tracker = tracker.snapshot(), SequenceTracker()
            tracker.restore(state)
        tracker.repeated("a", "b", seq, seq)
    return tracker, told + tracker.changes()


@given(sequences)
def test_missing_is_what_lies_between_the_first_and_the_highest_and_did_not_come(numbers: list[int]) -> None:
    tracker, _ = follow(numbers, set(), set())
    (run,) = tracker.runs("a")
    came = set(numbers)
    assert run.first <= numbers[0] <= run.highest == max(numbers)
    assert set(range(run.first, numbers[0])) <= came
    assert {n for a, b in run.below for n in range(a, b + 1)} == {n for n in came if n < run.first}
    expected = [n for n in range(run.first, run.highest + 1) if n not in came]
    assert list(run.holes) == spans_of(expected)
    assert tracker.missing == len(expected) == width(open_holes(tracker))


@given(sequences, st.sets(st.integers(0, 119)), st.sets(st.integers(0, 119)))
def test_batches_and_restarts_make_no_difference(numbers: list[int], cuts: set[int], restarts: set[int]) -> None:
    plain, _ = follow(numbers, set(), set())
    cut, _ = follow(numbers, cuts, restarts)
    assert cut.snapshot() == plain.snapshot()
    assert cut.missing == plain.missing == width(open_holes(cut))


@given(sequences, st.sets(st.integers(0, 119)), st.sets(st.integers(0, 119)))
def test_what_is_told_adds_up_to_what_is_missing(numbers: list[int], cuts: set[int], restarts: set[int]) -> None:
    tracker, told = follow(numbers, cuts, restarts)
    known: set[int] = set()
    ever: set[int] = set()
    for change in told:
        came = {n for first, last in change.came for n in range(first, last + 1)}
        holes = {n for first, last in change.holes for n in range(first, last + 1)}
        known = (known - came) | holes
        ever |= came
        assert not change.dropped
    assert spans_of(known) == open_holes(tracker)
    assert ever <= set(numbers)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("bcdefg"), st.integers(0, 900)), max_size=400))
def test_a_publisher_that_jumps_about_cannot_fill_the_memory_and_nothing_is_dropped_silently(
    sent: list[tuple[str, int]],
) -> None:
    tracker = SequenceTracker()
    found = dropped = filled = 0
    for boot, seq in sent:
        before = tracker.missing
        tracker.repeated("a", boot, seq, seq)
        changes = tracker.changes()
        lost = width((one.first, one.last) for change in changes for one in change.dropped)
        dropped += lost
        grown = tracker.missing - before + lost
        found, filled = found + max(grown, 0), filled - min(grown, 0)
    assert tracker.missing == width(open_holes(tracker)) == found - filled - dropped
    runs = tracker.runs("a")
    assert len(runs) <= BOOTS
    assert all(len(run.holes) <= MAX_HOLES for run in runs)


def test_many_holes_at_once_are_told_in_few_words() -> None:
    numbers, tracker = SiteNumbers(), SequenceTracker()
    for seq in range(0, 20_000, 2):
        tracker.repeated("a", "b", seq, seq)
    (news,) = numbers.take("normal", Channel.TELEMETRY, tracker, list, 1)
    assert len(news.holes) == MAX_HOLES
    assert len(news.given) <= MAX_HOLES
    assert sum(one.missing for one in news.given) + width(news.holes) == 9_999
    for boot in range(1_000):
        for seq in (0, 2):
            tracker.repeated("a", str(boot), seq, seq)
    told = numbers.take("normal", Channel.TELEMETRY, tracker, list, 2)
    dropped = [one for news in told for one in news.given]
    assert len(dropped) <= 2 * MAX_HOLES
    assert sum(one.missing for one in dropped) == MAX_HOLES + 1_000 - BOOTS


def test_numbers_that_begin_again_under_one_boot_are_another_numbering() -> None:
    tracker = SequenceTracker()
    for seq in (1, 5, 6):
        tracker.repeated("a", "", seq, seq)
    tracker.changes()
    tracker.repeated("a", "", 5, 99)
    old, new = sorted(tracker.changes(), key=lambda change: change.numbering)
    assert [(one.first, one.last, one.reason) for one in old.dropped] == [(2, 4, "renumbered")]
    assert (old.numbering, new.numbering, tracker.missing) == (0, 100, 0)


def test_an_earlier_versions_snapshot_goes_on() -> None:
    tracker = SequenceTracker()
    for seq in (10, 11, 15):
        tracker.repeated("a", "b", seq, seq)
    import orjson

    old = orjson.loads(tracker.snapshot())
    old["runs"]["a"]["b"] = old["runs"]["a"]["b"][:5]
    again = SequenceTracker()
    again.restore(orjson.dumps(old))
    assert again.missing == 3
    (change,) = again.changes()
    assert (change.first, change.highest, list(change.holes)) == (10, 15, [(12, 14)])
    assert again.snapshot() == tracker.snapshot()


STEP = st.tuples(st.sampled_from(["whole", "part", "replayed"]), st.integers(0, 9), st.integers(0, 1), st.booleans())


@given(st.lists(STEP, max_size=40))
def test_what_came_in_part_is_known_until_it_came_as_a_whole_whatever_restarts_there_are(
    steps: list[tuple[str, int, int, bool]],
) -> None:
    """A message that is processed, with all its parts or not; or a letter of it with success: as the pipeline does."""
    tracker, in_part, plain = SequenceTracker(), set[tuple[int, int]](), SequenceTracker()
    for what, seq, digest, restart in steps:
        if restart:
            state, tracker = tracker.snapshot(), SequenceTracker()
            tracker.restore(state)
        word = tracker.again if what == "replayed" else tracker.repeated
        before = tracker._runs.get("a", {}).get("b")
        known = word("a", "b", seq, digest)
        (plain.again if what == "replayed" else plain.repeated)("a", "b", seq, digest)
        if what == "part":
            tracker.note_in_part("a", "b", seq, digest)
            plain.forget("a", "b", seq, digest)
        if before is not tracker._runs.get("a", {}).get("b"):
            in_part.clear()
        now = tracker._runs.get("a", {}).get("b")
        if what == "part":
            in_part.add((seq, digest))
        elif not known and now is not None and now.known(seq) == digest:
            in_part.discard((seq, digest))
        for one in ((n, d) for n in range(10) for d in range(2)):
            assert tracker.came_in_part("a", "b", *one) == (one in in_part)
    assert tracker.runs("a") == plain.runs("a"), "gaps are those of a tracker that only forgets"
