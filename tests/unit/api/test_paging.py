"""Lists that come in one piece, cut into pages; versions and their tags."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paging import cut, cut_in_order, decode_cursor, encode_cursor
from api.preconditions import etag, expected_version
from api.problems import PreconditionMissing, status_of
from api.shapes import ListQuery
from plantroom import errors
from plantroom.errors import BadData, PlantroomError, VersionConflict

KEYS = st.lists(st.text(min_size=1, max_size=5, alphabet=st.characters(codec="utf-8")), unique=True, max_size=30)


@given(KEYS, st.integers(1, 7), st.booleans())
def test_pages_together_are_the_whole_list_once(keys: list[str], limit: int, falling: bool) -> None:
    sort = "-name" if falling else "name"
    found, cursor = [], None
    while True:
        page = cut(keys, ListQuery(limit=limit, cursor=cursor, sort=sort), str, ["name"])
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == sorted(keys, reverse=falling)


@given(KEYS, st.integers(1, 7))
def test_a_list_with_an_order_of_its_own_keeps_it(keys: list[str], limit: int) -> None:
    found, cursor = [], None
    while True:
        page = cut_in_order(keys, ListQuery(limit=limit, cursor=cursor), str)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == keys


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_cursor_reads_back(text: str) -> None:
    assert decode_cursor(encode_cursor(text)) == text


@given(st.text(max_size=20))
def test_any_text_as_a_cursor_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadData):
        assert decode_cursor(text) is not None


@pytest.mark.parametrize(("tag", "version"), [('"3"', 3), ('W/"3"', 3), ("3", 3), ("*", None)])
def test_a_tag_is_a_version(tag: str, version: int | None) -> None:
    assert expected_version(tag) == version
    assert etag(3) == '"3"'


@pytest.mark.parametrize("tag", ['"x"', '"³"', '"-1"', "true", '""'])
def test_a_tag_of_somebody_else_never_matches(tag: str) -> None:
    with pytest.raises(VersionConflict):
        expected_version(tag)


@pytest.mark.parametrize("tag", [None, "", "  "])
def test_no_tag_is_asked_for(tag: str | None) -> None:
    with pytest.raises(PreconditionMissing):
        expected_version(tag)


def test_every_error_that_a_request_can_cause_has_a_status_of_its_own() -> None:
    every = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, PlantroomError)}
    internal = {errors.PlantroomError, errors.SettingError}
    for kind in every - internal:
        assert status_of(kind.__new__(kind)) != 500, kind
