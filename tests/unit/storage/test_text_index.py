"""Words of any length anywhere in a text."""

from hypothesis import given
from hypothesis import strategies as st

from plantroom.storage.ledger.text_index import TextIndex

LETTERS = "水泵房生a1𠮷é"
TEXTS = st.lists(st.text(LETTERS + " \n", max_size=10), max_size=12)
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=4), min_size=1, max_size=3)


@given(TEXTS, WORDS)
def test_it_finds_what_a_look_into_every_text_finds(texts: list[str], words: list[str]) -> None:
    index = TextIndex(texts)
    candidates = index.candidates(words)
    found = [n for n in range(len(texts)) if candidates[n] and index.holds(n, words)]
    assert found == [n for n, text in enumerate(texts) if all(word in text for word in words)]


def test_without_words_every_text_is_found() -> None:
    assert TextIndex(["a", ""]).candidates([]).tolist() == [True, True]
    assert TextIndex([]).candidates(["水泵"]).tolist() == []


def test_texts_beyond_one_slice_are_found_as_well() -> None:
    from plantroom.storage.ledger import text_index

    before = text_index._SLICE
    text_index._SLICE = 20
    try:
        index = TextIndex([f"号{number}" for number in range(50)])
    finally:
        text_index._SLICE = before
    assert index.candidates(["号4"]).nonzero()[0].tolist() == [4, *range(40, 50)]
