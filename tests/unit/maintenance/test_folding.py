"""What the entries of one thing have made of it, whatever its fields are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.records.folding import Document, changed, document, value
from plantroom.storage.ledger.audit_diff import difference
from plantroom.storage.ledger.audited import Audited

RULE = Audited("thing", ("id",))
NAMES = st.sampled_from(["a", "b", "c", "a.b", "b.c", "a.b.c", ".", "a.", ""])
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.just("") | st.lists(st.integers(0, 2), max_size=2),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries({"custom": VALUES, "answers": VALUES})


@pytest.mark.parametrize(
    ("found", "name", "then"),
    [
        ({"custom": {"a.b": {"c": 1}}}, "custom.a.b.c", {"custom": {"a.b": {"c": 2}}}),
        ({"custom": {"a.b": 1}}, "custom.a.b", {"custom": {"a.b": 2}}),
        ({"custom": {"a": {"b": 1}}}, "custom.a.b", {"custom": {"a": {"b": 2}}}),
        ({"custom": {"a": {"x": 1}, "a.b": {"c": 1}}}, "custom.a.b.c", {"custom": {"a": {"x": 1}, "a.b": {"c": 2}}}),
        ({"custom": {"a": {"b.c": 1}, "a.b": {"x": 1}}}, "custom.a.b.c",
         {"custom": {"a": {"b.c": 2}, "a.b": {"x": 1}}}),
        ({"custom": {"a.b": {"c.d": {"e": 1}}}}, "custom.a.b.c.d.e", {"custom": {"a.b": {"c.d": {"e": 2}}}}),
        ({"custom": {}}, "custom.a.b", {"custom": {"a.b": 2}}),
        ({"custom": {"a.b": {}}}, "custom.a.b.c", {"custom": {"a.b": {"c": 2}}}),
    ],
)  # fmt: skip
def test_a_field_that_earlier_entries_name_with_dots_is_found_by_what_is_there(
    found: Document, name: str, then: Document
) -> None:
    before = value(found, name)
    assert before in {None, 1}
    assert changed(found, {name: 2}) == then
    assert value(found, name) == 2


@given(before=ROWS, after=ROWS)
def test_what_a_change_says_makes_the_one_row_of_the_other(before: Document, after: Document) -> None:
    said = difference(RULE, before, after)
    was, is_ = (document(None), document(None)) if said is None else map(document, said)
    then = _without_nothing(before)
    assert {name: value(then, name) for name in was.keys() | is_.keys()} == {
        name: was.get(name) for name in was.keys() | is_.keys()
    }
    # An entry does not tell whether a field has no value or is not there.
    assert _without_nothing(changed(then, {name: is_.get(name) for name in was.keys() | is_.keys()})) == (
        _without_nothing(after)
    )


def _without_nothing(one: object) -> Document:
    """Without fields that have no value, at any depth."""
    assert isinstance(one, dict)
    plain = {name: _without_nothing(inner) if isinstance(inner, dict) else inner for name, inner in one.items()}
    return {name: inner for name, inner in plain.items() if inner is not None}
