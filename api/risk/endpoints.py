"""Risks of machines, the matrix, early-warning reports, what a site is warned at."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Admin, Supervisor, Viewer
from api.assets.lookup import visible_asset
from api.paging import page_request
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.risk.schemas import (
    Acknowledgement,
    AssetRisk,
    AssetRiskList,
    Matrix,
    ReportDetail,
    ReportList,
    ReportQuery,
    ReportSummary,
    RiskBand,
    RiskCell,
    RiskPolicy,
    RiskPolicyChange,
    RiskQuery,
    ScaleStep,
)
from api.services import Parts, Services
from api.shapes import Name
from maintenance.ports import MaintenanceTx
from maintenance.risk.model import RiskPolicy as DomainPolicy
from maintenance.risk.model import RiskReport, check_policy
from maintenance.risk.ports import ReportFilter, StandingFilter
from maintenance.seed.codes import Level, risk_matrix
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import PageRequest, Scope

router = APIRouter(prefix="/api/v1", tags=["risk"], route_class=BeginAgain)

Site = Annotated[str, Query(description="its code")]


@router.get("/risks", operation_id="listRisks")
def list_risks(query: Annotated[RiskQuery, Query()], caller: Viewer, services: Parts) -> AssetRiskList:
    """Machines by their risk, the highest first. A machine that is out of service is not assessed."""
    filters = StandingFilter(caller.scope, query.site, query.asset, query.min_score, query.warned)
    with services.ledger.read() as tx:
        page = tx.risk.list(filters, page_request(query))
        refs, matrix = services.directory.refs(tx), risk_matrix()
        items = [AssetRisk.of(one, refs(one.asset), matrix) for one in page.items]
    return AssetRiskList(items=items, next_cursor=page.next_cursor)


@router.get("/risks/matrix", operation_id="getRiskMatrix")
def get_matrix(caller: Viewer, services: Parts, site: Site) -> Matrix:
    """The 5 x 5 matrix of a site: how many machines stand in each cell."""
    caller.require_sight(site)
    scope = Scope(frozenset({site}))
    with services.ledger.read() as tx:
        tx.assets.site(site)
        counts, policy = tx.risk.cells(scope, site), tx.risk.policy(site)
        warned = _count_warned(tx, scope)
    matrix = risk_matrix()
    cells = [
        RiskCell(
            likelihood=likelihood,
            consequence=consequence,
            score=likelihood * consequence,
            band=matrix.band(likelihood * consequence).key,
            count=counts.get((likelihood, consequence), 0),
        )
        for likelihood in range(5, 0, -1)
        for consequence in range(1, 6)
    ]
    return Matrix(
        site=site,
        warning_value=policy.warning_value,
        assessed=sum(counts.values()),
        warned=warned,
        cells=cells,
        likelihoods=[_step(one) for one in matrix.likelihoods],
        consequences=[_step(one) for one in matrix.consequences],
        bands=[
            RiskBand(key=one.key, name=Name.model_validate(one.name), low=one.low, high=one.high)
            for one in matrix.bands
        ],
        basis=matrix.basis,
        status=matrix.status,
    )


def _step(level: Level) -> ScaleStep:
    return ScaleStep(
        level=level.level, name=Name.model_validate(level.name), meaning=Name.model_validate(level.meaning)
    )


def _count_warned(tx: MaintenanceTx, scope: Scope) -> int:
    count, request = 0, PageRequest(limit=1000)
    while True:
        page = tx.risk.list(StandingFilter(scope, above=True), request)
        count += len(page.items)
        if page.next_cursor is None:
            return count
        request = PageRequest(limit=1000, cursor=page.next_cursor)


@router.get("/assets/{key}/risk", operation_id="getAssetRisk")
def get_risk(key: str, caller: Viewer, services: Parts) -> AssetRisk:
    """Where one machine stands, with every step of the assessment. 404 while it is not assessed."""
    with services.ledger.read() as tx:
        asset = visible_asset(tx, caller, key).asset
        standing = tx.risk.standings_of([asset.key]).get(asset.key)
        if standing is None:
            raise NotFound(f"{asset.code} is not assessed")
        return AssetRisk.of(standing, services.directory.refs(tx)(asset.key), risk_matrix())


@router.get("/risk-reports", operation_id="listRiskReports")
def list_reports(query: Annotated[ReportQuery, Query()], caller: Viewer, services: Parts) -> ReportList:
    """Early-warning reports, the newest first."""
    filters = ReportFilter(caller.scope, query.site, query.asset, query.acknowledged, query.begins, query.ends)
    with services.ledger.read() as tx:
        page = tx.risk.reports(filters, page_request(query))
        refs = services.directory.refs(tx)
        items = [ReportSummary.of(one, refs(one.asset)) for one in page.items]
    return ReportList(items=items, next_cursor=page.next_cursor)


@router.get("/risk-reports/{report_id}", operation_id="getRiskReport")
def get_report(report_id: str, caller: Viewer, services: Parts, response: Response) -> ReportDetail:
    """One report with its four parts."""
    with services.ledger.read() as tx:
        report = _visible(tx, caller, report_id)
        shown = _shown(tx, services, report)
    response.headers["ETag"] = etag(report.version)
    return shown


@router.post("/risk-reports/{report_id}/acknowledgement", operation_id="acknowledgeRiskReport")
def post_acknowledgement(
    report_id: str,
    form: Acknowledgement,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> ReportDetail:
    """Say what is being done about a report. Once: 409 when somebody has said so already."""
    with services.ledger.begin() as tx:
        report = _visible(tx, caller, report_id)
        department = tx.assets.get(report.asset).asset.department
        caller.require_change(report.site, [department])
        if if_match is not None:
            current = _shown(tx, services, report)
            require_version(expected_version(if_match), current, report.version, ["measures"], "report")
        if report.acknowledged_at is not None:
            by = report.acknowledged_by
            raise Conflict(f"已由{by}确认 / {by} has acknowledged it already")
        now, by = services.clock.now(), caller.principal.name
        report = tx.risk.put_report(replace(report, acknowledged_at=now, acknowledged_by=by, taken=form.measures))
        tx.live.note("risk_report", report.site, {"id": report.id, "asset": report.asset, "acknowledged_by": by})
        shown = _shown(tx, services, report)
    response.headers["ETag"] = etag(report.version)
    return shown


@router.get("/risk-policies", operation_id="getRiskPolicy")
def get_policy(caller: Viewer, services: Parts, response: Response, site: Site) -> RiskPolicy:
    """From which score on a site is warned, and by whose word."""
    caller.require_sight(site)
    with services.ledger.read() as tx:
        tx.assets.site(site)
        policy = tx.risk.policy(site)
    response.headers["ETag"] = etag(policy.version)
    return RiskPolicy.of(policy)


@router.put("/risk-policies", operation_id="putRiskPolicy")
def put_policy(
    form: RiskPolicyChange,
    caller: Admin,
    services: Parts,
    response: Response,
    site: Site,
    if_match: IfMatch = None,
) -> RiskPolicy:
    """Set what a site is warned at; from the next assessment on. 412 when it has changed since you read it."""
    caller.require_change(site)
    with services.ledger.begin() as tx:
        tx.assets.site(site)
        tx.risk.lock(site)
        before = tx.risk.policy(site)
        fields = sorted(form.model_fields_set)
        require_version(expected_version(if_match), RiskPolicy.of(before), before.version, fields, "policy")
        policy = DomainPolicy(
            site,
            form.warning_value,
            form.clear_value,
            form.clear_after_days,
            before.version + 1,
            caller.principal.name,
            form.reason,
            services.clock.now(),
        )
        check_policy(policy)
        tx.risk.put_policy(policy)
        tx.live.note("risk_policy", site, {"site": site, "version": policy.version})
    response.headers["ETag"] = etag(policy.version)
    return RiskPolicy.of(policy)


def _visible(tx: MaintenanceTx, caller: Access, report_id: str) -> RiskReport:
    report = tx.risk.report(report_id)
    caller.require_sight(report.site)
    return report


def _shown(tx: MaintenanceTx, services: Services, report: RiskReport) -> ReportDetail:
    return ReportDetail.whole(report, services.directory.refs(tx)(report.asset))
