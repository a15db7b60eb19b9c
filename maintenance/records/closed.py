"""Closed occurrences of the plan (done, credited, missed, waived) beside what the history says of them. Pure.

Every closing, and every change of what is closed, is an entry; what is only due is none. So the entries of an
occurrence say what stands in the table, or that nothing does; and each entry begins with what the one before it left.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from maintenance.records.folding import Document, changed, differing, document, value
from plantroom.domain.audit import Action
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import Change

CLOSED = "closed_occurrence"
"""What the history calls one. Its key: subject, row lineage and cycle, with slashes."""


def as_entered(entered: Iterator[Change], stored: Iterator[tuple[str, str]]) -> int:
    """How many closed occurrences there are, all of them as the history has them; else ``Broken`` at the first that is
    not. Both come by key, byte by byte; ``stored`` with the canonical JSON of what is in the table. One pass, constant
    memory."""
    count, held = 0, next(stored, None)
    for key, changes in groupby(entered, lambda one: one.key):
        said = list(changes)
        _inserted_before(key, held)
        now = held[1] if held is not None and held[0] == key else None
        _same(key, said, now)
        if now is not None:
            count, held = count + 1, next(stored, None)
    _inserted_before(None, held)
    return count


def _inserted_before(key: str | None, held: tuple[str, str] | None) -> None:
    """What comes before the history's next one is in no entry."""
    if held is not None and (key is None or held[0] < key):
        named = _named(held[0], document(held[1]))
        detail = f"{named} is closed in the table, and no entry of the history says so: it was changed past it"
        raise Broken(Place(Tampering.OCCURRENCE_INSERTED, detail=detail))


def _same(key: str, said: Sequence[Change], now: str | None) -> None:
    last = said[-1]
    if len(said) == 1 and now is not None and last.action == Action.CREATED.value and last.after == now:
        return
    then = _folded(key, said)
    if then is None and now is None:
        return
    is_ = document(now)
    if then is None:
        detail = f"{_named(key, is_)} is closed in the table, and entry {last.position} says that it was so no more"
        raise Broken(Place(Tampering.OCCURRENCE_INSERTED, last.position, detail=detail))
    if now is None:
        detail = f"{_named(key, then)} is not closed in the table, or is not there any more"
        raise Broken(Place(Tampering.OCCURRENCE_REMOVED, last.position, detail=detail))
    name = differing(then, is_)
    if name is not None:
        detail = (
            f"{_named(key, is_)} is not as it was closed: {name} is {is_.get(name)}, by the history up to entry"
            f" {last.position} {then.get(name)}"
        )
        raise Broken(Place(Tampering.OCCURRENCE_CHANGED, last.position, detail=detail))


def _folded(key: str, said: Sequence[Change]) -> Document | None:
    """What came of all changes; ``None``: nothing is closed any more. Each must begin with what those before it left:
    else the program has gone on from what was changed past it, and its entry would make that good."""
    found: Document | None = None
    for one in said:
        before, after = document(one.before), document(one.after)
        if one.action == Action.CREATED.value:
            _nothing_stands(key, one, found)
            found = after
        elif found is None:
            detail = f"{_named(key, before | after)} was closed past the history before entry {one.position} changed it"
            raise Broken(Place(Tampering.OCCURRENCE_INSERTED, one.position, detail=detail))
        else:
            is_whole = one.action == Action.REMOVED.value
            then = found if is_whole else {name: value(found, name) for name in before.keys() | after.keys()}
            _began_with(key, one, then, before)
            found = None if is_whole else changed(found, after)
    return found


def _nothing_stands(key: str, one: Change, found: Document | None) -> None:
    if found is not None:
        detail = (
            f"{_named(key, found)} was closed already when entry {one.position} closed it: in between it was made due"
            " or taken away past the history"
        )
        raise Broken(Place(Tampering.OCCURRENCE_REMOVED, one.position, detail=detail))


def _began_with(key: str, one: Change, then: Document, before: Document) -> None:
    name = differing(then, before)
    if name is not None:
        detail = (
            f"the occurrence {key} was not as it was closed when entry {one.position} came: {name} was"
            f" {before.get(name)}, by the history before that {then.get(name)}"
        )
        raise Broken(Place(Tampering.OCCURRENCE_CHANGED, one.position, detail=detail))


def _named(key: str, said: Document) -> str:
    return f"the occurrence {key} of {said.get('plan_row')}, latest day {said.get('latest')}, {said.get('state')},"
