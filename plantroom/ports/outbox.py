"""Places in the outbox of findings."""

from dataclasses import dataclass
from typing import NamedTuple

from plantroom.domain.findings import Finding


@dataclass(frozen=True, slots=True)
class QueuedFinding:
    """A finding with its place in the outbox."""

    position: int
    finding: Finding


class Line(NamedTuple):
    """Findings that go one behind the other: those of one asset and failure mode (of devices that the ledger does not
    know, those of one site)."""

    site: str
    asset: str
    failure_mode: str


class WaitingFinding(NamedTuple):
    """The place of a finding that waits, without what it says. ``safety``: a raised safety finding."""

    position: int
    line: Line
    safety: bool


def line_of(finding: Finding) -> Line:
    """Behind which others a finding goes."""
    return Line(finding.site, finding.asset, finding.failure_mode)
