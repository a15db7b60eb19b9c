"""What was done last before Plantroom of the rows of an inspection pack, and by whose word."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from maintenance.former import DONE_BY, RECORD_OF, entered_on
from maintenance.plan import Occurrence, OccurrenceState
from maintenance.ports import MaintenanceTx, OccurrenceFilter
from maintenance.records.closed import CLOSED
from plantroom.domain.authorship import AuthorKind
from plantroom.ports.audit import AuditFilter
from plantroom.ports.paging import PageRequest

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FormerLine:
    """One row on one subject (its key): when, by whom, where that is written; entered when and by whom."""

    subject: str
    plan_row: str
    day: date
    done_by: str
    record: str
    entered_on: date
    entered_by: str


def former_lines(
    tx: MaintenanceTx, site: str, assets: Collection[str], own: tuple[str, Collection[str]]
) -> list[FormerLine]:
    """Of some assets, and of some rows (lineages) of the site itself as a subject: ``own``. By day."""
    itself, lineages = own
    found = [
        one
        for one in _all(tx, site)
        if one.key.subject in assets or (one.key.subject == itself and one.key.lineage in lineages)
    ]
    said = [_entered_by(tx, one) for one in found]
    names = tx.report_store.names({by for by in said if by})
    return [_line(one, names.get(by, by)) for one, by in zip(found, said, strict=True)]


def _all(tx: MaintenanceTx, site: str) -> Iterator[Occurrence]:
    wanted, cursor = OccurrenceFilter(site=site, state=OccurrenceState.FORMER.value), None
    while True:
        page = tx.plan.list_occurrences(wanted, PageRequest(_AT_ONCE, cursor, sort="latest"))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _line(one: Occurrence, by: str) -> FormerLine:
    evidence = one.evidence or {}
    done_by, record = str(evidence.get(DONE_BY, "")), str(evidence.get(RECORD_OF, ""))
    return FormerLine(one.key.subject, one.plan_row, one.latest, done_by, record, entered_on(one), by)


def _entered_by(tx: MaintenanceTx, one: Occurrence) -> str:
    """Whose word it is: who entered it, or changed it last; not the planner, who has seen it."""
    key = f"{one.key.subject}/{one.key.lineage}/{one.key.cycle}"
    said = tx.audit.list(AuditFilter(entity=CLOSED, key=key), PageRequest(limit=100)).items
    return next((entry.by for entry in said if entry.by_kind != AuthorKind.SYSTEM.value), "")
