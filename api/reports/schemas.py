"""Shapes of reports."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from api.shapes import Instant, ListQuery, Payload, Shape
from maintenance.reports.asking import Wanted
from maintenance.reports.model import Report as DomainReport
from maintenance.reports.model import ReportKind, ReportState


class ReportCreate(Payload):
    """`monthly`: with `month` (any day of it; left out: last month) and `costs` (with the money: for supervisors alone
    to read). `pack`: of one `asset` (key) or `system`, from `from` to `to`, both included (left out: as many years as
    the law asks records for, up to today). `pdf`: beside the HTML."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "monthly", "site": "demo", "month": "2026-03-01", "language": "zh"},
                {"kind": "pack", "site": "demo", "system": "fire", "from": "2024-01-01", "to": "2026-03-31"},
            ]
        }
    )

    kind: ReportKind
    site: Annotated[str, Field(max_length=200)]
    language: Literal["zh", "en"] = "zh"
    month: date | None = None
    start: Annotated[date | None, Field(alias="from")] = None
    end: Annotated[date | None, Field(alias="to")] = None
    asset: Annotated[str | None, Field(max_length=200)] = None
    system: Annotated[str | None, Field(max_length=200)] = None
    costs: bool = False
    pdf: bool = True

    def wanted(self) -> Wanted:
        """As the domain takes it."""
        return Wanted(
            site=self.site,
            kind=self.kind,
            language=self.language,
            month=self.month,
            first=self.start,
            last=self.end,
            asset=self.asset,
            system=self.system,
            costs=self.costs,
            pdf=self.pdf,
        )


class ReportQuery(ListQuery):
    """Filters; `kind` and `state` may name several with commas between."""

    site: str | None = None
    kind: str | None = None
    state: str | None = None


class ReportFile(Shape):
    """The bytes of a report that is ready: they never change."""

    sha256: str
    bytes: int


class Report(Shape):
    """`state`: `waiting` (being made), `ready`, `failed` (`problem` says why and what to do). `occasion`: it was
    made by itself at the beginning of a month."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "0197c1f0", "kind": "monthly", "site": "demo", "asset": None, "system": None,
                    "from": "2026-03-01", "to": "2026-03-31", "language": "zh", "costs": False, "state": "ready",
                    "problem": "", "requested_by": "system:reports", "requested_at": "2026-03-31T16:00:05Z",
                    "ready_at": "2026-03-31T16:00:12Z", "occasion": "monthly:demo:2026-03:zh",
                    "html": {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                             "bytes": 18201},
                    "pdf": {"sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
                            "bytes": 90112},
                }
            ]
        },
    )  # fmt: skip

    id: str
    kind: ReportKind
    site: str
    asset: str | None
    system: str | None
    start: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    language: str
    costs: bool
    state: ReportState
    problem: str
    requested_by: str
    requested_at: Instant
    ready_at: Instant | None
    occasion: str | None
    html: ReportFile | None
    pdf: ReportFile | None

    @classmethod
    def of(cls, report: DomainReport) -> Self:
        """From the domain."""
        return cls(
            id=report.id,
            kind=report.kind,
            site=report.site,
            asset=report.asset,
            system=report.system,
            start=report.first,
            end=report.last,
            language=report.language,
            costs=report.costs,
            state=report.state,
            problem=report.problem,
            requested_by=report.requested_by,
            requested_at=report.requested_at,
            ready_at=report.ready_at,
            occasion=report.occasion,
            html=_file(report.html_sha256, report.html_bytes),
            pdf=_file(report.pdf_sha256, report.pdf_bytes),
        )


def _file(sha256: str | None, size: int | None) -> ReportFile | None:
    return None if sha256 is None or size is None else ReportFile(sha256=sha256, bytes=size)


class ReportList(Shape):
    """The newest first."""

    items: list[Report]
    next_cursor: str | None = None
