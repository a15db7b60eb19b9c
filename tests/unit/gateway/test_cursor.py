"""The cursor's files are as large as the state may need on a day without room."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spool.cursor import RESERVE_BYTES, Cursor
from tests.examples import examples

NAMES = ("cursor.0", "cursor.1")


def opened(folder: Path) -> Cursor:
    cursor = Cursor(folder)
    cursor.open()
    return cursor


def sizes(folder: Path) -> list[int]:
    return [(folder / name).stat().st_size for name in NAMES]


def test_both_files_have_room_for_twice_the_state_as_soon_as_it_passes_half_of_them(tmp_path: Path) -> None:
    cursor = opened(tmp_path)
    cursor.save(1, b"s" * (RESERVE_BYTES // 2 - 100))
    assert sizes(tmp_path) == [RESERVE_BYTES] * 2
    cursor.save(2, b"s" * (RESERVE_BYTES // 2 + 100))
    assert sizes(tmp_path) == [2 * RESERVE_BYTES] * 2
    cursor.save(3, b"s" * (5 * RESERVE_BYTES))
    assert sizes(tmp_path) == [11 * RESERVE_BYTES] * 2
    cursor.save(4, b"")
    assert sizes(tmp_path) == [11 * RESERVE_BYTES] * 2
    assert (opened(tmp_path).position, opened(tmp_path).state) == (4, b"")


def test_files_that_are_too_short_are_lengthened_when_it_is_opened(tmp_path: Path) -> None:
    cursor = opened(tmp_path)
    cursor.save(1, b"s" * RESERVE_BYTES)
    (tmp_path / "cursor.0").write_bytes(b"\0" * 10)
    again = opened(tmp_path)
    assert sizes(tmp_path) == [3 * RESERVE_BYTES] * 2
    assert (again.position, len(again.state)) == (1, RESERVE_BYTES)


@given(states=st.lists(st.integers(0, 3 * RESERVE_BYTES), min_size=1, max_size=6), restart=st.booleans())
@settings(deadline=None, max_examples=examples(25))
def test_the_newest_state_comes_back_whatever_sizes_it_had(
    tmp_path_factory: object, states: list[int], restart: bool
) -> None:
    folder: Path = tmp_path_factory.mktemp("cursor")  # type: ignore[attr-defined]
    cursor = opened(folder)
    for position, size in enumerate(states, 1):
        cursor.save(position, bytes([position]) * size)
        if restart:
            cursor = opened(folder)
        again = Cursor(folder)
        again.peek()
        assert (again.position, again.state) == (position, bytes([position]) * size)
        assert min(sizes(folder)) >= 2 * size
