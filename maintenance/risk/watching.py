"""The job ``risk``: every machine assessed, a report for each that crosses the warning value, the channels told.

Any number of schedulers may run it: a site's standings are written by one at a time, who reads them again before, so
that a crossing makes one report. What has not changed is not written.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.emergency.plans import Category
from maintenance.incidents.rules import fitting_plan
from maintenance.notify.messages import Notice
from maintenance.notify.outbox import notify_channels
from maintenance.ports import MaintenanceTx
from maintenance.records.freezing import place_of
from maintenance.recurrence import local_day
from maintenance.risk.gathering import gather
from maintenance.risk.model import Assessment, Facts, RiskPolicy, RiskReport
from maintenance.risk.report import Around, make_report
from maintenance.risk.scoring import assess, moved, unlike
from maintenance.risk.weights import weights
from maintenance.scheduler import Job
from maintenance.seed.codes import risk_matrix
from plantroom.domain.assets import Asset, EquipmentClass, LocalName, Severity
from plantroom.domain.authorship import acting_system
from plantroom.domain.keys import new_key
from plantroom.domain.labels import asset_address
from plantroom.ports.ledger import Ledger

RISK = "risk"
EVERY = timedelta(minutes=5)
AT_ONCE = 500
"""Machines that are written in one transaction."""

TOPIC = "risk_report"

Found = tuple[Facts, Assessment]


def risk_job(ledger: Ledger[MaintenanceTx], classes: Mapping[str, EquipmentClass], base_url: str = "") -> Job:
    """The job for the scheduler. ``base_url``: where people open the web app, for the links."""

    def run(now: datetime) -> None:
        watch(ledger, classes, now, base_url)

    return Job(RISK, EVERY, run)


def watch(
    ledger: Ledger[MaintenanceTx], classes: Mapping[str, EquipmentClass], now: datetime, base_url: str = ""
) -> int:
    """Assess every machine of every site; gives how many reports were made."""
    with ledger.read() as tx:
        sites = [site.code for site in tx.assets.sites()]
    return sum(watch_site(ledger, site, classes, now, base_url) for site in sites)


def watch_site(
    ledger: Ledger[MaintenanceTx],
    site: str,
    classes: Mapping[str, EquipmentClass],
    now: datetime,
    base_url: str = "",
) -> int:
    """As ``watch``, of one site."""
    given = weights()
    with ledger.read() as tx:
        found = [(facts, assess(facts, given)) for facts in gather(tx, site, classes, now)]
        known, policy = tx.risk.standings(site), tx.risk.policy(site)
    changed = []
    for facts, assessment in found:
        standing, crossed = moved(known.get(assessment.asset), assessment, policy, now)
        if crossed or unlike(known.get(assessment.asset), standing):
            changed.append((facts, assessment))
    gone = known.keys() - {assessment.asset for _, assessment in found}
    made = 0
    for start in range(0, len(changed), AT_ONCE):
        with acting_system(RISK), ledger.begin() as tx:
            made += _write(tx, site, changed[start : start + AT_ONCE], classes, now, base_url)
    if gone:
        with acting_system(RISK), ledger.begin() as tx:
            tx.risk.lock(site)
            tx.risk.forget(gone)
    return made


def _write(
    tx: MaintenanceTx,
    site: str,
    changed: Sequence[Found],
    classes: Mapping[str, EquipmentClass],
    now: datetime,
    base_url: str,
) -> int:
    tx.risk.lock(site)
    policy = tx.risk.policy(site)
    known = tx.risk.standings_of([assessment.asset for _, assessment in changed])
    standings, made = [], 0
    for facts, assessment in changed:
        before = known.get(assessment.asset)
        if before is not None and before.assessed_at > now:
            continue  # another scheduler has looked since
        standing, crossed = moved(before, assessment, policy, now)
        if crossed or unlike(before, standing):
            standings.append(standing)
        if crossed:
            report = _report(tx, facts, assessment, policy, classes, now)
            notify_channels(tx, notice_of(report, facts, base_url), now, facts.asset.department)
            made += 1
    tx.risk.put_standings(standings)
    return made


def _report(
    tx: MaintenanceTx,
    facts: Facts,
    found: Assessment,
    policy: RiskPolicy,
    classes: Mapping[str, EquipmentClass],
    now: datetime,
) -> RiskReport:
    asset = facts.asset
    around = Around(
        matrix=risk_matrix(),
        made=classes.get(asset.equipment_class),
        place=place_of(tx, asset.site, asset.location),
        plan=fitting_plan(tx.emergency.list(asset.site), Category.EQUIPMENT_FAILURE, asset.equipment_class),
        last_done=_last_done(tx, asset),
    )
    report = make_report(new_key(), tx.risk.next_crossing(asset.key), facts, found, policy, around, now)
    tx.risk.add_report(report)
    tx.live.note(TOPIC, asset.site, {"id": report.id, "asset": asset.key, "score": report.score})
    return report


def _last_done(tx: MaintenanceTx, asset: Asset) -> LocalName | None:
    done = [one for one in tx.plan.occurrences_of(None, asset.key) if one.completed_at is not None]
    if not done:
        return None
    last = max(done, key=lambda one: (one.completed_at, one.key))
    assert last.completed_at is not None
    day = local_day(last.completed_at, ZoneInfo(tx.assets.site(asset.site).time_zone)).isoformat()
    row = tx.plan.row(last.plan_row, asset.site)
    name = LocalName(last.plan_row, last.plan_row) if row is None else row.name
    return LocalName(
        f"最近完成的计划工作：{name.zh or name.en}（{day}）", f"Last planned work: {name.en or name.zh} ({day})"
    )


def notice_of(report: RiskReport, facts: Facts, base_url: str = "") -> Notice:
    """What the channels are told: the report's first line of each part, and where the machine's page is."""
    heads = (
        (LocalName("概述", "Overview"), report.overview),
        (LocalName("影响", "Impact"), report.impact),
        (LocalName("措施", "Measures"), report.measures),
        (LocalName("建议", "Advice"), report.advice),
    )
    lines = [LocalName(f"{head.zh}：{part[0].zh}", f"{head.en}: {part[0].en}") for head, part in heads if part]
    return Notice(
        topic=TOPIC,
        site=report.site,
        title=report.title,
        lines=tuple(lines),
        dedup=f"{TOPIC}:{report.asset}:{report.crossing}",
        severity=Severity.MAJOR,
        urgent=any(one.safety for one in facts.episodes) or any(one.safety for one in facts.tickets),
        link=asset_address(base_url, report.site, facts.asset.code) if base_url else "",
        facts={
            "risk_report": {
                "id": report.id,
                "asset": report.asset,
                "likelihood": report.likelihood,
                "consequence": report.consequence,
                "score": report.score,
            }
        },
    )
