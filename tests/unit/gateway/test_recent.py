"""What is read from memory is what would have been read from the files."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spool import Spool
from gateway.spool.format import encode, parse, whole_records
from gateway.spool.recent import Budget, RecentRecords
from plantroom.ports.spool import SpoolRecord
from tests.examples import examples


def run(first: int, count: int) -> list[SpoolRecord]:
    return [SpoolRecord(n, 0, "t", b"%d" % n) for n in range(first, first + count)]


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(0, 60), st.integers(1, 30), st.integers(1, 50))
def test_records_come_in_order_without_holes_or_not_at_all(runs: list[int], behind: int, limit: int, room: int) -> None:
    recent, position = RecentRecords(room), 0
    for count in runs:
        recent.add(run(position + 1, count), count)
        position += count
    found = recent.behind(behind, limit)
    assert [one.position for one in found] == list(range(behind + 1, behind + 1 + len(found)))
    assert len(found) <= limit
    if found:
        following = recent.behind(found[-1].position, 1 << 20)
        assert len(found) == limit or not following, "it gave less than it had"


def test_the_oldest_go_first() -> None:
    recent = RecentRecords(limit=10)
    for first in (1, 6, 11):
        recent.add(run(first, 5), 5)
    assert recent.behind(0, 5) == []
    assert [one.position for one in recent.behind(5, 100)] == list(range(6, 16))


def test_all_spools_of_a_process_share_one_budget_and_give_back_what_they_close_with() -> None:
    budget = Budget(100)
    spools = [RecentRecords(80, budget) for _ in range(5)]
    for first in range(1, 101, 10):
        for one in spools:
            one.add(run(first, 10), 10)
            assert budget.used <= 100
    assert [one.position for one in spools[0].behind(90, 100)] == list(range(91, 101))
    for one in spools:
        one.clear()
    assert budget.used == 0
    spools[4].add(run(1, 80), 80)
    assert len(spools[4].behind(0, 100)) == 80


@given(
    st.lists(st.tuples(st.binary(max_size=40), st.booleans(), st.booleans()), max_size=20),
    st.integers(1, 25),
    st.integers(0, 25),
    st.integers(0, 60),
    st.integers(0, (1 << 64) - 1),
)
def test_records_in_bulk_are_those_found_one_by_one(
    sent: list[tuple[bytes, bool, bool]], limit: int, last: int, cut: int, salt: int
) -> None:
    buffer = b"".join(encode("泵".encode(), payload, 7, n, salt, *said) for n, (payload, *said) in enumerate(sent, 1))
    buffer = buffer[: max(0, len(buffer) - cut)]
    one_by_one = [found for found in parse(buffer, 1, salt) if found.record.position <= last][:limit]
    records, end = whole_records(buffer, limit, last, salt)
    assert records == [found.record for found in one_by_one]
    assert [(one.payload, one.retained, one.again) for one in records] == sent[: len(records)]
    assert end == (one_by_one[-1].end if one_by_one else 0)


@given(st.lists(st.tuples(st.sampled_from(["put", "read", "rewind", "commit"]), st.integers(1, 40)), max_size=30))
@settings(deadline=None, max_examples=examples(60))
def test_a_reader_sees_the_same_whether_it_keeps_up_or_not(
    tmp_path_factory: object, steps: list[tuple[str, int]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("spool")  # type: ignore[attr-defined]
    spool = Spool(folder, segment_bytes=500)
    spool._recent = RecentRecords(limit=600)
    spool.open()
    sent = committed = seen = 0
    for what, count in steps:
        if what == "put":
            for _ in range(count):
                sent += 1
                spool.put(b"t", b"%d" % sent, 0)
            spool.sync()
        elif what == "read" and seen < sent:
            records = spool.read(count, 0.0)
            assert [(r.position, r.payload) for r in records] == [
                (n, b"%d" % n) for n in range(seen + 1, seen + 1 + len(records))
            ]
            assert records
            seen += len(records)
        elif what == "commit" and seen > committed:
            committed = seen
            spool.commit(committed, b"")
        elif what == "rewind":
            spool.rewind()
            seen = committed
    spool.close()
