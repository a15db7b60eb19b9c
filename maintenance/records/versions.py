"""The versions of plan rows beside what the history says of the rows. Pure.

The planner goes by versions: the newest in effect counts. Each is the row as it was put, and what puts a row is an
entry of the row, unless nothing but its version is another. So every version is what the entries up to it have made of
the row, and none is missing: they are counted from 1. Of versions before the first entry that is compared (an update
has entered rows as they stood) only that is known.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import groupby
from typing import NamedTuple

from maintenance.ports import KeptVersion
from maintenance.records.folding import Document, changed, document, told
from plantroom.domain.audit import Action
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import Change

TABLE = "plan_row_versions"


class _State(NamedTuple):
    """A row after an entry."""

    position: int
    row: Document

    @property
    def version(self) -> int:
        """The version that the entry has made."""
        found = self.row.get("version")
        return found if isinstance(found, int) else 0


def versions_as_entered(entered: Iterator[Change], stored: Iterator[KeptVersion]) -> int:
    """How many versions there are, all of them as the history has them; else ``Broken`` at the first that is not.
    ``entered`` are the entries of plan rows, which stand as those have them; both come by lineage, byte by byte,
    ``stored`` by version, too. One pass, memory for the versions of one row."""
    rows = groupby(stored, lambda one: one.lineage)
    count, held = 0, _next(rows)
    for lineage, changes in groupby(entered, lambda one: one.key):
        _nothing_before(lineage, held)
        mine = held[1] if held is not None and held[0] == lineage else []
        _same(lineage, _states(changes), mine)
        if mine:
            count, held = count + len(mine), _next(rows)
    _nothing_before(None, held)
    return count


def _next(rows: Iterator[tuple[str, Iterator[KeptVersion]]]) -> tuple[str, list[KeptVersion]] | None:
    found = next(rows, None)
    return None if found is None else (found[0], list(found[1]))


def _nothing_before(lineage: str | None, held: tuple[str, list[KeptVersion]] | None) -> None:
    """What comes before the history's next row is of a row that is in no entry."""
    if held is not None and (lineage is None or held[0] < lineage):
        words = "is of a row that is in no entry of the history: it was put in past it"
        _wrong(Tampering.ROW_INSERTED, None, held[1][0].lineage, held[1][0].version, words)


def _states(said: Iterator[Change]) -> list[_State]:
    """The row after each of its entries; none: it was removed."""
    states: list[_State] = []
    row: Document = {}
    for one in said:
        if one.action == Action.REMOVED.value:
            states, row = [], {}
            continue
        is_whole = one.action in {Action.CREATED.value, Action.STANDS.value}
        row = document(one.after) if is_whole else changed(row, document(one.after))
        states.append(_State(one.position, deepcopy(row)))
    return states


def _same(lineage: str, states: Sequence[_State], rows: Sequence[KeptVersion]) -> None:
    if not states and rows:
        words = "is of a row that was removed, by the history: it was put in past it"
        _wrong(Tampering.ROW_INSERTED, None, lineage, rows[0].version, words)
    for number, row in enumerate(rows, 1):
        if row.version != number:
            _wrong(Tampering.ROW_REMOVED, None, lineage, number, f"is not there, and version {row.version} is")
        _as_entered(row, next((one for one in reversed(states) if one.version <= number), None))
    last = states[-1] if states else None
    if last is not None and len(rows) < last.version:
        words = "is not there any more, and no entry of the history says so"
        _wrong(Tampering.ROW_REMOVED, last.position, lineage, len(rows) + 1, words)


def _as_entered(row: KeptVersion, state: _State | None) -> None:
    """Whether a version is the row as the newest entry up to it has it, and its columns say what it says."""
    is_ = document(row.document)
    then = (is_ if state is None else state.row) | {"lineage": row.lineage, "version": row.version}
    begins = {"effective_from": row.effective_from}
    differs = told(then, is_) or told(then, then | begins)
    if differs:
        words = f"({then.get('code')}) is not as the history has it: {differs}"
        position = None if state is None else state.position
        _wrong(Tampering.ROW_CHANGED, position, row.lineage, row.version, words)


def _wrong(what: Tampering, position: int | None, lineage: str, version: object, words: str) -> None:
    raise Broken(Place(what, position, detail=f"{TABLE} {lineage}/{version} {words}"))
