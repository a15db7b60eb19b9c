"""The planned work of the month to come, as owners read it: what a law asks for and inspections one by one, rounds row
by row, for a patrol a day would bury the visits between them; the rest by its number. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import Layer, PlanRow
from maintenance.recurrence import local_day
from maintenance.reports.ports import OrderLine, PlannedLine
from maintenance.work_orders import Kind
from plantroom.domain.assets import LocalName

SHOWN = 100
ROUND_DAYS = 7
"""What comes more often than weekly is a round. Ours: the law's own weekly test of a fire pump is a visit."""

_NAMED = frozenset({Kind.STATUTORY.value, Kind.INSPECTION.value})


@dataclass(frozen=True, slots=True)
class ComingLine:
    """One order. ``statutory``: a law asks for it, or its row stands for one that a law asks for."""

    order: OrderLine
    statutory: bool


@dataclass(frozen=True, slots=True)
class RoundLine:
    """The rounds of one row: how many orders, on how many machines (0: of the site itself), the first and last day."""

    name: LocalName
    code: str
    statutory: bool
    count: int
    machines: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Coming:
    """``all`` orders are those of ``named``, those of the ``rounds`` and ``others``. ``shown``: the first of
    ``named``, what a law asks for before the rest, each by date."""

    all: int
    named: int
    shown: Sequence[ComingLine]
    rounds: Sequence[RoundLine]
    others: int

    @property
    def in_rounds(self) -> int:
        """How many orders are rounds."""
        return sum(one.count for one in self.rounds)


def coming_of(
    planned: Sequence[PlannedLine], rows: Mapping[str, PlanRow], lawful: Collection[str], zone: ZoneInfo
) -> Coming:
    """What is planned, by due date. ``rows`` by lineage, ``lawful``: the lineages of rows that stand for the law."""
    lines: list[ComingLine] = []
    rounds: defaultdict[str, list[ComingLine]] = defaultdict(list)
    others = 0
    for one in planned:
        known = [rows[lineage] for lineage in one.lineages if lineage in rows]
        line = ComingLine(one.order, _is_statutory(one, known, lawful))
        if known and all(is_round(row.interval) for row in known):
            rounds[known[0].lineage].append(line)
        elif line.statutory or one.order.kind in _NAMED:
            lines.append(line)
        else:
            others += 1
    lines.sort(key=lambda line: not line.statutory)
    told = [_round(rows[lineage], found, zone) for lineage, found in rounds.items()]
    told.sort(key=lambda line: (not line.statutory, line.code))
    return Coming(len(planned), len(lines), lines[:SHOWN], told, others)


def is_round(interval: Interval) -> bool:
    """Whether what is due so often is a round."""
    return interval.unit is IntervalUnit.HOUR or (interval.unit is IntervalUnit.DAY and 0 < interval.every < ROUND_DAYS)


def _is_statutory(one: PlannedLine, rows: Sequence[PlanRow], lawful: Collection[str]) -> bool:
    asked = any(row.layer is Layer.LAW or row.lineage in lawful for row in rows)
    return asked or one.order.kind == Kind.STATUTORY.value


def _round(row: PlanRow, lines: Sequence[ComingLine], zone: ZoneInfo) -> RoundLine:
    dues: list[datetime] = [line.order.due for line in lines if line.order.due is not None]
    return RoundLine(
        name=row.name,
        code=row.code,
        statutory=any(line.statutory for line in lines),
        count=len(lines),
        machines=len({line.order.asset for line in lines if line.order.asset is not None}),
        first=local_day(min(dues), zone),
        last=local_day(max(dues), zone),
    )
