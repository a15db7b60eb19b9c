"""The preview of some subjects of one site, from what the ledger holds."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.plan import Occurrence
from maintenance.planner import PreviewItem, Subject, Systems, asset_subject, preview, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from plantroom.domain.assets import Asset, Site


def subjects_of(site: Site, assets: Sequence[Asset]) -> list[Subject]:
    """The site itself and its assets, by code."""
    mine = sorted((a for a in assets if a.site == site.code), key=lambda a: a.code)
    return [site_subject(site.code, site.name), *(asset_subject(a) for a in mine)]


def ledger_preview(
    tx: MaintenanceTx,
    site: Site,
    subjects: Sequence[Subject],
    start: date,
    end: date,
    now: datetime,
    systems: Systems,
) -> list[PreviewItem]:
    """Items with a nominal date in ``start .. end``, by due day; "today" is the site's local day at ``now``."""
    zone = ZoneInfo(site.time_zone)
    only = subjects[0].key if len(subjects) == 1 else None
    history: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in tx.plan.occurrences_of(site.code, only):
        history[occurrence.key.subject].append(occurrence)
    rows = tx.plan.rows(site.code)
    return preview(rows, subjects, history, start, end, local_day(now, zone), systems, zone)
