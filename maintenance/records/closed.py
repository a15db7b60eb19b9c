"""Closed occurrences of the plan (done, credited, missed, waived) beside what the history says of them. Pure.

Every closing, and every change of what is closed, is an entry; what is only due is none. So the newest entries of an
occurrence say what stands in the table, or that nothing does.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from plantroom.domain.audit import Action
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import Change

CLOSED = "closed_occurrence"
"""What the history calls one. Its key: subject, row lineage and cycle, with slashes."""

Document = dict[str, object]


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
        detail = f"{_named(*held)} is closed in the table, and no entry of the history says so: it was changed past it"
        raise Broken(Place(Tampering.OCCURRENCE_INSERTED, detail=detail))


def _same(key: str, said: Sequence[Change], now: str | None) -> None:
    last = said[-1]
    if now is not None and last.action == Action.CREATED.value and last.after == now:
        return
    then = _folded(said)
    if then is None and now is None:
        return
    if then is None:
        detail = f"{_named(key, now)} is closed in the table, and entry {last.position} says that it was so no more"
        raise Broken(Place(Tampering.OCCURRENCE_INSERTED, last.position, detail=detail))
    if now is None:
        detail = f"{_named(key, json.dumps(then))} is not closed in the table, or is not there any more"
        raise Broken(Place(Tampering.OCCURRENCE_REMOVED, last.position, detail=detail))
    is_ = _document(now)
    for name in sorted(then.keys() | is_.keys()):
        if then.get(name) != is_.get(name):
            detail = (
                f"{_named(key, now)} is not as it was closed: {name} is {is_.get(name)}, by the history up to entry"
                f" {last.position} {then.get(name)}"
            )
            raise Broken(Place(Tampering.OCCURRENCE_CHANGED, last.position, detail=detail))


def _folded(said: Sequence[Change]) -> Document | None:
    """What came of all changes; ``None``: nothing is closed any more."""
    found: Document | None = None
    for one in said:
        if one.action == Action.REMOVED.value:
            found = None
            continue
        after = _document(one.after)
        found = after if one.action == Action.CREATED.value or found is None else _changed(found, after)
    return found


def _changed(found: Document, after: Document) -> Document:
    for name, value in after.items():
        outer, _, inner = name.partition(".")
        part = found.get(outer)
        into, field = (part, inner) if inner and isinstance(part, dict) else (found, name)
        if value is None:
            into.pop(field, None)
        else:
            into[field] = value
    return found


def _document(text: str | None) -> Document:
    """Fields of an entry; of what the program has not written: none."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(key: str, document: str | None) -> str:
    said = _document(document)
    return f"the occurrence {key} of {said.get('plan_row')}, latest day {said.get('latest')}, {said.get('state')},"
