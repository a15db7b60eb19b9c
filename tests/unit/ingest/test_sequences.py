"""Boot and sequence numbers: repetitions known, holes counted, nothing mistaken."""

import orjson
import pytest

from ingest.runs import WINDOW
from ingest.sequences import SequenceTracker


def test_the_same_message_again_is_a_repetition() -> None:
    tracker = SequenceTracker()
    assert not tracker.repeated("a", "b1", 7, 111)
    assert tracker.repeated("a", "b1", 7, 111)


def test_the_same_number_with_other_content_is_not() -> None:
    tracker = SequenceTracker()
    for seq in range(5):
        tracker.repeated("a", "b1", seq, 100 + seq)
    assert not tracker.repeated("a", "b1", 0, 999), "the publisher began its numbers again"
    assert not tracker.repeated("a", "b1", 1, 998)
    assert tracker.missing == 0


def test_holes_are_counted_and_healed() -> None:
    tracker = SequenceTracker()
    for seq in (1, 2, 6, 7):
        tracker.repeated("a", "b1", seq, seq)
    assert tracker.missing == 3
    assert not tracker.repeated("a", "b1", 4, 4)
    assert tracker.missing == 2


def test_assets_and_boots_are_apart() -> None:
    tracker = SequenceTracker()
    tracker.repeated("a", "b1", 9, 1)
    assert not tracker.repeated("x", "b1", 9, 1)
    assert not tracker.repeated("a", "b2", 0, 1)
    assert tracker.missing == 0
    assert tracker.repeated("a", "b1", 9, 1)


def test_memory_is_bounded_and_survives_a_restart() -> None:
    tracker = SequenceTracker()
    for seq in range(3 * WINDOW):
        tracker.repeated("a", "b1", seq, seq)
    state = tracker.snapshot()
    assert len(state) < 6 * WINDOW

    again = SequenceTracker()
    again.restore(state)
    assert again.repeated("a", "b1", 3 * WINDOW - 1, 3 * WINDOW - 1)
    assert again.repeated("a", "b1", 2 * WINDOW, 2 * WINDOW)
    assert again.snapshot() == state


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(ValueError):
        SequenceTracker().restore(b"[1]")


def test_holes_and_late_comers_survive_a_restart() -> None:
    tracker, again = SequenceTracker(), SequenceTracker()
    for seq in (10, 11, 15, 13, 16):
        tracker.repeated("a", "b1", seq, seq)
    again.restore(tracker.snapshot())
    assert again.missing == 2
    assert all(again.repeated("a", "b1", seq, seq) for seq in (10, 11, 13, 15, 16))
    assert not again.repeated("a", "b1", 14, 14)


def test_a_huge_jump_is_a_new_numbering_and_no_hole() -> None:
    tracker = SequenceTracker()
    tracker.repeated("a", "b1", 1, 1)
    assert not tracker.repeated("a", "b1", 1 << 40, 2)
    assert tracker.missing == 0


def test_a_backlog_sent_afterwards_heals_its_hole_however_long_ago_that_was() -> None:
    tracker = SequenceTracker()
    for seq in (*range(10), *range(60, 60 + 2 * WINDOW)):
        tracker.repeated("a", "b1", seq, seq)
    assert tracker.missing == 50
    for seq in range(59, 9, -1):
        assert not tracker.repeated("a", "b1", seq, seq)
    assert tracker.missing == 0
    assert not tracker.repeated("a", "b1", 60 + 2 * WINDOW, 1)
    assert tracker.missing == 0


def test_what_was_not_stored_may_come_again_and_is_not_missing() -> None:
    tracker = SequenceTracker()
    for seq in (1, 2, 3):
        tracker.repeated("a", "b1", seq, seq)
    tracker.forget("a", "b1", 2, 2)
    tracker.forget("a", "b1", 3, 999)
    tracker.forget("x", "b1", 2, 2)
    assert not tracker.repeated("a", "b1", 2, 2)
    assert tracker.repeated("a", "b1", 3, 3)
    assert tracker.missing == 0


