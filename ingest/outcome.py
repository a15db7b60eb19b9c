"""What a batch of messages comes to: what was read of it, and what it leaves behind in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.arrivals import Arrivals
from ingest.columns import Columns
from ingest.dialects.decoded import Decoded
from ingest.dialects.dialect import Request
from ingest.presence import PresenceNote
from ingest.rejections import UNKNOWN_POINT, Rejection
from plantroom.domain.assets import Presence
from plantroom.domain.findings import Finding
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.events import AssetEvent
from plantroom.ports.gaps import GapNews, GapsGone
from plantroom.ports.ledger import HealthChange, LedgerTx
from plantroom.ports.letters import DeadLetter


@dataclass(slots=True)
class Outcome:
    """What a batch leaves behind in the ledger. ``replayed``: messages whose letters are answered by it."""

    findings: list[Finding] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    events: list[AssetEvent] = field(default_factory=list)
    health: list[HealthChange] = field(default_factory=list)
    gaps: list[GapNews | GapsGone] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)
    clocks: list[DeviceClock] = field(default_factory=list)

    def take(self, other: "Outcome") -> None:
        """Add what another one holds."""
        self.findings += other.findings
        self.letters += other.letters
        self.events += other.events
        self.health += other.health
        self.gaps += other.gaps
        self.clocks += other.clocks

    def __bool__(self) -> bool:
        parts = (self.findings, self.letters, self.events, self.health, self.gaps, self.replayed, self.clocks)
        return any(parts)


@dataclass(slots=True)
class Read:
    """The telemetry of a batch in columns (one set per dialect), with all that could not be read. ``duplicates`` and
    ``retained`` are readings that were left out, ``requests`` is what is to be published to devices, ``heard`` and
    ``words`` what sources say of presence, ``gone`` numbers that publishers no longer have, ``passed_over`` as in
    ``ingest.mapping.Mapped``."""

    columns: list[Columns] = field(default_factory=list)
    decoded: list[tuple[Decoded, Arrivals]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: int = 0
    retained: int = 0
    requests: list[Request] = field(default_factory=list)
    heard: list[Arrivals] = field(default_factory=list)
    words: list[tuple[str, Presence, int, bool]] = field(default_factory=list)
    gone: list[GapsGone] = field(default_factory=list)
    passed_over: dict[int, list[str]] = field(default_factory=dict)

    def take(self, columns: Columns) -> None:
        """Add a set of columns, and what was left out of it."""
        self.columns.append(columns)
        self.duplicates += columns.duplicates
        self.retained += columns.retained

    def misses_points(self) -> bool:
        """Whether a point was named that the plant, as the pipeline knows it, does not have."""
        return any(rejection.reason == UNKNOWN_POINT for rejection in self.rejections)


def write_outcome(tx: LedgerTx, site: str, outcome: Outcome, notes: Sequence[PresenceNote]) -> None:
    """All that came of a batch, and changes of presence, inside one transaction."""
    changes = {note.change.asset: note.change for note in notes if note.change is not None}
    findings = [*outcome.findings, *(note.finding for note in notes if note.finding is not None)]
    if outcome.replayed:
        tx.collect.discard_messages(outcome.replayed)
    if outcome.letters:
        tx.collect.add_dead_letters(outcome.letters)
    if outcome.events:
        tx.collect.add_events(outcome.events)
    if outcome.health:
        tx.collect.put_health(outcome.health)
    if outcome.clocks:
        tx.collect.put_clocks(outcome.clocks)
    if changes:
        tx.collect.put_presence(list(changes.values()))
    if outcome.gaps:
        tx.gaps.note(site, outcome.gaps)
    if findings:
        tx.collect.append_findings(findings)
