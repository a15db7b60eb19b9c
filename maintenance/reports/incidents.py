"""The incidents of a month as owners hear of them: what, when and how far, without names."""

from collections.abc import Sequence

from maintenance.figures.groups import Period
from maintenance.incidents.model import STAGES
from maintenance.incidents.ports import IncidentFilter
from maintenance.ports import MaintenanceTx
from maintenance.reports.monthly import IncidentLine
from maintenance.reports.owners_words import in_owners_words, kinds_of_fault
from plantroom.ports.paging import PageRequest

MOST = 200


def incidents_of(tx: MaintenanceTx, site: str, period: Period) -> Sequence[IncidentLine]:
    """Those reported in the period, oldest first, at most 200."""
    wanted = IncidentFilter(site=site, begins=period.begins, ends=period.ends)
    found = tx.incidents.list(wanted, PageRequest(limit=MOST)).items
    tickets = [tx.orders.get(one.work_order) for one in found if one.work_order is not None]
    kinds = kinds_of_fault(tx, [one.id for one in tickets if in_owners_words(one)])
    return [
        IncidentLine(
            one.code,
            kinds.get(one.work_order or "", one.title),
            one.severity.value,
            one.reported_at,
            STAGES[one.stage],
        )
        for one in reversed(found)
    ]
