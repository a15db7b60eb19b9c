"""The checkpoint that is saved with the spool's cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.checkpoint import pack, unpack


@given(st.dictionaries(st.text(max_size=10), st.binary(max_size=50), max_size=5))
def test_what_is_packed_is_unpacked(parts: dict[str, bytes]) -> None:
    assert unpack(pack(parts)) == parts


def test_nothing_saved_is_nothing() -> None:
    assert unpack(b"") == {}


@pytest.mark.parametrize("at", range(20))
def test_a_flipped_bit_is_noticed(at: int) -> None:
    blob = bytearray(pack({"gate": b"12345"}))
    blob[at] ^= 1
    with pytest.raises(ValueError):
        unpack(bytes(blob))


def test_a_cut_one_is_noticed() -> None:
    blob = pack({"gate": b"12345"})
    for length in range(1, len(blob)):
        with pytest.raises(ValueError):
            unpack(blob[:length])
