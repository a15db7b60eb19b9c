"""Planned orders in bulk: prepared tuples, one statement for occurrences and one for orders.

The database's key of the occurrences decides. All of a batch are tried at once; only when one of them is there already
(another scheduler was first) are they looked up and the rest is added.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import orjson
import sqlalchemy as sa

from maintenance.plan import OccurrenceKey, OccurrenceState
from maintenance.standings import DraftOrder
from maintenance.work_orders import ChecklistItem, Origin
from plantroom.domain.assets import Severity
from plantroom.errors import Conflict
from plantroom.ports.ledger import Contended
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.backend import Lock, Plain
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
    """Adds planned orders in one transaction."""

    def __init__(self, work: Work) -> None:
        self._work, self._backend = work, work.backend
        self._days: dict[date, str] = {}
        self._instants: dict[datetime, Plain] = {}

    def add(self, drafts: Sequence[DraftOrder]) -> list[tuple[DraftOrder, int]]:
        """As ``PlanRepository.add_drafts``. Schedulers go one by one from here to their commit."""
        if not drafts:
            return []
        connection = self._work.connection
        self._backend.lock(connection, Lock.OCCURRENCES)
        try:
            with connection.begin_nested():
                self._add_occurrences(drafts)
        except Contended:
            raise
        except Conflict:
            drafts = self._without(drafts, self._known(drafts))
            self._add_occurrences(drafts)
        numbers = self._backend.take_numbers(connection, len(drafts)) if drafts else []
        orders = [self._order(draft, number) for draft, number in zip(drafts, numbers, strict=True)]
        self._backend.insert_plain(connection, t.work_orders.name, _ORDERS, orders)
        return list(zip(drafts, numbers, strict=True))

    def _add_occurrences(self, drafts: Sequence[DraftOrder]) -> None:
        day, due = self._day, OccurrenceState.DUE.value
        rows: list[tuple[Plain, ...]] = [
            (
                o.lineage,
                o.subject,
                o.cycle,
                d.site,
                o.plan_row,
                day(o.nominal),
                day(o.earliest),
                day(o.latest),
                due,
                d.id,
            )
            for d in drafts
            for o in d.occurrences
        ]
        rows.sort(key=lambda row: row[:3])
        self._backend.insert_plain(self._work.connection, t.occurrences.name, _OCCURRENCES, rows)

    def _known(self, drafts: Sequence[DraftOrder]) -> set[OccurrenceKey]:
        o, known = t.occurrences.c, set()
        columns = (o.lineage, o.subject, o.cycle)
        keys = sorted((x.lineage, x.subject, x.cycle) for d in drafts for x in d.occurrences)
        for some in chunks(keys, 2000):
            statement = sa.select(*columns).where(self._backend.among(columns, some))
            known.update(OccurrenceKey(*row) for row in self._work.connection.execute(statement))
        return known

    def _without(self, drafts: Sequence[DraftOrder], known: set[OccurrenceKey]) -> list[DraftOrder]:
        left: list[DraftOrder] = []
        for draft in drafts:
            mine = tuple(o for o in draft.occurrences if OccurrenceKey(o.lineage, o.subject, o.cycle) not in known)
            if mine:
                left.append(draft if len(mine) == len(draft.occurrences) else draft._replace(occurrences=mine))
        return left

    def _day(self, day: date) -> str:
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = day.isoformat()
        return found

    def _instant(self, instant: datetime | None) -> Plain:
        if instant is None:
            return None
        found = self._instants.get(instant)
        if found is None:
            found = self._instants[instant] = self._backend.plain_instant(instant)
        return found

    def _order(self, d: DraftOrder, number: int) -> tuple[Plain, ...]:
        day, due = self._day, self._instant(d.due)
        shown = [
            {
                "key": {"lineage": o.lineage, "subject": o.subject, "cycle": o.cycle},
                "plan_row": o.plan_row,
                "nominal_date": day(o.nominal),
                "due": day(o.latest),
            }
            for o in d.occurrences
        ]
        return (
            d.id, number, d.site, d.kind, Origin.PLAN.value, d.state, 0, d.title_zh, d.title_en,
            Severity.GENERAL.value, 0, d.asset, d.department, due, due, day(d.earliest),
            self._instant(d.opened_at), 0, d.reason_zh, d.reason_en, "[]", _TAGS.get(d.tags) or dump(d.tags),
            orjson.dumps(shown).decode(), d.template, "{}", 1,
        )  # fmt: skip


_TAGS: Mapping[tuple[str, ...], str] = {(): "[]"}
