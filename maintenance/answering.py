"""Which rows answer for a subject, whatever state its machine is in now. Inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import replace

from maintenance.plan import PlanRow
from maintenance.planner import Subject, asset_subject, hour_rows_for, rows_for, site_subject
from maintenance.ports import MaintenanceTx
from plantroom.catalogue import systems
from plantroom.domain.assets import AssetStatus


def subject_of(tx: MaintenanceTx, site: str, key: str) -> Subject:
    """The subject that occurrences of a site name; ``NotFound`` for an asset that is not there any more."""
    found = tx.assets.site(site)
    own = site_subject(found.code, found.name)
    return own if key == own.key else asset_subject(tx.assets.get(key).asset)


def answering(rows: Sequence[PlanRow], subject: Subject) -> list[PlanRow]:
    """Those of a site's rows that hold for a subject, also while it is out of use. O(rows)."""
    if subject.asset is not None:
        subject = asset_subject(replace(subject.asset, status=AssetStatus.IN_SERVICE))
    classes = {key: system.classes for key, system in systems().items()}
    return [*rows_for(rows, subject, classes), *hour_rows_for(rows, subject, classes)]
