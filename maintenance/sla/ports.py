"""Port of what the SLA clocks keep in the ledger. It belongs to the ledger's transaction."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from maintenance.sla.clocks import Clock
from maintenance.sla.policy import Policies, PolicyVersion
from maintenance.sla.steps import StepDone
from maintenance.sla.words import Mark
from maintenance.work_orders import WorkOrder
from plantroom.ports.paging import Scope


@dataclass(frozen=True, slots=True)
class StoredClock:
    """A clock at rest (``maintenance.sla.keeping.at_rest``) with what the ledger looks for: when it is known whether it
    was kept (``decided_at``), and when it has to be looked at again (``wake_at``)."""

    clock: Clock
    decided_at: datetime | None
    wake_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptCount:
    """How many clocks of a severity and kind were decided in a period, and how. ``seconds`` and ``paused_s`` are sums
    of those that have stopped: their whole time, and what of it they stood still."""

    severity: str
    kind: str
    total: int
    target_met: int
    limit_met: int
    breached: int
    void: int
    stopped: int
    seconds: float
    paused_s: float


class SlaRepository(ABC):
    """Marks, policies, clocks and steps."""

    @abstractmethod
    def add_mark(self, mark: Mark) -> None:
        """Keep a word on an order. Marks are never changed."""

    @abstractmethod
    def marks(self, order_id: str) -> Sequence[Mark]:
        """An order's marks in the order in which they were heard."""

    @abstractmethod
    def marks_of(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Mark]]:
        """As ``marks``, of those orders that have any; one query for each thousand."""

    @abstractmethod
    def policies(self, site: str) -> Policies:
        """What was promised on a site through time; read once in a transaction."""

    @abstractmethod
    def policy_versions(self, site: str | None) -> Sequence[PolicyVersion]:
        """What was set for one site, or (``None``) for every site, the oldest first."""

    @abstractmethod
    def add_policy(self, version: PolicyVersion) -> None:
        """``VersionConflict`` when that version is there already, ``NotFound`` for an unknown site."""

    @abstractmethod
    def clocks_of(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Clock]]:
        """The clocks at rest of those orders that have any, by kind and cycle; one query for each thousand."""

    @abstractmethod
    def put_clocks(
        self,
        order: WorkOrder,
        stored: Sequence[StoredClock],
        next_limit: datetime | None,
        risk_at: datetime | None,
        *,
        fewer: bool = True,
    ) -> None:
        """All clocks of an order, instead of what there was (without ``fewer``: all of those are among them); when the
        first one that runs reaches its limit, and from when on one is at risk (what lists are filtered and sorted
        by)."""

    @abstractmethod
    def steps(self, order_id: str) -> Sequence[StepDone]:
        """What was recorded of an order's clocks, the first first."""

    @abstractmethod
    def add_step(self, step: StepDone) -> bool:
        """Record a step; gives whether it was new, also against others at the same moment."""

    @abstractmethod
    def count_messages(self, step: StepDone, messages: int) -> None:
        """How many messages went out for a recorded step."""

    @abstractmethod
    def waking(self, now: datetime, limit: int) -> Sequence[str]:
        """Orders with a clock that has to be looked at by now, the most urgent first; one cheap query."""

    @abstractmethod
    def take(self, order_id: str, now: datetime) -> bool:
        """Whether such a clock of the order still waits and nobody else is at it; then nobody else will be until the
        transaction ends."""

    @abstractmethod
    def unclocked(self, limit: int) -> Sequence[str]:
        """Open repair tickets whose clocks were never computed: those of an earlier version."""

    @abstractmethod
    def kept(self, scope: Scope, site: str | None, begins: datetime, ends: datetime) -> Sequence[KeptCount]:
        """Clocks decided from ``begins`` to before ``ends``, by severity and kind. A limit that has passed is decided,
        so ``ends`` lies not after now."""
