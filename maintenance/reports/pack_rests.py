"""When the machines of an inspection pack were out of service or scrapped, and by whose word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import Asset
from plantroom.ports.audit import AuditFilter
from plantroom.ports.paging import PageRequest


@dataclass(frozen=True, slots=True)
class RestLine:
    """One time out of use. ``until`` of ``None``: it goes on; who said so is empty where the history does not know."""

    machine: str
    since: datetime
    until: datetime | None
    begun_by: str
    ended_by: str


def rest_lines(tx: MaintenanceTx, assets: Sequence[Asset], begins: datetime, ends: datetime) -> list[RestLine]:
    """Those that lie in a period in part or as a whole, by machine, oldest first. One statement for each."""
    known = tx.rests.of([one.key for one in assets])
    found: list[tuple[str, datetime, datetime | None, str, str]] = []
    for asset in assets:
        for rest in known.get(asset.key, ()):
            if rest.since < ends and (rest.until is None or rest.until >= begins):
                began, ended = _by(tx, rest.id)
                found.append((asset.code, rest.since, rest.until, began, "" if rest.until is None else ended))
    names = tx.report_store.names({by for line in found for by in line[3:] if by})
    return [RestLine(*line[:3], *(names.get(by, by) for by in line[3:])) for line in found]


def _by(tx: MaintenanceTx, rest: str) -> tuple[str, str]:
    """Who made the entry, and who changed it last."""
    said = tx.audit.list(AuditFilter(entity="rest", key=rest), PageRequest(limit=1000)).items
    made = next((one.by for one in said if one.before is None), "")
    return made, next((one.by for one in said if one.before is not None), "")
