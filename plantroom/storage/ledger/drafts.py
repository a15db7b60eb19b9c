"""Planned orders in bulk: prepared tuples, one statement for occurrences and one for orders.

The database's key of the occurrences decides. All of a batch are tried at once; only when one of them is there already
(another scheduler was first) are they looked up and the rest is added.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter, itemgetter

import sqlalchemy as sa

from maintenance.plan import OccurrenceState
from maintenance.standings import Added, DraftOccurrence, DraftOrder
from maintenance.work_orders import ChecklistItem, Origin
from plantroom.domain.assets import Severity
from plantroom.errors import Conflict
from plantroom.ports.ledger import Contended
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.audit_hook import note_copied
from plantroom.storage.ledger.backend import Backend, Lock, Plain
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.tables_standings import checklist_templates
from plantroom.storage.ledger.work import Work, chunks

_OCCURRENCES = (
    "lineage", "subject", "cycle", "site", "plan_row", "nominal_date", "earliest", "latest", "state", "work_order",
)  # fmt: skip
_ORDERS = (
    "id", "number", "site", "kind", "origin", "state", "ended", "title_zh", "title_en", "severity", "safety", "asset",
    "department", "due", "due_order", "earliest", "opened_at", "reopened", "reason_zh", "reason_en", "first_checks",
    "tags", "occurrences", "template", "answers", "version",
)  # fmt: skip
_STATE = _OCCURRENCES.index("state")
_MISSED = OccurrenceState.MISSED.value
_DUE, _PLAN, _GENERAL = OccurrenceState.DUE.value, Origin.PLAN.value, Severity.GENERAL.value


def freeze(work: Work, templates: Sequence[Sequence[ChecklistItem]]) -> list[str]:
    """Keep checklists; gives the key of each. Looked up first, so that nobody waits for somebody else's insert of one
    that is there."""
    texts = [dump(tuple(items)) for items in templates]
    keys = [key_of(text) for text in texts]
    wanted = dict(zip(keys, texts, strict=True))
    c = checklist_templates.c
    for some in chunks(sorted(wanted)):
        for known in work.connection.execute(sa.select(c.sha256).where(c.sha256.in_(some))).scalars():
            del wanted[known]
    if wanted:
        insert = work.backend.insert(checklist_templates).on_conflict_do_nothing()
        work.connection.execute(insert, [{"sha256": key, "items": wanted[key]} for key in sorted(wanted)])
    return keys


def key_of(text: str) -> str:
    """The key of a checklist's JSON text."""
    return hashlib.sha256(text.encode()).hexdigest()


class Drafts:
    """Adds planned orders of a site in one transaction."""

    def __init__(self, work: Work, site: str) -> None:
        self._work, self._backend, self._site = work, work.backend, site
        self._json, self._instants = _Json(), _Instants(work.backend)

    def add(self, drafts: Sequence[DraftOrder], records: Sequence[DraftOccurrence]) -> Added:
        """As ``PlanRepository.add_drafts``. Schedulers go one by one from here to their commit."""
        if not drafts and not records:
            return Added((), 0)
        connection = self._work.connection
        self._backend.lock(connection, Lock.OCCURRENCES)
        try:
            with connection.begin_nested():
                self._add_occurrences(drafts, records)
        except Contended:
            raise
        except Conflict:
            known = self._known([*(o for draft in drafts for o in draft.occurrences), *records])
            drafts = _without(drafts, known)
            records = [record for record in records if record[:3] not in known]
            self._add_occurrences(drafts, records)
        # By due day, as most indexes of orders are: a fifth of the time less than by subject.
        drafts = sorted(drafts, key=attrgetter("due"))
        numbers = self._backend.take_numbers(connection, len(drafts)) if drafts else []
        with self._work.together():
            self._backend.insert_plain(connection, t.work_orders.name, _ORDERS, self._orders(drafts, numbers))
        return Added(list(zip(drafts, numbers, strict=True)), len(records))

    def _add_occurrences(self, drafts: Sequence[DraftOrder], records: Sequence[DraftOccurrence]) -> None:
        site = self._site
        rows: list[tuple[Plain, ...]] = [
            (o.lineage, o.subject, o.cycle, site, o.plan_row, o.nominal, o.earliest, o.latest, _DUE, d.id)
            for d in drafts
            for o in d.occurrences
        ]
        rows += [
            (o.lineage, o.subject, o.cycle, site, o.plan_row, o.nominal, o.earliest, o.latest, _MISSED, None)
            for o in records
        ]
        rows.sort(key=itemgetter(1, 0, 2))
        self._backend.insert_plain(self._work.connection, t.occurrences.name, _OCCURRENCES, rows)
        closed = [dict(zip(_OCCURRENCES, row, strict=True)) for row in rows if row[_STATE] != _DUE]
        note_copied(self._work.connection, t.occurrences, closed)

    def _known(self, occurrences: Sequence[DraftOccurrence]) -> set[tuple[str, str, int]]:
        o = t.occurrences.c
        columns = (o.lineage, o.subject, o.cycle)
        known: set[tuple[str, str, int]] = set()
        for some in chunks(sorted(one[:3] for one in occurrences), 2000):
            statement = sa.select(*columns).where(self._backend.among(columns, some))
            known.update((row[0], row[1], row[2]) for row in self._work.connection.execute(statement))
        return known

    def _orders(self, drafts: Sequence[DraftOrder], numbers: Sequence[int]) -> list[tuple[Plain, ...]]:
        json, instants = self._json, self._instants
        return [
            (
                d.id, number, self._site, d.kind, _PLAN, d.state, 0, d.title_zh, d.title_en, _GENERAL, 0, d.asset,
                d.department, instants[d.due], instants[d.due], d.earliest, instants[d.opened_at], 0, d.reason_zh,
                d.reason_en, "[]", dump(d.tags) if d.tags else "[]", _shown(d.occurrences, json), d.template, "{}", 1,
            )
            for d, number in zip(drafts, numbers, strict=True)
        ]  # fmt: skip


def _without(drafts: Sequence[DraftOrder], known: set[tuple[str, str, int]]) -> list[DraftOrder]:
    """The orders with those of their occurrences that are not there yet."""
    left: list[DraftOrder] = []
    for draft in drafts:
        mine = tuple(o for o in draft.occurrences if o[:3] not in known)
        if mine:
            left.append(draft if len(mine) == len(draft.occurrences) else draft._replace(occurrences=mine))
    return left


class _Json(dict[str, str]):
    """Texts as JSON, each made once."""

    def __missing__(self, text: str) -> str:
        found = self[text] = dump(text)
        return found


class _Instants(dict[datetime | None, Plain]):
    """Instants as the database takes them, each made once."""

    def __init__(self, backend: Backend) -> None:
        self._plain = backend.plain_instant

    def __missing__(self, instant: datetime | None) -> Plain:
        found = self[instant] = None if instant is None else self._plain(instant)
        return found


def _shown(occurrences: Sequence[DraftOccurrence], json: _Json) -> str:
    """As ``dump`` writes ``WorkOrder.occurrences``; a test compares."""
    shown = [
        f'{{"key":{{"lineage":{json[lineage]},"subject":{json[subject]},"cycle":{cycle}}},'
        f'"plan_row":{json[code]},"nominal_date":"{nominal}","due":"{latest}"}}'
        for lineage, subject, cycle, code, nominal, _, latest in occurrences
    ]
    return f"[{','.join(shown)}]"
