"""The machines' risks on SQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from maintenance.episode_rules import LOOP_TEST
from maintenance.risk.model import (
    NOT_OF_THE_MACHINE,
    OpenEpisode,
    OpenTicket,
    Overdue,
    RiskPolicy,
    RiskReport,
    Standing,
)
from maintenance.risk.ports import ReportFilter, RiskRepository, StandingFilter
from maintenance.risk.weights import built_in
from maintenance.work_orders import Kind, Origin, State
from plantroom.domain.assets import Health, LocalName, Severity
from plantroom.errors import NotFound
from plantroom.ports.paging import Page, PageRequest, Scope
from plantroom.storage.ledger import tables_risk as t
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_collect import asset_health
from plantroom.storage.ledger.tables_maintenance import episodes, work_orders
from plantroom.storage.ledger.tables_plant import assets
from plantroom.storage.ledger.work import Work, chunks, in_scope

STANDINGS = Record(Standing, t.risk_standings)
REPORTS = Record(RiskReport, t.risk_reports)
POLICIES = Record(RiskPolicy, t.risk_policies)

_s, _r, _p = t.risk_standings.c, t.risk_reports.c, t.risk_policies.c
_w, _e, _a, _h = work_orders.c, episodes.c, assets.c, asset_health.c
_SORTS: Mapping[str, Keys] = {"score": (_s.score, _s.asset), "since": (_s.since, _s.asset)}
_REPORT_SORTS: Mapping[str, Keys] = {"made_at": (_r.made_at, _r.id)}
_NO_FAULT = frozenset({"false_alarm", "sensor", "nothing_found"})
"""Verdicts after which a ticket was no fault of its machine."""

_WITH_MODE = work_orders.outerjoin(episodes, _e.id == _w.episode)


class SqlRisk(RiskRepository):
    """``RiskRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def episodes(self, site: str) -> Sequence[OpenEpisode]:
        statement = sa.select(_e.asset, _e.failure_mode, _e.severity, _e.safety, _e.tags)
        rows = self._connection.execute(statement.where(_e.state == "open", _e.site == site).order_by(_e.id))
        return [
            OpenEpisode(asset, mode, Severity(severity), safety)
            for asset, mode, severity, safety, tags in rows
            if LOOP_TEST not in tags
        ]

    def tickets(self, site: str) -> Sequence[OpenTicket]:
        columns = (_w.asset, _w.id, _w.number, _w.title_zh, _w.title_en, _w.severity, _w.safety, _w.state)
        statement = (
            sa.select(*columns, _w.assignee, _w.department, _e.failure_mode, _w.tags)
            .select_from(_WITH_MODE)
            .where(*_repairs(site), _w.ended.is_(False))
            .order_by(_w.number)
        )
        return [
            OpenTicket(
                asset,
                key,
                number,
                LocalName(zh, en),
                Severity(severity),
                safety,
                State(state),
                assignee,
                department,
                mode,
            )
            for asset, key, number, zh, en, severity, safety, state, assignee, department, mode, tags in (
                self._connection.execute(statement)
            )
            if LOOP_TEST not in tags
        ]

    def overdue(self, site: str, now: datetime, by_law: Collection[str]) -> Sequence[Overdue]:
        statement = (
            sa.select(_w.asset, _w.number, _w.title_zh, _w.title_en, _w.kind, _w.occurrences)
            .where(_w.site == site, _w.ended.is_(False), _w.due_order < now, _w.asset.is_not(None))
            .where(_w.kind != Kind.CORRECTIVE.value)
            .order_by(_w.due_order, _w.number)
        )
        return [
            Overdue(asset, number, LocalName(zh, en), kind == Kind.STATUTORY.value or _of_law(shown, by_law))
            for asset, number, zh, en, kind, shown in self._connection.execute(statement)
        ]

    def faults(self, site: str, since: datetime) -> Mapping[str, int]:
        statement = (
            sa.select(_w.asset, _w.verdict, _w.tags, _e.failure_mode)
            .select_from(_WITH_MODE)
            .where(*_repairs(site), _w.opened_at >= since)
            .where(_w.state.not_in([State.REJECTED.value, State.CANCELLED.value]))
            .where(_w.origin != Origin.PRESENCE.value)
        )
        found: dict[str, int] = {}
        for asset, verdict, tags, mode in self._connection.execute(statement):
            no_fault = verdict is not None and verdict.get("verdict") in _NO_FAULT
            if not no_fault and LOOP_TEST not in tags and mode not in NOT_OF_THE_MACHINE:
                found[asset] = found.get(asset, 0) + 1
        return found

    def health(self, site: str) -> Mapping[str, Health]:
        statement = sa.select(_h.asset, _h.health).join(assets, _a.key == _h.asset).where(_a.site == site)
        return {asset: Health(health) for asset, health in self._connection.execute(statement)}

    def lock(self, site: str) -> None:
        self._work.backend.lock_text(self._connection, f"risk {site}")

    def standings(self, site: str) -> Mapping[str, Standing]:
        rows = self._connection.execute(STANDINGS.select().where(_s.site == site))
        return {one.asset: one for one in map(STANDINGS.item, rows)}

    def standings_of(self, assets: Collection[str]) -> Mapping[str, Standing]:
        found: dict[str, Standing] = {}
        for some in chunks(sorted(assets)):
            rows = self._connection.execute(STANDINGS.select().where(_s.asset.in_(some)))
            found |= {one.asset: one for one in map(STANDINGS.item, rows)}
        return found

    def put_standings(self, standings: Sequence[Standing]) -> None:
        if not standings:
            return
        insert = self._work.backend.insert(t.risk_standings)
        changed = {c.name: insert.excluded[c.name] for c in t.risk_standings.columns if not c.primary_key}
        upsert = insert.on_conflict_do_update(index_elements=["asset"], set_=changed)
        self._connection.execute(upsert, STANDINGS.rows(standings))

    def forget(self, assets: Collection[str]) -> None:
        for some in chunks(sorted(assets)):
            self._connection.execute(t.risk_standings.delete().where(_s.asset.in_(some)))

    def list(self, filters: StandingFilter, page: PageRequest) -> Page[Standing]:
        conditions = in_scope(_s.site, filters.scope, filters.site)
        if filters.asset is not None:
            conditions.append(_s.asset == filters.asset)
        if filters.min_score is not None:
            conditions.append(_s.score >= filters.min_score)
        if filters.above is not None:
            conditions.append(_s.above.is_(filters.above))
        statement = STANDINGS.select().where(*conditions)
        return fetch_page(self._connection, statement, _SORTS, "-score", page, STANDINGS.item)

    def cells(self, scope: Scope, site: str | None) -> Mapping[tuple[int, int], int]:
        statement = sa.select(_s.likelihood, _s.consequence, sa.func.count()).where(*in_scope(_s.site, scope, site))
        rows = self._connection.execute(statement.group_by(_s.likelihood, _s.consequence))
        return {(likelihood, consequence): int(count) for likelihood, consequence, count in rows}

    def next_crossing(self, asset: str) -> int:
        last = sa.select(sa.func.max(_r.crossing)).where(_r.asset == asset)
        return int(self._connection.execute(last).scalar() or 0) + 1

    def add_report(self, report: RiskReport) -> None:
        self._connection.execute(t.risk_reports.insert(), REPORTS.row(report))

    def report(self, report_id: str) -> RiskReport:
        row = self._connection.execute(self._work.locking(REPORTS.select().where(_r.id == report_id))).first()
        if row is None:
            raise NotFound(f"there is no risk report {report_id!r}")
        return REPORTS.item(row)

    def put_report(self, report: RiskReport) -> RiskReport:
        changed = replace(report, version=report.version + 1)
        values = {
            "acknowledged_at": changed.acknowledged_at,
            "acknowledged_by": changed.acknowledged_by,
            "taken": changed.taken,
            "version": changed.version,
        }
        self._connection.execute(t.risk_reports.update().where(_r.id == report.id), values)
        return changed

    def reports(self, filters: ReportFilter, page: PageRequest) -> Page[RiskReport]:
        conditions = in_scope(_r.site, filters.scope, filters.site)
        if filters.asset is not None:
            conditions.append(_r.asset == filters.asset)
        if filters.acknowledged is not None:
            known = _r.acknowledged_at.is_not(None)
            conditions.append(known if filters.acknowledged else sa.not_(known))
        if filters.begins is not None:
            conditions.append(_r.made_at >= filters.begins)
        if filters.ends is not None:
            conditions.append(_r.made_at < filters.ends)
        statement = REPORTS.select().where(*conditions)
        return fetch_page(self._connection, statement, _REPORT_SORTS, "-made_at", page, REPORTS.item)

    def policy(self, site: str) -> RiskPolicy:
        row = self._connection.execute(POLICIES.select().where(_p.site == site)).first()
        return built_in(site) if row is None else POLICIES.item(row)

    def put_policy(self, policy: RiskPolicy) -> None:
        values = POLICIES.row(policy)
        if self._connection.execute(t.risk_policies.update().where(_p.site == policy.site), values).rowcount == 0:
            self._connection.execute(t.risk_policies.insert(), values)


def _repairs(site: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _w.site == site, _w.kind == Kind.CORRECTIVE.value, _w.asset.is_not(None)


def _of_law(shown: Any, by_law: Collection[str]) -> bool:
    listed = orjson.loads(shown) if isinstance(shown, str) else shown
    return any(one["key"]["lineage"] in by_law for one in listed)
