"""What a change of the plan table will change: two plans of the same machines laid side by side. Pure.

Occurrences of one row on one subject are compared by the day that they are planned for. What has a day in both plans
stays; of the others the nearest two are one that moves when they are less than half an interval apart, and what is left
goes or comes. Rows by the hour are counted only.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from maintenance.budget.costing import NO_COST, Cost, cost_of
from maintenance.plan import PlanRow
from maintenance.preview import PreviewItem
from maintenance.recurrence import longest_between
from plantroom.domain.assets import LocalName

GOES, COMES, MOVES = "goes", "comes", "moves"
STAYS, LEFT = "stays", "left"


@dataclass(frozen=True, slots=True)
class Effect:
    """One occurrence that goes, comes or moves. ``asset`` is the asset's key, or ``site:<code>``."""

    asset: str
    site: str
    row: PlanRow
    change: str
    before: date | None
    after: date | None
    reason: LocalName | None = None

    def place(self) -> tuple[date, str, str, str]:
        """Where it stands in the list: by day, subject, row."""
        return self.after or self.before or date.max, self.asset, self.row.code, self.change


@dataclass(frozen=True, slots=True)
class RowEffect:
    """How many occurrences of a row there are in both plans, and what becomes of them."""

    row: PlanRow
    before: int
    after: int
    goes: int
    comes: int
    moves: int


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """An order that is there already: it ``stays`` on its day, ``moves`` with the row, or is ``left``: nothing in the
    plan asks for it any more. The planner cancels it when its row gives way and nobody has begun; else people do it or
    cancel it."""

    order: str
    asset: str
    becomes: str
    before: date
    after: date | None


@dataclass(frozen=True, slots=True)
class Effects:
    """What will change, by day; the rows that it touches; what becomes of the orders that there are; what both plans
    take."""

    changes: tuple[Effect, ...] = ()
    rows: tuple[RowEffect, ...] = ()
    orders: tuple[OrderEffect, ...] = ()
    before: Cost = NO_COST
    after: Cost = NO_COST

    def __add__(self, other: "Effects") -> "Effects":
        rows: dict[str, RowEffect] = {}
        for one in (*self.rows, *other.rows):
            known = rows.get(one.row.code)
            rows[one.row.code] = one if known is None else _sum(known, one)
        return Effects(
            tuple(sorted((*self.changes, *other.changes), key=Effect.place)),
            tuple(rows[code] for code in sorted(rows)),
            (*self.orders, *other.orders),
            self.before + other.before,
            self.after + other.after,
        )


def _sum(one: RowEffect, other: RowEffect) -> RowEffect:
    return RowEffect(
        one.row,
        one.before + other.before,
        one.after + other.after,
        one.goes + other.goes,
        one.comes + other.comes,
        one.moves + other.moves,
    )


@dataclass(slots=True)
class _Pair:
    """The days of one row on one subject in both plans; of rows by the hour only how many moments there are."""

    row: PlanRow
    site: str
    before: list[date] = field(default_factory=list)
    after: list[date] = field(default_factory=list)
    moments: list[int] = field(default_factory=lambda: [0, 0])
    reasons: dict[date, LocalName] = field(default_factory=dict)


def compared(
    before: Sequence[PreviewItem],
    after: Sequence[PreviewItem],
    lineage: str | None,
    heirs: Mapping[str, str],
    hourly_rate: float | None,
) -> Effects:
    """Two plans of the same subjects and days. ``lineage`` is that of the row that changes (``None``: it is new);
    ``heirs`` names the row that goes on in another's place by both lineages."""
    pairs: dict[tuple[str, str], _Pair] = {}
    for side, items in enumerate((before, after)):
        for item in items:
            _take(pairs, item, side, heirs)
    changes: list[Effect] = []
    rows: dict[str, RowEffect] = {}
    for (subject, _), pair in pairs.items():
        found = _effects(subject, pair)
        changes += found
        goes, comes, moves = (sum(one.change == what for one in found) for what in (GOES, COMES, MOVES))
        counts = (len(pair.before) + pair.moments[0], len(pair.after) + pair.moments[1])
        more = counts[1] - counts[0] if any(pair.moments) else 0
        one = RowEffect(pair.row, *counts, goes + max(-more, 0), comes + max(more, 0), moves)
        known = rows.get(pair.row.code)
        rows[pair.row.code] = one if known is None else _sum(known, one)
    touched = tuple(rows[c] for c in sorted(rows) if rows[c].goes or rows[c].comes or rows[c].moves)
    return Effects(
        tuple(sorted(changes, key=Effect.place)),
        touched,
        _orders(before, after, {lineage, heirs.get(lineage or "")} - {None}),
        _cost(before, hourly_rate),
        _cost(after, hourly_rate),
    )


def _take(pairs: dict[tuple[str, str], _Pair], item: PreviewItem, side: int, heirs: Mapping[str, str]) -> None:
    for planned in item.job.occurrences:
        lineage = heirs.get(planned.row.lineage, planned.row.lineage)
        pair = pairs.setdefault((item.asset, lineage), _Pair(planned.row, item.site))
        if side:
            pair.row = planned.row
        if item.moment is not None:
            pair.moments[side] += 1
            continue
        (pair.after if side else pair.before).append(item.job.due)
        if side:
            pair.reasons[item.job.due] = item.reason


def _effects(subject: str, pair: _Pair) -> list[Effect]:
    gone, come = _without(pair.before, pair.after), _without(pair.after, pair.before)
    near = max(1, longest_between(pair.row) // 2)
    found: list[Effect] = []
    for day in gone:
        other = _nearest(come, day)
        if other is not None and abs((other - day).days) < near:
            come.remove(other)
            found.append(Effect(subject, pair.site, pair.row, MOVES, day, other, pair.reasons.get(other)))
        else:
            found.append(Effect(subject, pair.site, pair.row, GOES, day, None))
    return found + [Effect(subject, pair.site, pair.row, COMES, None, day, pair.reasons.get(day)) for day in come]


def _without(days: Iterable[date], others: Iterable[date]) -> list[date]:
    """The days that the others have not, as often as they have them; in order."""
    left: dict[date, int] = defaultdict(int)
    for day in others:
        left[day] += 1
    found = []
    for day in sorted(days):
        if left[day]:
            left[day] -= 1
        else:
            found.append(day)
    return found


def _nearest(days: Sequence[date], day: date) -> date | None:
    place = bisect_left(days, day)
    around = days[max(place - 1, 0) : place + 1]
    return min(around, key=lambda one: (abs((one - day).days), one), default=None)


def _orders(
    before: Sequence[PreviewItem], after: Sequence[PreviewItem], lineages: set[str | None]
) -> tuple[OrderEffect, ...]:
    """Of the orders that there are those of the row, and those that move with it."""
    then = {item.work_order: item.job.due for item in after if item.work_order is not None}
    found: list[OrderEffect] = []
    for item in before:
        if item.work_order is None or item.moment is not None:
            continue
        own = any(planned.row.lineage in lineages for planned in item.job.occurrences)
        day = then.get(item.work_order)
        becomes = LEFT if day is None else STAYS if day == item.job.due else MOVES
        if own or becomes != STAYS:
            found.append(OrderEffect(item.work_order, item.asset, becomes, item.job.due, day))
    return tuple(found)


def _cost(items: Sequence[PreviewItem], hourly_rate: float | None) -> Cost:
    total = NO_COST
    for item in items:
        total += cost_of(item.job.leader.row, hourly_rate)
    return total
