"""Port of the risks; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from maintenance.risk.model import OpenEpisode, OpenTicket, Overdue, RiskPolicy, RiskReport, Standing
from plantroom.domain.assets import Health
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


@dataclass(frozen=True, slots=True)
class StandingFilter:
    """Filters that are given must all hold."""

    scope: Scope = EVERYTHING
    site: str | None = None
    asset: str | None = None
    min_score: int | None = None
    above: bool | None = None


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Filters of reports; ``begins`` and ``ends`` bound when they were made (the end excluded)."""

    scope: Scope = EVERYTHING
    site: str | None = None
    asset: str | None = None
    acknowledged: bool | None = None
    begins: datetime | None = None
    ends: datetime | None = None


class RiskRepository(ABC):
    """What the risk of machines goes by, where they stand, reports and policies."""

    @abstractmethod
    def episodes(self, site: str) -> Sequence[OpenEpisode]:
        """Everything noticed on the site that is not over."""

    @abstractmethod
    def tickets(self, site: str) -> Sequence[OpenTicket]:
        """Repair tickets of machines that have not ended, without those of loop tests."""

    @abstractmethod
    def overdue(self, site: str, now: datetime, by_law: Collection[str]) -> Sequence[Overdue]:
        """Planned work on machines whose last moment is over. ``by_law`` are the lineages of rows that the law asks
        for."""

    @abstractmethod
    def faults(self, site: str, since: datetime) -> Mapping[str, int]:
        """Repair tickets of each machine opened since then that were faults of it: not of its sensors or transmission,
        no false alarms, no loop tests."""

    @abstractmethod
    def health(self, site: str) -> Mapping[str, Health]:
        """What the condition models say."""

    @abstractmethod
    def lock(self, site: str) -> None:
        """Nobody else writes standings or the policy of the site until the transaction ends."""

    @abstractmethod
    def standings(self, site: str) -> Mapping[str, Standing]:
        """Of the site's machines, by key."""

    @abstractmethod
    def standings_of(self, assets: Collection[str]) -> Mapping[str, Standing]:
        """Those of some machines."""

    @abstractmethod
    def put_standings(self, standings: Sequence[Standing]) -> None:
        """Write them whole, whether they are there or not."""

    @abstractmethod
    def forget(self, assets: Collection[str]) -> None:
        """Take the standings of machines away that are assessed no more."""

    @abstractmethod
    def list(self, filters: StandingFilter, page: PageRequest) -> Page[Standing]:
        """The highest score first, unless sorted otherwise (fields: score, since)."""

    @abstractmethod
    def cells(self, scope: Scope, site: str | None) -> Mapping[tuple[int, int], int]:
        """How many machines by (likelihood, consequence)."""

    @abstractmethod
    def next_crossing(self, asset: str) -> int:
        """The number of a machine's next report."""

    @abstractmethod
    def add_report(self, report: RiskReport) -> None:
        """``Conflict`` when the machine has one of that number."""

    @abstractmethod
    def report(self, report_id: str) -> RiskReport:
        """``NotFound``. Locked until a writing transaction ends."""

    @abstractmethod
    def put_report(self, report: RiskReport) -> RiskReport:
        """Write its acknowledgement and raise the version."""

    @abstractmethod
    def reports(self, filters: ReportFilter, page: PageRequest) -> Page[RiskReport]:
        """The newest first."""

    @abstractmethod
    def policy(self, site: str) -> RiskPolicy:
        """What a site says itself, else what is built in."""

    @abstractmethod
    def put_policy(self, policy: RiskPolicy) -> None:
        """Write a site's policy whole. The caller holds the site's lock."""
