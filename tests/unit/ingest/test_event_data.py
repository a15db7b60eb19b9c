"""How much of an event's data is kept."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from ingest.event_data import LEFT_OUT, MAX_BYTES, data_of
from plantroom.domain.findings import PLACE

letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, max_size=6000)
values = st.one_of(st.none(), st.integers(-(2**53), 2**53), texts, st.lists(texts, max_size=3))
names = st.one_of(st.sampled_from(PLACE), st.text(letters, max_size=20))


def size(data: object) -> int:
    return len(orjson.dumps(data))


def test_four_kibibytes_are_kept_as_they_came() -> None:
    data = {"floor": 7, "text": "x" * (MAX_BYTES - size({"floor": 7, "text": ""}))}
    assert size(data) == MAX_BYTES
    assert data_of({"data": data}) == data
    longer = data | {"text": data["text"] + "x"}
    assert data_of({"data": longer}) == {LEFT_OUT: f"{MAX_BYTES + 1 - 2} bytes left out"}


def test_of_more_the_place_is_kept() -> None:
    data = {"dump": "x" * 1_000_000, "zone": 12, "detector": "D-7", "loop": "y" * 10_000, "floor": 3}
    kept = data_of({"data": data})
    assert kept == {
        "zone": 12,
        "detector": "D-7",
        LEFT_OUT: f"{size(data) - size({'zone': 12, 'detector': 'D-7'})} bytes left out",
    }


def test_a_bare_value_is_bounded_too() -> None:
    assert data_of({"data": 7}) == {"value": 7}
    assert data_of({"data": "x" * 5000}) == {LEFT_OUT: "5010 bytes left out"}
    assert data_of({}) == {}


@given(st.dictionaries(names, values, max_size=8))
def test_whatever_it_is_it_fits_and_loses_nothing_that_would(data: dict[str, object]) -> None:
    kept = data_of({"data": data})
    assert kept is not None
    assert size(kept) <= MAX_BYTES
    if size(data) <= MAX_BYTES:
        assert kept == data
