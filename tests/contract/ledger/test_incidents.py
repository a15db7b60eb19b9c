"""Incidents and drill records in the ledger, and frozen records of incidents in ledgers of before."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from maintenance.emergency.plans import Category
from maintenance.incidents.drills import DrillRecord, Grade, StageTime
from maintenance.incidents.keeping import Wanted, change, close, open_incident
from maintenance.incidents.model import Incident, Involved, Lessons, Part, Stage
from maintenance.incidents.ports import DrillFilter, IncidentFilter
from maintenance.incidents.rules import IncidentClosed, advanced, noted
from maintenance.records.verifying import verify
from plantroom.domain.assets import LocalName
from plantroom.errors import NotFound
from plantroom.ports.audit import AuditFilter
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.columns import to_microseconds
from plantroom.storage.ledger.tables_incidents import incidents
from tests.contract.ledger.given import NOW, order
from tests.contract.ledger.older import insert, insert_site, older_ledger

PAGE = PageRequest(limit=10)
EVERYBODY = tuple(Involved(part, f"{part}") for part in Part)


def opened(ledger: SqlLedger, **more: Any) -> Incident:
    wanted = Wanted("demo", Category.OTHER, LocalName("停电", "Power cut"), people=EVERYBODY, **more)
    with ledger.begin() as tx:
        return open_incident(tx, wanted, "li", NOW)


def through(ledger: SqlLedger, incident: Incident, *stages: Stage) -> Incident:
    for stage in stages:
        closing_now = stage is Stage.CLOSING

        def rule(one: Incident, to: Stage = stage, ends: bool = closing_now) -> Incident:
            lessons = Lessons("a", "b") if ends else None
            return advanced(one, to, at=None, people=EVERYBODY, note="x", by="li", now=NOW, lessons=lessons)

        with ledger.begin() as tx:
            locked = tx.incidents.lock(incident.id)
            incident = close(tx, locked, rule, "li", NOW) if closing_now else change(tx, locked, rule)
    return incident


def test_an_incident_is_what_it_was(planted: SqlLedger) -> None:
    made = opened(planted, asset="p1")
    after = through(planted, made, Stage.COMMAND, Stage.ON_SITE)
    with planted.read() as tx:
        assert tx.incidents.get(made.id) == after
        assert after.version == 3
        with pytest.raises(NotFound):
            tx.incidents.get("nope")
        assert tx.incidents.list(IncidentFilter(Scope(frozenset({"north"}))), PAGE).items == []
        (listed,) = tx.incidents.list(IncidentFilter(stage="on_site,closing", asset="p1"), PAGE).items
    assert listed == after


def test_numbers_count_within_site_and_year(planted: SqlLedger, other: SqlLedger) -> None:
    codes = [opened(ledger).code for ledger in (planted, other, planted)]
    codes.append(opened(planted, at=NOW - timedelta(days=365)).code)
    assert codes == ["INC-2026-001", "INC-2026-002", "INC-2026-003", "INC-2025-001"]
    with planted.begin() as tx:
        assert tx.incidents.next_number("north", 2026) == 1


def test_a_closed_one_is_frozen_whoever_writes_and_the_history_holds_it(planted: SqlLedger) -> None:
    closed = through(planted, opened(planted, asset="p1"), *list(Stage)[1:])
    with pytest.raises(IncidentClosed), planted.begin() as tx:
        tx.incidents.update(replace(closed, title=LocalName("别的", "Other")))
    with pytest.raises(IncidentClosed), planted.begin() as tx:
        change(tx, tx.incidents.lock(closed.id), lambda one: noted(one, "x", at=None, by="li", now=NOW))
    with planted.read() as tx:
        record = tx.records.get(closed.record or "")
    assert (record.incident, record.work_order, record.asset) == (closed.id, None, "p1")
    with pytest.raises(Exception, match="append-only"), planted.begin() as tx:
        tx.work.connection.execute(sa.text("UPDATE statutory_records SET title_zh = 'x'"))
    assert verify(planted).broken is None
    with planted.begin() as tx:
        lines = tx.records.timeline("p1", PAGE).items
    assert record in [line.said for line in lines]


def test_a_drill_record_is_written_and_written_over(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add(order("w1", 1))
        assert tx.incidents.drill("w1") is None
    record = DrillRecord(
        "w1", "demo", "停电", ("li",), 3, (StageTime(Stage.REPORT, 1.5),), "无", Grade.BY_PLAN, emergency_plan="k1",
        by="li", recorded_at=NOW,
    )  # fmt: skip
    for version in (1, 2):
        with planted.begin() as tx:
            tx.incidents.put_drill(replace(record, version=version))
    with planted.read() as tx:
        assert tx.incidents.drill("w1") == replace(record, version=2)
        assert tx.incidents.drills(DrillFilter(emergency_plan="k1", begins=NOW), PAGE).items
        assert not tx.incidents.drills(DrillFilter(ends=NOW), PAGE).items
        assert not tx.incidents.drills(DrillFilter(site="north"), PAGE).items


def test_the_history_keeps_what_changed_of_an_incident(planted: SqlLedger) -> None:
    made = opened(planted)
    through(planted, made, Stage.COMMAND)
    with planted.read() as tx:
        newest, first = tx.audit.list(AuditFilter(entity="incident", key=made.id), PAGE).items
    assert [(one.action, one.label, one.site) for one in (first, newest)] == [
        ("created", made.code, "demo"), ("changed", made.code, "demo"),
    ]  # fmt: skip
    assert '"stage":"report"' in (newest.before or "")


def test_records_of_before_stay_as_they_are_and_nobody_changes_them(empty_url: str) -> None:
    at = NOW if "postgresql" in empty_url else to_microseconds(NOW)
    with older_ledger(empty_url, "0027") as connection:
        insert_site(connection)
        work = sa.Table("work_orders", sa.MetaData(), autoload_with=connection)
        values = {"id": "w1", "site": "demo", "kind": "statutory", "origin": "plan", "state": "verified"}
        filled = {c.name: _some(c, at) for c in work.c if not c.nullable and c.server_default is None}
        insert(connection, "work_orders", [filled | values])
        records = sa.Table("statutory_records", sa.MetaData(), autoload_with=connection)
        kept = {c.name: _some(c, at) for c in records.c if not c.nullable}
        insert(connection, "statutory_records", [kept | {"id": "r1", "work_order": "w1", "site": "demo"}])
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            assert (tx.records.get("r1").work_order, tx.records.get("r1").incident) == ("w1", None)
        for statement in ("UPDATE statutory_records SET title_zh = 'x'", "DELETE FROM statutory_records"):
            with pytest.raises(Exception, match="append-only"), ledger.begin() as tx:
                tx.work.connection.execute(sa.text(statement))
        through(ledger, opened(ledger), *list(Stage)[1:])
        with ledger.begin() as tx:
            columns = {
                c["name"]: c["nullable"] for c in sa.inspect(tx.work.connection).get_columns("statutory_records")
            }
            assert columns["work_order"]
            assert not columns["site"]
            if "sqlite" in empty_url:
                assert tx.work.connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert tx.work.connection.execute(sa.select(sa.func.count()).select_from(incidents)).scalar() == 1


def _some(column: Any, at: Any) -> Any:
    kind = str(column.type)
    if "TIMESTAMP" in kind:
        return at
    if kind == "DATE":
        return NOW.date()
    if "BOOL" in kind:
        return True
    return 1 if "INT" in kind else "[]"
