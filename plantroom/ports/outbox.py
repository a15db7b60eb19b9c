"""Places in the outbox of findings."""

from dataclasses import dataclass
from typing import NamedTuple

from plantroom.domain.findings import Finding, FindingRaised, FindingSource


@dataclass(frozen=True, slots=True)
class QueuedFinding:
    """A finding with its place in the outbox."""

    position: int
    finding: Finding


class Line(NamedTuple):
    """Findings of one asset and failure mode (of devices that the ledger does not know, those of one site)."""

    site: str
    asset: str
    failure_mode: str


class WaitingFinding(NamedTuple):
    """The place of a finding that waits, without what it says. ``safety``: a raised safety finding."""

    position: int
    line: Line
    source: FindingSource
    subject: str
    safety: bool


def place_of(queued: QueuedFinding) -> WaitingFinding:
    """The place of a finding that is there in full."""
    finding = queued.finding
    line = Line(finding.site, finding.asset, finding.failure_mode)
    safety = isinstance(finding, FindingRaised) and finding.safety
    return WaitingFinding(queued.position, line, finding.source, finding.subject, safety)
