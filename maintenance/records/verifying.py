"""The whole history looked at: the chain, the heads inside and outside the ledger, the frozen records, that the
occurrences of the plan that are closed stand as they were closed, that the rows of the ledger and the versions of the
plan's are what the history says of them, that due occurrences and orders say the same, and the bytes of files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from maintenance.ports import MaintenanceTx
from maintenance.records.clocks import TABLE as CLOCKS
from maintenance.records.clocks import clocks_as_said
from maintenance.records.closed import CLOSED, as_entered
from maintenance.records.model import Addendum, Record, sealed_addendum
from maintenance.records.named_files import as_named
from maintenance.records.standing import rows_as_entered
from maintenance.records.versions import TABLE, versions_as_entered
from plantroom.domain.audit import Head, sha256
from plantroom.domain.audit_verify import Broken, Examined, Place, Tampering, examine
from plantroom.ports.files import FileStore
from plantroom.ports.ledger import Ledger

RECORD, ADDENDUM, PLAN_ROW = "record", "addendum", "plan_row"
"""What the history calls them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it. ``broken``: the first place where the history is not as it was, ``None``: there is none.
    ``seen`` is what was looked at (up to that place). ``heads``: how many were given from outside."""

    broken: Place | None
    seen: Examined | None
    heads: int


def verify(ledger: Ledger[MaintenanceTx], heads: Sequence[Head] = (), files: FileStore | None = None) -> Verdict:
    """Look at everything in one state of the ledger, while others go on writing. ``heads`` are those kept outside;
    ``files``: the bytes of the files that the ledger names are read, too, once it has been looked at."""
    with ledger.read() as tx:
        verdict = verify_in(tx, heads)
        named = list(tx.audit.named_files()) if files is not None and verdict.seen is not None else []
    if files is None or verdict.seen is None:
        return verdict
    try:
        as_named(named, files, verdict.seen)
    except Broken as broken:
        return Verdict(broken.place, None, len(heads))
    return verdict


def verify_in(tx: MaintenanceTx, heads: Sequence[Head]) -> Verdict:
    """As ``verify``, of what a transaction sees."""
    try:
        seen = _examined(tx, heads)
    except Broken as broken:
        return Verdict(broken.place, None, len(heads))
    return Verdict(None, seen, len(heads))


def _examined(tx: MaintenanceTx, heads: Sequence[Head]) -> Examined:
    entries = tx.audit.entries()
    seen = examine(tx.audit.ledger_id(), tx.audit.seals(), entries, heads, frozenset({RECORD, ADDENDUM}))
    _own_heads(tx, seen, heads)
    _frozen(tx, seen)
    seen.occurrences = as_entered(tx.audit.of_entity(CLOSED), tx.plan.closed_as_kept())
    seen.not_compared = dict(tx.audit.not_compared())
    for table in tx.audit.kept_tables():
        seen.rows[table.name] = rows_as_entered(
            table, tx.audit.changes_of(table.entity), tx.audit.rows_of(table.entity)
        )
    seen.due = tx.audit.linked()
    seen.rows[CLOCKS] = clocks_as_said(tx)
    seen.rows[TABLE] = versions_as_entered(tx.audit.changes_of(PLAN_ROW), tx.plan.versions_as_kept())
    return seen


def _frozen(tx: MaintenanceTx, seen: Examined) -> None:
    """Records and addenda are what their entries say."""
    left = dict(seen.frozen)
    for record in tx.records.all_records():
        seen.records += 1
        _as_entered(left, RECORD, record, "document")
        if sha256(record.document) != record.sha256:
            _wrong(Tampering.RECORD_CHANGED, RECORD, record.id, record.frozen_at, f"record of #{record.number}")
    for addendum in tx.records.all_addenda():
        seen.addenda += 1
        _as_entered(left, ADDENDUM, addendum)
        if sealed_addendum(addendum) != addendum.sha256:
            _wrong(Tampering.RECORD_CHANGED, ADDENDUM, addendum.id, addendum.recorded_at, "its own digest")
    for (entity, key), (position, _) in sorted(left.items(), key=lambda one: one[1]):
        detail = f"the {entity} {key}, made by entry {position}, is not there any more"
        raise Broken(Place(Tampering.RECORD_REMOVED, position, detail=detail))


def _as_entered(
    left: dict[tuple[str, str], tuple[int, str]], entity: str, item: Record | Addendum, *without: str
) -> None:
    """Compare with the entry that was made together with it."""
    at = item.frozen_at if isinstance(item, Record) else item.recorded_at
    entered = left.pop((entity, item.id), None)
    if entered is None:
        detail = f"the {entity} {item.id} is in no entry of the history: it was put in past it"
        raise Broken(Place(Tampering.RECORD_INSERTED, at=at, detail=detail))
    position, document = entered
    said: dict[str, object] = json.loads(document)
    stored = {f.name: _plain(getattr(item, f.name)) for f in fields(item)}
    now = {name: value for name, value in stored.items() if value is not None}
    for name in sorted((said.keys() | now.keys()) - set(without)):
        if said.get(name) != now.get(name):
            _wrong(Tampering.RECORD_CHANGED, entity, item.id, at, name, position)


def _wrong(what: Tampering, entity: str, key: str, at: datetime, part: str, position: int | None = None) -> None:
    detail = f"the {entity} {key} is not what was frozen ({part})"
    raise Broken(Place(what, position, at=at, detail=detail))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _own_heads(tx: MaintenanceTx, seen: Examined, outside: Sequence[Head]) -> None:
    """The heads that the ledger itself holds must be those outside, and of its chain."""
    own = tx.audit.heads()
    lost = [head for head in outside if head not in own]
    if lost:
        detail = f"the ledger does not hold the head that was published on {lost[0].date}"
        raise Broken(Place(Tampering.HEAD_CHANGED, lost[0].position, lost[0].seal, lost[0].sealed_at, detail))
    for head in own:
        if (
            seen.ends.get(head.seal) != (head.position, head.sealed_at, head.digest)
            or head.ledger != tx.audit.ledger_id()
        ):
            detail = f"the head of {head.date} in the ledger is not of its chain"
            raise Broken(Place(Tampering.HEAD_CHANGED, head.position, head.seal, head.sealed_at, detail))
