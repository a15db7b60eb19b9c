"""Planned work that is not to be done any more: it has not been missed. Inside the caller's transaction.

That is so of work on a machine that is out of service or scrapped, and of work of a row that has ended. Whatever else
is cancelled was due, and nobody has done it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.plan import Occurrence, OccurrenceState
from maintenance.planner import replaced_from
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.rests import AT_REST
from plantroom.errors import NotFound

RESTED = "out of service on the last day"
"""Why an order is cancelled whose time was over while its machine was out of use."""


def ended_with_order(
    tx: MaintenanceTx, occurrences: Sequence[Occurrence], asset: str | None, at: datetime
) -> list[Occurrence]:
    """Those of a cancelled order's occurrences, as waived, that nothing asked for any more at ``at``."""
    if not occurrences:
        return []
    if asset is not None and _is_at_rest(tx, asset, at):
        return [_waived(one) for one in occurrences]
    rows = tx.plan.rows(occurrences[0].site)
    ends = replaced_from(rows)
    known = {row.lineage: row for row in rows}
    today = local_day(at, ZoneInfo(tx.assets.site(occurrences[0].site).time_zone))
    found = []
    for one in occurrences:
        row = known.get(one.key.lineage)
        end = None if row is None else ends.get(row.code)
        if row is None or (end is not None and end <= today):
            found.append(_waived(one))
    return found


def _is_at_rest(tx: MaintenanceTx, asset: str, at: datetime) -> bool:
    if any(rest.holds(at) for rest in tx.rests.of([asset]).get(asset, ())):
        return True
    try:
        return tx.assets.get(asset).asset.status in AT_REST
    except NotFound:
        return True


def _waived(one: Occurrence) -> Occurrence:
    return replace(one, state=OccurrenceState.WAIVED)


def by_order(occurrences: Sequence[Occurrence]) -> dict[str | None, list[Occurrence]]:
    """Occurrences by the order that carries them."""
    found: defaultdict[str | None, list[Occurrence]] = defaultdict(list)
    for one in occurrences:
        found[one.work_order].append(one)
    return dict(found)
