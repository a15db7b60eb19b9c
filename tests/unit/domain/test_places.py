"""Which place may stand in which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plantroom.domain.assets import LocalName, Location
from plantroom.domain.places import DEEPEST, check_place, path_of, subtree
from plantroom.errors import BadData


def place(key: str, kind: str = "space", parent: str | None = None, site: str = "demo") -> Location:
    return Location(key, site, kind, LocalName(key, key), parent)


HOUSE, FLOOR, ROOM = place("h", "building"), place("f", "floor", "h"), place("r", "space", "f")
TREE = [HOUSE, FLOOR, ROOM]


@pytest.mark.parametrize(
    "sound",
    [
        place("x", "building"),
        place("x", "floor", "h"),
        place("x", "space", "h"),
        place("x", "space", "f"),
        place("x", "space", "r"),
        place("x", "space"),
    ],
)
def test_places_stand_in_what_is_larger(sound: Location) -> None:
    check_place(sound, TREE)


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        (place("x", "floor"), "parent", "wrong_order"),
        (place("x", "building", "h"), "parent", "wrong_order"),
        (place("x", "floor", "r"), "parent", "wrong_order"),
        (place("x", "floor", "f"), "parent", "wrong_order"),
        (place("x", "room", "f"), "kind", "unknown_kind"),
        (place("x", "space", "nope"), "parent", "unknown_location"),
        (place("x", "floor", "h", "north"), "parent", "another_site"),
        (place("x", "space", "x"), "parent", "cycle"),
        (place("f", "space", "r"), "parent", "cycle"),
        (place("h", "space"), "kind", "wrong_order"),
    ],
)
def test_what_cannot_stand_there_is_refused_by_field(wrong: Location, field: str, code: str) -> None:
    with pytest.raises(BadData) as caught:
        check_place(wrong, TREE)
    assert [(one.field, one.code) for one in caught.value.problems] == [(field, code)]


def test_a_tree_has_an_end() -> None:
    chain = [place("0")] + [place(str(n), parent=str(n - 1)) for n in range(1, DEEPEST)]
    check_place(chain[-1], chain[:-1])
    with pytest.raises(BadData, match="deep"):
        check_place(place("x", parent=chain[-1].key), chain)


@given(st.lists(st.integers(0, 30), max_size=30))
def test_moves_that_are_allowed_never_make_a_circle(moves: list[int]) -> None:
    tree = {str(n): place(str(n)) for n in range(8)}
    for move in moves:
        wanted = place(str(move % 8), parent=None if move > 25 else str(move // 8 % 8))
        try:
            check_place(wanted, tree.values())
        except BadData:
            continue
        tree[wanted.key] = wanted
    assert sorted(key for root in tree if tree[root].parent is None for key in subtree(root, tree.values())) == sorted(
        tree
    )
    for key in tree:
        assert path_of(key, tree)[-1].key == key
        assert path_of(key, tree)[0].parent is None
