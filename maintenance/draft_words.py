"""What orders of one shape have in common: made once, used for thousands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from maintenance.columns.tracks import Variant
from maintenance.isolation import ISOLATES
from maintenance.item_conditions import Circumstances
from maintenance.nesting import Job, Planned
from maintenance.plan import Missed, PlanRow
from maintenance.reasons import reason
from maintenance.recurrence import Window
from plantroom.domain.assets import LocalName

_COUNTED, _LATEST = date(1, 1, 1), date(9998, 1, 1)
"""Days that stand for a job's own in a sentence that is made once."""

NOT_PULLED = -1

MISSED_TAG = "missed"
"""Tag of orders that stay due although their last day is over."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Orders of the same rows (deepest first), placed and pulled alike."""

    lineages: tuple[str, ...]
    codes: tuple[str, ...]
    kind: str
    name: LocalName
    department: str
    missed: Missed
    tags: tuple[str, ...]
    template: str
    zh: tuple[str, ...]
    en: tuple[str, ...]

    def reasons(self, counted_from: str, latest: str) -> tuple[str, str]:
        """The sentence in both languages with a job's own days (ISO 8601)."""
        zh, en = self.zh, self.en
        if len(zh) == 1:
            return zh[0], en[0]
        return f"{zh[0]}{counted_from}{zh[1]}{latest}{zh[2]}", f"{en[0]}{counted_from}{en[1]}{latest}{en[2]}"


Templates = Mapping[tuple[Circumstances, tuple[str, ...]], str]
"""Keys of frozen checklists by where and when they are due and the lineages of the rows."""

RowGroup = tuple[Circumstances, tuple[PlanRow, ...]]
"""Rows that come together in one order, and where and when it is due."""


class DraftWords:
    """The shapes by where and when they are due (a place in ``heres``), the places of their variants, whether they are
    placed early, which of them is pulled, and whether they are overdue."""

    def __init__(self, variants: Sequence[Variant], heres: Sequence[Circumstances], templates: Templates) -> None:
        self._variants, self._heres, self._templates = variants, heres, templates
        self._shapes: dict[tuple[int, tuple[int, ...], bool, int, bool], Shape] = {}

    def shape(self, here: int, places: tuple[int, ...], placed_early: bool, pulled: int, overdue: bool) -> Shape:
        """One shape. ``pulled``: the first of its occurrences whose latest day is the law's and the job's."""
        key = (here, places, placed_early, pulled, overdue)
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = self._made(*key)
        return found

    def _made(self, here: int, places: tuple[int, ...], placed_early: bool, pulled: int, overdue: bool) -> Shape:
        variants = [self._variants[place] for place in places]
        rows = [variant.row for variant in variants]
        occurrences = tuple(
            Planned(row, Window(0, _LATEST, _LATEST, _LATEST, _LATEST, pulled=number == pulled), _COUNTED)
            for number, row in enumerate(rows)
        )
        job = Job(occurrences, _LATEST, _LATEST, _LATEST, placed_early)
        said = reason(job, {variant.row.code: variant.floor for variant in variants}, overdue)
        isolates = (ISOLATES,) if any(row.custom.get("isolates") for row in rows) else ()
        return Shape(
            lineages=tuple(row.lineage for row in rows),
            codes=tuple(row.code for row in rows),
            kind=rows[0].kind,
            name=rows[0].name,
            department=rows[0].department.zh,
            missed=rows[0].missed,
            tags=((MISSED_TAG,) if overdue else ()) + isolates,
            template=self._templates[self._heres[here], tuple(row.lineage for row in rows)],
            zh=_pieces(said.zh, pulled),
            en=_pieces(said.en, pulled),
        )


def _pieces(text: str, pulled: int) -> tuple[str, ...]:
    """A sentence cut where a job's own days stand; whole where it names none."""
    if pulled == NOT_PULLED:
        return (text,)
    before, _, rest = text.partition(_COUNTED.isoformat())
    between, _, behind = rest.partition(_LATEST.isoformat())
    return before, between, behind
