"""Spans are sets of numbers written briefly."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from plantroom.domain.spans import Span, merged, spans_of, width, within, without

numbers = st.sets(st.integers(0, 40))


def numbers_of(spans: list[Span]) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}


@given(numbers)
def test_numbers_come_back_as_they_were_and_spans_are_apart(some: set[int]) -> None:
    spans = spans_of(some)
    assert numbers_of(spans) == some
    assert width(spans) == len(some)
    assert all(b[0] > a[1] + 1 for a, b in itertools.pairwise(spans))


@given(numbers, numbers)
def test_taking_away_is_what_sets_make_of_it(some: set[int], others: set[int]) -> None:
    assert without(spans_of(some), spans_of(others)) == spans_of(some - others)


@given(numbers, numbers)
def test_putting_together_too(some: set[int], others: set[int]) -> None:
    assert merged([*spans_of(others), *spans_of(some)]) == spans_of(some | others)


@given(numbers, st.integers(0, 40), st.integers(0, 40))
def test_a_part_of_them(some: set[int], first: int, last: int) -> None:
    assert within(spans_of(some), first, last) == spans_of(n for n in some if first <= n <= last)
