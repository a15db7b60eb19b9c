"""Finding texts that hold a word anywhere within them, two Chinese characters as well as the middle of a number.

Every pair of neighbouring characters (bigram) has the sorted numbers of the texts that hold it. A word's pairs are
intersected; words of more than two characters are then looked for in the texts themselves, since their pairs may stand
apart. One character is the union of the pairs that begin with it: each text ends with a line's end, so that every
character begins a pair.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_CHARACTER_BITS = 21
_TEXT_BITS = 22
MOST_TEXTS = 1 << _TEXT_BITS
_SLICE = 4_000_000
"""Characters whose pairs are sorted at once: bounds the memory that building takes, about 40 bytes each."""


class TextIndex:
    """An immutable index over texts (folded, without a NUL, at most ``MOST_TEXTS``).

    Building sorts the pairs: about a second for 15 million characters. A look for a word takes time linear in the texts
    that hold its rarest pair, plus a byte a text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        pairs = _sorted_pairs(texts)
        grams = pairs >> np.uint64(_TEXT_BITS)
        first = np.flatnonzero(np.concatenate([[True], grams[1:] != grams[:-1]])) if len(grams) else np.zeros(0, int)
        self._grams: NDArray[np.uint64] = grams[first]
        self._starts: NDArray[np.int64] = np.append(first, len(grams)).astype(np.int64)
        self._numbers: NDArray[np.int32] = (pairs & np.uint64(MOST_TEXTS - 1)).astype(np.int32)

    def candidates(self, words: Sequence[str]) -> Mask:
        """Which texts may hold all of the words (none is empty): every one that does, and few that do not."""
        found = np.ones(len(self._texts), np.bool_)
        for word in words:
            found &= self._holding(word)
        return found

    def holds(self, number: int, words: Sequence[str]) -> bool:
        """Whether a candidate does hold all of them."""
        text = self._texts[number]
        return all(len(word) <= 2 or word in text for word in words)

    def _holding(self, word: str) -> Mask:
        found = np.zeros(len(self._texts), np.bool_)
        if len(word) == 1:
            low = np.uint64(ord(word) << _CHARACTER_BITS)
            high = np.uint64((ord(word) + 1) << _CHARACTER_BITS)
            begin, end = np.searchsorted(self._grams, np.array([low, high], np.uint64))
            found[self._numbers[self._starts[begin] : self._starts[end]]] = True
            return found
        spans = sorted((self._span(one, two) for one, two in pairwise(word)), key=len)
        found[spans[0]] = True
        for span in spans[1:]:
            other = np.zeros(len(self._texts), np.bool_)
            other[span] = True
            found &= other
        return found

    def _span(self, one: str, two: str) -> NDArray[np.int32]:
        gram = np.uint64(ord(one) << _CHARACTER_BITS | ord(two))
        at = int(np.searchsorted(self._grams, gram))
        if at == len(self._grams) or self._grams[at] != gram:
            return self._numbers[:0]
        return self._numbers[self._starts[at] : self._starts[at + 1]]


def _sorted_pairs(texts: Sequence[str]) -> NDArray[np.uint64]:
    """(pair, text) in one number each, sorted, without repetitions."""
    pieces: list[NDArray[np.uint64]] = []
    begin, size = 0, 0
    for number, text in enumerate(texts):
        size += len(text) + 1
        if size >= _SLICE or number == len(texts) - 1:
            pieces.append(_pairs_of(texts[begin : number + 1], begin))
            begin, size = number + 1, 0
    if not pieces:
        return np.zeros(0, np.uint64)
    whole = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
    pieces.clear()
    if len(whole):
        whole.sort(kind="stable" if begin else "quicksort")
    return whole


def _pairs_of(texts: Sequence[str], first: int) -> NDArray[np.uint64]:
    joined = "\n".join(texts) + "\n\n"
    characters = np.frombuffer(joined.encode("utf-32-le"), np.uint32)[:-1].astype(np.uint64)
    lengths = np.array([len(text) + 1 for text in texts], np.int64)
    numbers = np.repeat(np.arange(first, first + len(texts), dtype=np.uint64), lengths)
    grams = characters[:-1] << np.uint64(_CHARACTER_BITS) | characters[1:] if len(characters) > 1 else characters[:0]
    grams = np.append(grams, characters[-1:] << np.uint64(_CHARACTER_BITS) | np.uint64(10))
    keep = (characters != 10) & (characters != 32)
    pairs: NDArray[np.uint64] = (grams << np.uint64(_TEXT_BITS) | numbers)[keep]
    pairs.sort()
    if len(pairs):
        pairs = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])]
    return pairs
