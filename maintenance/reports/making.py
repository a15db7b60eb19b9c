"""Making the reports that were asked for, one after another, beside the service's other work.

Any number of processes may do it at once: a report is taken by one of them for a while. A report that is ready keeps
its bytes: its files are known by their SHA-256, and what is ready is never written again.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from maintenance.figures.groups import Catalogue
from maintenance.notify.messages import Notice
from maintenance.notify.outbox import notify_channels
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.reports.model import KINDS, Report, ReportKind, ReportState
from maintenance.reports.monthly import Incidents, monthly_html, no_incidents
from maintenance.reports.pack import pack_html
from maintenance.reports.printing import NotPrinted, to_pdf
from plantroom.domain.assets import EquipmentClass, LocalName, Severity
from plantroom.domain.audit import Head
from plantroom.errors import BadData, NotFound, PlantroomError
from plantroom.ports.clock import Clock
from plantroom.ports.files import FileStore, StoredFile
from plantroom.ports.ledger import Ledger

TAKEN_FOR = timedelta(minutes=20)
"""How long a report is one process's own: longer than a PDF may take."""

ATTEMPTS = 3
AGAIN_AFTER = timedelta(seconds=30)
HTML, PDF = "text/html", "application/pdf"


def _no_heads() -> Sequence[Head]:
    return ()


@dataclass(frozen=True)
class Names:
    """What reports call things by."""

    systems: Systems
    classes: Mapping[str, EquipmentClass]
    system_names: Mapping[str, LocalName]

    def catalogue(self, tx: MaintenanceTx, site: str) -> Catalogue:
        """With a site's plan rows."""
        rows = {row.lineage: row for row in tx.plan.rows(site)}
        return Catalogue(self.systems, self.classes, self.system_names, rows)


class ReportMaker:
    """A consumer of what waits. ``heads`` gives the heads of the history that are kept outside the ledger, ``pdf``
    makes a PDF of HTML."""

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        files: FileStore,
        clock: Clock,
        names: Names,
        base_url: str = "",
        heads: Callable[[], Sequence[Head]] = _no_heads,
        pdf: Callable[[str], bytes] = to_pdf,
        incidents: Incidents = no_incidents,
    ) -> None:
        self._ledger, self._files, self._clock, self._names = ledger, files, clock, names
        self._base_url, self._heads, self._pdf, self._incidents = base_url, heads, pdf, incidents
        self._log = structlog.get_logger()

    def run_once(self) -> int:
        """Make the oldest that waits; gives how many there were (0 or 1). Raises ``Unreachable`` when the store or the
        ledger is away: the report waits on."""
        return 0 if self.make() is None else 1

    def make(self, report_id: str | None = None) -> Report | None:
        """Make the oldest that waits, or this one; ``None``: none does, or another process has it."""
        now = self._clock.now()
        with self._ledger.read() as tx:
            waits = tx.report_store.waiting(now)
        if report_id is None and not waits:
            return None
        with self._ledger.begin() as tx:
            taken = tx.report_store.take(now, now + TAKEN_FOR, report_id)
        return None if taken is None else self._finished(taken)

    def _finished(self, report: Report) -> Report:
        try:
            html = self._html(report)
            kept_html = self._files.put([html.encode()], HTML)
            kept_pdf = self._files.put([self._pdf(html)], PDF) if report.pdf else None
        except (BadData, NotFound, NotPrinted) as error:
            return self._failed(report, str(error))
        except Exception as error:  # whatever it is: a report that can never be made is not tried for ever
            if report.attempts >= ATTEMPTS:
                return self._failed(report, f"{type(error).__name__}: {error}"[:1000])
            self._try_again(report)
            raise
        return self._ready(report, kept_html, kept_pdf)

    def _try_again(self, report: Report) -> None:
        with suppress(PlantroomError), self._ledger.begin() as tx:
            tx.report_store.finish(replace(report, taken_until=self._clock.now() + AGAIN_AFTER))

    def _html(self, report: Report) -> str:
        heads = self._heads() if report.kind is ReportKind.PACK else ()
        with self._ledger.read() as tx:
            now, catalogue = self._clock.now(), self._names.catalogue(tx, report.site)
            if report.kind is ReportKind.MONTHLY:
                return monthly_html(tx, report, catalogue, now, self._incidents)
            return pack_html(tx, report, catalogue, now, heads, self._files.has)

    def _failed(self, report: Report, problem: str) -> Report:
        self._log.warning("report_failed", report=report.id, kind=report.kind.value, problem=problem)
        return self._written(replace(report, state=ReportState.FAILED, problem=problem, taken_until=None))

    def _ready(self, report: Report, html: StoredFile, pdf: StoredFile | None) -> Report:
        return self._written(
            replace(
                report,
                state=ReportState.READY,
                taken_until=None,
                ready_at=self._clock.now(),
                html_sha256=html.sha256,
                html_bytes=html.size,
                pdf_sha256=None if pdf is None else pdf.sha256,
                pdf_bytes=None if pdf is None else pdf.size,
            )
        )

    def _written(self, report: Report) -> Report:
        with self._ledger.begin() as tx:
            if not tx.report_store.finish(report):
                return tx.report_store.get(report.id)
            tx.live.note("report", report.site, {"id": report.id, "state": report.state.value})
            if report.occasion is not None:
                site = tx.assets.site(report.site)
                notify_channels(tx, notice_of(report, site.name, self._base_url), self._clock.now())
        return report


def notice_of(report: Report, site: LocalName, base_url: str) -> Notice:
    """What the channels are told of a report that was made by itself: once for each occasion, in whatever languages it
    was made."""
    month, kind = f"{report.first:%Y-%m}", KINDS[report.kind]
    failed = report.state is ReportState.FAILED
    title = LocalName(
        f"{site.zh} {month} {kind.zh}{'未能生成' if failed else '已生成'}",
        f"{site.en}: {kind.en} {month} {'could not be made' if failed else 'is ready'}",
    )
    where = f"/api/v1/reports/{report.id}"
    lines = LocalName(report.problem, report.problem) if failed else LocalName(f"下载：{where}", f"Get it: {where}")
    link = f"{base_url}{where}/file?format={'pdf' if report.pdf else 'html'}" if base_url and not failed else ""
    return Notice(
        topic="report",
        site=report.site,
        title=title,
        lines=(lines,),
        dedup=f"report:{report.kind.value}:{report.site}:{month}:{'failed' if failed else 'ready'}",
        severity=Severity.GENERAL,
        link=link,
        facts={"report": {"id": report.id, "state": report.state.value, "sha256": report.pdf_sha256}},
    )
