"""Holes that a lane no longer watches, as the ledger is told of them: without what is there, and in few words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ingest.sequences import Dropped
from plantroom.domain.spans import Span, without
from plantroom.ports.gaps import Given, GiveUp

MAX_GIVEN = 64
"""Spans of a publisher that one batch gives up one by one; more are told together."""

Key = tuple[str, str, str, int]
"""Channel, publisher (``ingest.publishers``), boot, numbering."""


def given_of(dropped: Sequence[Dropped], there: Sequence[Span]) -> list[Given]:
    """What is given up of these holes, of which some numbers are ``there`` all the same."""
    return [
        Given(first, last, last - first + 1, GiveUp(one.reason))
        for one in dropped
        for first, last in without([(one.first, one.last)], there)
    ]


def in_few_words(given: Mapping[Key, Sequence[Given]]) -> dict[Key, list[Given]]:
    """Those of a publisher that are too many to tell become one with the last that is told of their numbering, or else
    are counted with the last that is told of the publisher. O(spans)."""
    told: dict[Key, list[Given]] = {}
    counts: Counter[str] = Counter()
    latest: dict[str, list[Given]] = {}
    for key, every in given.items():
        mine, publisher = told.setdefault(key, []), key[1]
        for one in every:
            if counts[publisher] < MAX_GIVEN:
                counts[publisher] += 1
                mine.append(one)
                latest[publisher] = mine
            elif mine:
                mine[-1] = replace(mine[-1], last=one.last, missing=mine[-1].missing + one.missing)
            else:
                other = latest[publisher]
                other[-1] = replace(other[-1], missing=other[-1].missing + one.missing)
    return told
