"""Episodes: the findings of one asset and failure mode over time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plantroom.domain.assets import Severity
from plantroom.domain.findings import Evidence, FindingSource


class EpisodeState(StrEnum):
    """Whether the condition still holds."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Episode:
    """Findings of one asset and failure mode; at most one ticket.

    ``open_subjects`` are the (source, subject) pairs raised and not yet cleared; the episode closes when none
    is left. ``opened_observed_at`` is when the first finding was observed, ``opened_at`` when we learned of it.
    ``acknowledged_by`` is the person who has taken note of all that stands; what comes anew takes it away.
    """

    id: str
    site: str
    asset: str
    failure_mode: str
    source: FindingSource
    state: EpisodeState
    severity: Severity
    safety: bool
    opened_observed_at: datetime
    opened_at: datetime
    last_observed_at: datetime
    closed_at: datetime | None = None
    closed_observed_at: datetime | None = None
    work_order: str | None = None
    open_subjects: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tags: tuple[str, ...] = ()
    detail: dict[str, object] | None = None
    findings: int = 1
    version: int = 1
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
