"""Findings: something noticed about an asset, raised or cleared. Only ``maintenance`` acts on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from plantroom.domain.assets import Severity

PLACE = ("zone", "loop", "point", "address", "detector", "input")
"""Words in an event's data that say where in its device it was: they are kept of data that is too large, as far as they
fit."""


class FindingSource(StrEnum):
    """Who noticed."""

    MODEL = "model"
    LIMIT = "limit"
    RULE = "rule"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One point's share in a finding: ``contribution`` in 0..1, all shares of a finding sum to 1 or less.

    ``value`` is what was seen, ``expected`` what the baseline or the limit says, both in the point's unit.
    """

    point: str
    contribution: float
    value: float | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class FindingRaised:
    """Something is wrong. ``finding_id`` is derived from the message, so that processing the same
    message again gives the same id and nothing doubles.

    ``subject`` tells findings of one mode apart inside the source that raised them (a point, an event);
    ``detail`` carries what a ticket shows: the event's name and data, tags (``late``, ``under_maintenance``),
    the score, confidence. ``asset`` is empty for a safety event of a device that the ledger does not know; what it
    called itself is ``detail["code"]`` then.
    """

    finding_id: str
    site: str
    asset: str
    failure_mode: str
    source: FindingSource
    severity: Severity
    safety: bool
    observed_at: datetime
    received_at: datetime
    subject: str = ""
    evidence: tuple[Evidence, ...] = ()
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingCleared:
    """What was raised under the same asset, mode, source and subject is over."""

    finding_id: str
    site: str
    asset: str
    failure_mode: str
    source: FindingSource
    observed_at: datetime
    received_at: datetime
    subject: str = ""


Finding = FindingRaised | FindingCleared
