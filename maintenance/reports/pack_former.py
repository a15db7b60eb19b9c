"""What was done last before Plantroom of the rows of an inspection pack, and by whose word."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from maintenance.former import DONE_BY, ENTERED_BY, RECORD_OF, entered_on
from maintenance.plan import Occurrence, OccurrenceState
from maintenance.ports import MaintenanceTx, OccurrenceFilter
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
        for one in _all(tx, site, *(assets if len(assets) == 1 and not lineages else ()))
        if one.key.subject in assets or (one.key.subject == itself and one.key.lineage in lineages)
    ]
    names = tx.report_store.names({_said(one, ENTERED_BY) for one in found})
    return [_line(one, names) for one in found]


def _all(tx: MaintenanceTx, site: str, subject: str | None = None) -> Iterator[Occurrence]:
    wanted, cursor = OccurrenceFilter(site=site, subject=subject, state=OccurrenceState.FORMER.value), None
    while True:
        page = tx.plan.list_occurrences(wanted, PageRequest(_AT_ONCE, cursor, sort="latest"))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _line(one: Occurrence, names: Mapping[str, str]) -> FormerLine:
    by = _said(one, ENTERED_BY)
    return FormerLine(
        one.key.subject, one.plan_row, one.latest, _said(one, DONE_BY), _said(one, RECORD_OF), entered_on(one),
        names.get(by, by),
    )  # fmt: skip


def _said(one: Occurrence, name: str) -> str:
    return str((one.evidence or {}).get(name, ""))
