"""A report that somebody has asked for, and what became of it. Plain records; days are the site's, instants UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from plantroom.domain.assets import LocalName


class ReportKind(StrEnum):
    """What is reported: a month of a site to its owners, or all there is on a machine or system to an inspector."""

    MONTHLY = "monthly"
    PACK = "pack"


class ReportState(StrEnum):
    """``waiting``: being made; ``ready``: its bytes are frozen; ``failed``: ``problem`` says why."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


KINDS = {
    ReportKind.MONTHLY: LocalName("维护月报", "Monthly maintenance report"),
    ReportKind.PACK: LocalName("检查资料包", "Inspection pack"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """``asset`` (key) or ``system``: what a pack is about. ``costs``: with the money. ``pdf``: wanted beside the HTML.
    ``occasion`` names one that makes itself, so that it is made once. ``taken_until``: who makes it has it so long."""

    id: str
    site: str
    kind: ReportKind
    first: date
    last: date
    language: str
    requested_by: str
    requested_at: datetime
    asset: str | None = None
    system: str | None = None
    costs: bool = False
    pdf: bool = True
    state: ReportState = ReportState.WAITING
    occasion: str | None = None
    attempts: int = 0
    taken_until: datetime | None = None
    ready_at: datetime | None = None
    problem: str = ""
    html_sha256: str | None = None
    html_bytes: int | None = None
    pdf_sha256: str | None = None
    pdf_bytes: int | None = None

    @property
    def for_staff(self) -> bool:
        """Whether it names people or money: supervisors may read it, others not."""
        return self.kind is ReportKind.PACK or self.costs
