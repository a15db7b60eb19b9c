"""Reports: ask for one, see what became of it, get its bytes."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Viewer
from api.paging import page_request
from api.reports.schemas import Report, ReportCreate, ReportList, ReportQuery
from api.retrying import BeginAgain
from api.services import Parts, Services
from maintenance.ports import MaintenanceTx
from maintenance.reports.asking import ask
from maintenance.reports.model import Report as DomainReport
from maintenance.reports.model import ReportState
from maintenance.reports.ports import ReportFilter
from plantroom.errors import Conflict, NotFound, Unreachable
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/reports", tags=["reports"], route_class=BeginAgain)

MIMES = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A report is looked at, nothing of it runs."""


@router.post("", operation_id="createMaintenanceReport", status_code=202)
def create_report(form: ReportCreate, caller: Supervisor, services: Parts, response: Response) -> Report:
    """Ask for a report. It is made in the background; see `state`."""
    caller.require_change(form.site)
    with services.ledger.begin() as tx:
        wanted, now = form.wanted(), services.planning_now()
        made = ask(tx, wanted, caller.principal.name, now, services.classes_of_systems())
        assert made is not None
    response.headers["Location"] = f"/api/v1/reports/{made.id}"
    return Report.of(made)


@router.get("", operation_id="listMaintenanceReports")
def list_reports(query: Annotated[ReportQuery, Query()], caller: Viewer, services: Parts) -> ReportList:
    """Reports, the newest first. Packs, and reports with money, for supervisors alone."""
    staff = caller.raised(Role.SUPERVISOR).scope
    wanted = ReportFilter(caller.scope, staff, query.site, query.kind, query.state)
    with services.ledger.read() as tx:
        page = tx.report_store.list(wanted, page_request(query))
    return ReportList(items=[Report.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{report_key}", operation_id="getMaintenanceReport")
def get_report(report_key: str, caller: Viewer, services: Parts) -> Report:
    """One report and what has become of it."""
    with services.ledger.read() as tx:
        return Report.of(_visible(tx, caller, report_key))


@router.get(
    "/{report_key}/file",
    operation_id="getMaintenanceReportFile",
    response_class=Response,
    responses={
        200: {"content": {"application/pdf": {}, "text/html": {}}, "description": "The bytes, as they were made"}
    },
)
def get_report_file(
    report_key: str,
    caller: Viewer,
    services: Parts,
    kind: Annotated[Literal["html", "pdf"], Query(alias="format")] = "html",
) -> Response:
    """The bytes of a report. 409 `not_ready` while it is being made, when it could not be made, or was not asked for in
    this format."""
    with services.ledger.read() as tx:
        report = _visible(tx, caller, report_key)
    sha256 = report.pdf_sha256 if kind == "pdf" else report.html_sha256
    if report.state is not ReportState.READY or sha256 is None:
        raise NotReady(_why(report, kind))
    body = _bytes(services, sha256)
    name = f"{report.kind.value}-{report.site}-{report.first}-{report.last}.{kind}"
    # A browser shows no PDF inside a sandbox.
    shown = "inline" if kind == "html" else "attachment"
    headers = {
        "Content-Disposition": f'{shown}; filename="{_plain(name)}"',
        "ETag": f'"{sha256}"',
        "Content-Security-Policy": INERT,
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    return Response(body, media_type=MIMES[kind], headers=headers)


class NotReady(Conflict):
    """There is no file of this format, or none yet."""

    code = "not_ready"


def _visible(tx: MaintenanceTx, caller: Access, report_key: str) -> DomainReport:
    """``NotFound`` for what the caller may not see."""
    try:
        report = tx.report_store.get(report_key)
    except NotFound:
        raise NotFound("there is nothing by that name") from None
    caller.require_sight(report.site)
    if report.for_staff and not caller.raised(Role.SUPERVISOR).scope.allows(report.site):
        raise NotFound("there is nothing by that name")
    return report


def _why(report: DomainReport, kind: str) -> str:
    if report.state is ReportState.WAITING:
        return "报告正在生成，请稍后再试 / the report is being made: try again in a while"
    if report.state is ReportState.FAILED:
        return report.problem
    return f"没有{kind}格式，请重新生成 / it was not asked for as {kind}: ask for another one"


def _bytes(services: Services, sha256: str) -> bytes:
    path: Path | None = services.files.path(sha256)
    body = None if path is None else path.read_bytes()
    if body is None or hashlib.sha256(body).hexdigest() != sha256:
        raise Unreachable("files", f"the report's file {sha256} is gone, or is not what was made: look into the backup")
    return body


def _plain(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-._") else "_" for one in name)
