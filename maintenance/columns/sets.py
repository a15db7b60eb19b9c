"""Sets of plan rows that hold together for some subjects, prepared for the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import NamedTuple

from maintenance.columns.tracks import Variant
from maintenance.giving_way import GivingWay, giving_way
from maintenance.nesting import Track, containment, look_ahead
from maintenance.plan import PlanRow
from maintenance.recurrence import Series, effective_interval, has_dates
from maintenance.schedules import BY_INTERVAL
from maintenance.stand_ins import floor_of, replaced_from, sources, stand_ins
from maintenance.work_orders import Kind

_LONGEST_DAYS = 400 * 366
_KINDS = {kind.value for kind in Kind}


class Handing(NamedTuple):
    """That a row counts from what was done of another one (their places), and from what was missed of it with a date
    before a day. ``law`` is the place of the row on account of which that is so; ``None``: on that day its own dates
    resume."""

    to: int
    by: int
    before: date
    law: int | None = None


@dataclass(frozen=True, slots=True)
class RowSet:
    """The rows of a subject, in their order, with all that decides on its dates but the subject itself.

    ``contains[i]`` are the places of the rows that row ``i`` contains; ``groups`` the rows that contain each other,
    ``lonely`` the others. ``look_ahead`` is how many days beyond a day the groups are computed. ``fingerprint`` changes
    with each change of these rows. ``in_columns`` says whether the columns can plan them.
    ``handing``: which row counts from what was done of which other one; ``gone``: what they do not ask for any more.
    """

    rows: tuple[PlanRow, ...]
    variants: tuple[Variant, ...]
    contains: tuple[frozenset[int], ...]
    groups: tuple[tuple[int, ...], ...]
    lonely: tuple[int, ...]
    look_ahead: int
    fingerprint: str
    in_columns: bool
    handing: tuple[Handing, ...] = ()
    gone: GivingWay = field(default_factory=lambda: GivingWay(date.min, {}))

    @property
    def floors(self) -> dict[str, int | None]:
        """The longest gap in days by code."""
        return {variant.row.code: variant.floor for variant in self.variants}


def row_set(rows: Sequence[PlanRow], every_row: Mapping[str, PlanRow], today: date) -> RowSet:
    """The set of a subject's rows (those of ``rows_for``). ``every_row``: the site's rows by code. What one row
    hands to another only by what is yet to come is no matter of columns."""
    ends, links = replaced_from(rows, today), stand_ins(rows, every_row)
    variants = tuple(Variant(row, floor_of(row, every_row), ends.get(row.code)) for row in rows)
    simple = all(one.since <= today and not one.slack and (one.until or today) <= today for one in links)
    sound = simple and all(is_plain(row) for row in rows)
    floors = {variant.row.code: variant.floor for variant in variants}
    inside = containment(rows, floors) if sound else {row.code: frozenset[str]() for row in rows}
    places = {row.code: place for place, row in enumerate(rows)}
    contains = tuple(frozenset(places[code] for code in inside[row.code]) for row in rows)
    groups = _groups(contains)
    lonely = tuple(group[0] for group in groups if len(group) == 1)
    said = "|".join(f"{v.row.lineage}:{v.row.version}:{v.floor}:{v.ends}" for v in variants)
    handing = [
        Handing(places[one.row], places[one.of], one.before, None if one.law is None else places[one.law])
        for one in sources(links, today)
    ]
    if links:
        said += f"|{handing}"
    return RowSet(
        rows=tuple(rows),
        variants=variants,
        contains=contains,
        groups=tuple(group for group in groups if len(group) > 1),
        lonely=lonely,
        look_ahead=_look_ahead(variants, inside) if sound else 0,
        fingerprint=blake2b(said.encode(), digest_size=12).hexdigest(),
        in_columns=sound,
        handing=tuple(handing),
        gone=giving_way(rows, (), today),
    )


def is_plain(row: PlanRow) -> bool:
    """Whether a row is an interval row without oddities: what is not is planned by the scalar path."""
    if row.schedule != BY_INTERVAL or row.fulfilled_by is not None:
        return False
    numbers = (row.interval.every, row.early_days, row.late_days, row.max_gap_days or 0, row.shift_percent)
    return (
        has_dates(row.interval)
        and all(isinstance(number, int) for number in numbers)
        and 1 <= row.interval.every <= _LONGEST_DAYS
        and 0 <= row.early_days <= _LONGEST_DAYS
        and 0 <= row.late_days <= _LONGEST_DAYS
        and 1 <= (1 if row.max_gap_days is None else row.max_gap_days) <= _LONGEST_DAYS
        and 0 <= row.shift_percent <= 100
        and row.kind in _KINDS
    )


def _groups(contains: Sequence[frozenset[int]]) -> list[tuple[int, ...]]:
    """Places that are tied to each other by containing, each group in order."""
    group = list(range(len(contains)))
    for place, inner in enumerate(contains):
        for other in inner:
            old, new = group[other], group[place]
            group = [new if g == old else g for g in group]
    return [tuple(i for i, g in enumerate(group) if g == one) for one in dict.fromkeys(group)]


def _look_ahead(variants: Sequence[Variant], inside: Mapping[str, frozenset[str]]) -> int:
    return look_ahead(
        [
            Track(
                Series(v.row, date.min, effective_interval(v.row.interval, v.floor), v.floor),
                0,
                None,
                inside[v.row.code],
            )
            for v in variants
        ]
    )
