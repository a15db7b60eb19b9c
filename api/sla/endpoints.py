"""SLA policies, and how the clocks were kept."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Admin, Viewer
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.sla.schemas import (
    ClockRule,
    Compliance,
    ComplianceList,
    ComplianceQuery,
    EscalationStep,
    PauseCode,
    SlaPolicy,
    SlaPolicyChange,
)
from maintenance.ports import MaintenanceTx
from maintenance.sla.documents import built_in, read_policy
from maintenance.sla.figures import compliance
from maintenance.sla.policy import ClockRule as DomainRule
from maintenance.sla.policy import PolicyVersion
from maintenance.sla.policy import SlaPolicy as DomainPolicy

router = APIRouter(prefix="/api/v1", tags=["sla"], route_class=BeginAgain)

Site = Annotated[str | None, Query(description="its code; without it: what holds where no site says otherwise")]
PERIOD = timedelta(days=30)


@router.get("/sla-policies", operation_id="getSlaPolicy")
def get_policy(caller: Viewer, services: Parts, response: Response, site: Site = None) -> SlaPolicy:
    """What is promised on a site now, and by whose word."""
    with services.ledger.read() as tx:
        if site is not None:
            caller.require_sight(site)
            tx.assets.site(site)
        shown = _shown(tx, services, site)
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.put("/sla-policies", operation_id="putSlaPolicy")
def put_policy(
    form: SlaPolicyChange,
    caller: Admin,
    services: Parts,
    response: Response,
    site: Site = None,
    if_match: IfMatch = None,
) -> SlaPolicy:
    """Set what a site says itself, from now on: tickets that are open keep what was promised when they were opened. 412
    when it has changed since you read it. Without a site: for every site, which needs the role on all of them."""
    now = services.clock.now()
    with services.ledger.begin() as tx:
        if site is None:
            caller.require_everywhere()
        else:
            caller.require_change(site)
            tx.assets.site(site)
        policy = read_policy(form.document())
        known = tx.sla.policy_versions(site)
        version = known[-1].version if known else 0
        expected = expected_version(if_match)
        if expected is not None and expected != version:
            current = _shown(tx, services, site).model_dump(mode="json", by_alias=True)
            raise StaleVersion("the policy has changed since you read it", current, version, ["clocks", "steps"])
        by, since = caller.principal.name, max([now, *(one.effective_at for one in known)])
        tx.sla.add_policy(PolicyVersion(site, version + 1, since, policy, by, form.reason))
        tx.live.note("sla_policy", site, {"site": site, "version": version + 1})
        shown = _shown(tx, services, site)
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.get("/sla/compliance", operation_id="listSlaCompliance")
def get_compliance(query: Annotated[ComplianceQuery, Query()], caller: Viewer, services: Parts) -> ComplianceList:
    """How well the clocks were kept that were decided in a period, by severity and clock; target and limit apart."""
    now = services.clock.now()
    ends = query.ends or now
    with services.ledger.read() as tx:
        found = compliance(tx, query.begins or ends - PERIOD, ends, now, query.site, caller.scope)
    return ComplianceList(items=[Compliance.of(one) for one in found])


def _shown(tx: MaintenanceTx, services: Services, site: str | None) -> SlaPolicy:
    now = services.clock.now()
    versions = tx.sla.policy_versions(site)
    last = versions[-1] if versions else None
    everywhere = _last(tx.sla.policy_versions(None))
    own = None if site is None or last is None else last.policy
    base = built_in() if everywhere is None else everywhere.over(built_in())
    policy = base if site is None else tx.sla.policies(site).at(now)
    return SlaPolicy(
        site=site,
        version=0 if last is None else last.version,
        effective_at=None if last is None else last.effective_at,
        changed_by=None if last is None else last.by,
        reason=None if last is None else last.reason,
        clocks=[
            ClockRule(
                clock=one.clock,
                severity=one.severity,
                counts_from=one.counts_from,
                origins=list(one.origins),
                target_s=one.target_s,
                limit_s=one.limit_s,
                basis=one.basis,
                status=one.status,
                said_by=_said_by(one, own, everywhere),
            )
            for one in policy.clocks
        ],
        pauses=[PauseCode.of(one) for one in policy.pauses],
        steps=[EscalationStep.model_validate(one) for one in policy.steps],
    )


def _last(versions: Sequence[PolicyVersion]) -> DomainPolicy | None:
    return versions[-1].policy if versions else None


def _said_by(rule: DomainRule, own: DomainPolicy | None, everywhere: DomainPolicy | None) -> str:
    for name, policy in (("site", own), ("everywhere", everywhere)):
        if policy is not None and rule in policy.clocks:
            return name
    return "built_in"
