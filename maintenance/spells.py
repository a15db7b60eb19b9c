"""Maintenance of a machine by hand: for so long, with a reason. What it does stands in ``maintenance.by_hand``."""

from dataclasses import dataclass
from datetime import datetime

from plantroom.domain.assets import AssetStatus


@dataclass(frozen=True, slots=True)
class Spell:
    """One time under maintenance that somebody has declared. It lasts until ``until``, or until it was ended; then the
    asset goes back to the status ``found``."""

    id: str
    site: str
    asset: str
    reason: str
    by: str
    at: datetime
    until: datetime
    found: AssetStatus
    ended_at: datetime | None = None
    ended_by: str | None = None
