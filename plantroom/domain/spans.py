"""Sets of whole numbers as spans: ``(first, last)``, both included, rising, apart from each other by at least one."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def spans_of(numbers: Iterable[int]) -> list[Span]:
    """The numbers (in any order, each as often as it likes) as spans. O(n log n)."""
    return merged((number, number) for number in numbers)


def merged(spans: Iterable[Span]) -> list[Span]:
    """All numbers of some spans, which may overlap, touch and come in any order. O(n log n)."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """The numbers of ``spans`` that are not in ``taken``; both as ``merged`` gives them. O(n + m)."""
    found: list[Span] = []
    at = 0
    for first, last in spans:
        start = first
        while at < len(taken) and taken[at][1] < start:
            at += 1
        reached = at
        while reached < len(taken) and taken[reached][0] <= last:
            if start < taken[reached][0]:
                found.append((start, taken[reached][0] - 1))
            start = taken[reached][1] + 1
            reached += 1
        if start <= last:
            found.append((start, last))
    return found


def within(spans: Sequence[Span], first: int, last: int) -> list[Span]:
    """The numbers of ``spans`` from ``first`` to ``last``; none when that is before it."""
    return [(max(a, first), min(b, last)) for a, b in spans if max(a, first) <= min(b, last)]


def width(spans: Iterable[Span]) -> int:
    """How many numbers they are."""
    return sum(last - first + 1 for first, last in spans)
