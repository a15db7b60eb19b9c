"""Undoing an import: everything as it was, or a list of what stands in the way.

Of an updated record the fields that the import changed are put back, if nobody has changed them since; of a created one
nothing may have changed, and nothing may have been done with it. An import that is undone stays on record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from maintenance.imports.outcome import Change
from maintenance.imports.problems import Problem, in_words
from maintenance.lifecycle import ENDED
from maintenance.plan import OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import LocalName

IGNORED = frozenset({"version", "password_hash", "abridged"})
"""Fields that say nothing of what people have changed, or that an import never writes."""

WHY = "导入已撤销 / import undone"
_UNSTARTED = (State.SCHEDULED, State.OPEN, State.ACKNOWLEDGED)


Restored = tuple[Change, object | None]
"""A change and the record as it is to be again; ``None``: it was created and is taken away."""


class InUse(Exception):
    """A record that the import created has been used since."""

    def __init__(self, said: LocalName) -> None:
        super().__init__(said.en)
        self.said = said


def refused(change: Change, code: str, said: LocalName | None = None) -> Problem:
    """The entry that names what stands in the way of undoing a change."""
    return Problem(change.sheet, change.row, "", change.code, code, in_words(code, said))


def differing(change: Change, now: object | None) -> list[str]:
    """The fields of a record that somebody has changed since the import: of an updated one those that the import
    changed, of a created one any."""
    if now is None:
        return ["(deleted)"]
    names = [one.name for one in fields(change.after) if one.name not in IGNORED]  # type: ignore[arg-type]
    if change.before is not None:
        names = [name for name in names if getattr(change.before, name) != getattr(change.after, name)]
    return [name for name in names if getattr(now, name) != getattr(change.after, name)]


def conflicts(changes: Sequence[Change], now: Mapping[str, object]) -> list[Problem]:
    """What has been changed since an import, as entries; empty: everything can be put back."""
    found = []
    for change in changes:
        names = differing(change, now.get(change.key))
        if names:
            zh = f"{change.code} 导入后又被更改（{'、'.join(names)}）"
            en = f"{change.code} was changed since the import ({', '.join(names)})"
            found.append(refused(change, "changed_since", LocalName(zh, en)))
    return found


def restored(changes: Sequence[Change], now: Mapping[str, object]) -> list[Restored]:
    """What each record is to be again."""
    return [(one, None if one.before is None else _put_back(one, now[one.key])) for one in changes]


def _put_back(change: Change, now: Any) -> Any:
    """The record as now, with the fields that the import changed as they were before."""
    names = [one.name for one in fields(change.after) if one.name not in IGNORED]  # type: ignore[arg-type]
    values = {
        name: getattr(change.before, name)
        for name in names
        if getattr(change.before, name) != getattr(change.after, name)
    }
    return replace(now, **values)


def withdraw_row(tx: MaintenanceTx, lineage: str, by: str, now: datetime) -> None:
    """Take a plan row away that an import made, with the orders that nobody has begun. Raises ``InUse`` when work on it
    was done or begun."""
    tx.plan.hold()
    occurrences = tx.plan.occurrences_of_row(lineage)
    if any(one.state in {OccurrenceState.DONE, OccurrenceState.CREDITED} for one in occurrences):
        raise InUse(LocalName("该项目已有完成的工作", "work on it has been done"))
    if any(one.state is OccurrenceState.FORMER for one in occurrences):
        raise InUse(LocalName("该项目登记了上次完成日期", "its last completion was entered"))
    for order_id in sorted({one.work_order for one in occurrences if one.work_order is not None}):
        order = tx.orders.lock(order_id)
        if order.state in ENDED:
            continue
        if order.state not in _UNSTARTED:
            raise InUse(LocalName(f"工单 #{order.number} 已开始", f"work order #{order.number} has begun"))
        others = tuple(one for one in order.occurrences if one.key.lineage != lineage)
        if others:
            tx.orders.update(replace(order, occurrences=others), order.version)
        else:
            apply_transition(tx, order.id, State.CANCELLED, now, by, WHY, changes=order)
    tx.plan.remove_row(lineage)
