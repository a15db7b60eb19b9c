"""Lists of occurrences, page by page."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maintenance.plan import Occurrence
from maintenance.ports import OccurrenceFilter
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.occurrence_rows import OCCURRENCE_COLUMNS, occurrence_of
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.work import in_scope, one_of

_o = t.occurrences.c
_KEY = (_o.lineage, _o.subject, _o.cycle)
_SORTS: Mapping[str, Keys] = {
    "nominal_date": (_o.nominal_date, *_KEY),
    "latest": (_o.latest, *_KEY),
}


def list_occurrences(connection: Connection, wanted: OccurrenceFilter, page: PageRequest) -> Page[Occurrence]:
    """As ``PlanRepository.list_occurrences``."""
    conditions = in_scope(_o.site, wanted.scope, wanted.site)
    if wanted.subject is not None:
        conditions.append(_o.subject == wanted.subject)
    if wanted.plan_row is not None:
        conditions.append(_o.plan_row == wanted.plan_row)
    if wanted.state is not None:
        conditions.append(one_of(_o.state, wanted.state))
    if wanted.start is not None:
        conditions.append(_o.nominal_date >= wanted.start)
    if wanted.end is not None:
        conditions.append(_o.nominal_date <= wanted.end)
    statement = sa.select(*OCCURRENCE_COLUMNS).where(*conditions)
    return fetch_page(connection, statement, _SORTS, "nominal_date", page, occurrence_of)