def test_a_memory_of_nothing_survives_a_restart() -> None:
    tracker, again = SequenceTracker(), SequenceTracker()
    tracker.repeated("a", "b1", 1, 1)
    tracker.forget("a", "b1", 1, 1)
    again.restore(tracker.snapshot())
    assert not again.repeated("a", "b1", 1, 1)


def test_what_was_stored_in_part_is_known_again_and_is_no_repetition() -> None:
    tracker, again = SequenceTracker(), SequenceTracker()
    tracker.repeated("a", "b1", 1, 1)
    tracker.note_in_part("a", "b1", 1, 1)
    tracker.note_in_part("x", "b1", 2, 2)
    again.restore(tracker.snapshot())
    for one in (tracker, again):
        assert one.came_in_part("a", "b1", 1, 1)
        assert not any(one.came_in_part(*other) for other in (("a", "b1", 1, 2), ("a", "b2", 1, 1), ("x", "b1", 2, 2)))
        assert not one.repeated("a", "b1", 1, 1)
        assert not one.came_in_part("a", "b1", 1, 1), "now it came as a whole"
        assert one.repeated("a", "b1", 1, 1)
    assert again.snapshot() == tracker.snapshot()


def test_of_what_was_stored_in_part_the_last_ones_are_remembered() -> None:
    tracker = SequenceTracker()
    for seq in range(2 * WINDOW):
        tracker.repeated("a", "b1", seq, seq)
        tracker.note_in_part("a", "b1", seq, seq)
    known = [seq for seq in range(2 * WINDOW) if tracker.came_in_part("a", "b1", seq, seq)]
    assert known == list(range(WINDOW, 2 * WINDOW))


def test_an_earlier_version_reads_a_state_with_messages_that_were_stored_in_part() -> None:
    tracker = SequenceTracker()
    for seq in (1, 2, 3):
        tracker.repeated("a", "b1", seq, seq)
    before = orjson.loads(tracker.snapshot())
    tracker.note_in_part("a", "b1", 4, 4)
    after = orjson.loads(tracker.snapshot())
    assert before["runs"] == after["runs"], "what it does not know stands beside what it reads"
    again = SequenceTracker()
    again.restore(orjson.dumps(before))
    assert again.repeated("a", "b1", 3, 3)


@pytest.mark.parametrize(
    "broken", ['{"x": {"b1": [0, [], ""]}}', '{"a": {"other": [0, [], ""]}}', '{"a": {"b1": [0]}}', "[1]"]
)
def test_a_state_with_wrong_messages_in_part_is_refused(broken: str) -> None:
    tracker = SequenceTracker()
    tracker.repeated("a", "b1", 1, 1)
    state = orjson.loads(tracker.snapshot()) | {"in_part": orjson.loads(broken)}
    with pytest.raises(ValueError, match="not a snapshot"):
        tracker.restore(orjson.dumps(state))


def test_a_message_that_was_replayed_hides_no_hole_of_those_that_come_after_it() -> None:
    tracker = SequenceTracker()
    tracker.listed = {"a"}
    tracker.again("a", "b1", 3, 3)
    for seq in (5, 6, 9):
        tracker.repeated("a", "b1", seq, seq)
    (change,) = tracker.changes()
    assert (change.first, change.highest, list(change.holes), list(change.came)) == (5, 9, [(7, 8)], [(3, 3), (5, 5)])


def test_a_message_that_was_replayed_belongs_to_the_count_that_is_followed() -> None:
    tracker = SequenceTracker()
    tracker.listed = {"a"}
    for digest in (5, 6):
        tracker.repeated("a", "b1", 0, digest)
    tracker.changes()
    tracker.again("a", "b1", 3, 3)
    (change,) = tracker.changes()
    assert (change.numbering, list(change.came)) == (7, [(3, 3)])
