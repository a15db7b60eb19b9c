"""What plan rows go by beside their calendar: the site's seasons, meters, what has been noticed. Pure data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from maintenance.meters import Meter
from maintenance.rests import Rest
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import ALWAYS_OPEN, SiteCalendar


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a failure mode was seen on an asset: an episode's beginning. ``name`` is the mode's."""

    failure_mode: str
    observed_at: datetime
    name: LocalName


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one subject: its site's calendar, its meters by point key, its sightings, oldest first,
    its times out of use."""

    calendar: SiteCalendar = ALWAYS_OPEN
    meters: Mapping[str, Meter] = field(default_factory=dict)
    sightings: Sequence[Sighting] = ()
    rests: Sequence[Rest] = ()


NO_FACTS = Facts()
"""Of a subject of which nothing is known but its calendar rows."""
