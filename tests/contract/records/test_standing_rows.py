"""The rows of the ledger stand as the history has them, or the check says which does not, where, and what both say."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from maintenance.orders import create_order
from maintenance.people.staff import Certificate
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State
from plantroom.domain.assets import Severity
from plantroom.domain.audit_verify import Place, Tampering
from plantroom.domain.authorship import Author, AuthorKind, acting, acting_system
from plantroom.ports.accounts import Grant, Role, User
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.audit_rows import NOT_WHOLE, kept_tables
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables import metadata
from plantroom.storage.ledger.tables_audit import audit_entries
from tests.contract.ledger.given import NOW, ROOT, add_plant, asset, name, occurrence, plan_row, point
from tests.contract.ledger.older import back_to

CHANGED, REMOVED, INSERTED = Tampering.ROW_CHANGED, Tampering.ROW_REMOVED, Tampering.ROW_INSERTED
MORE = (
    "INSERT INTO certificates SELECT 'c2', username, kind, 'T-2', issued_on, expires_on, issuer, classes, systems,"
    " version FROM certificates"
)
RENAMED = (
    "UPDATE plan_rows SET document = replace(document, '\"SP-01\"', '\"SP-02\"'), code = 'SP-02', name_en = 'SP-02'"
)
LI = Author("li", AuthorKind.PERSON, "u-li")


@pytest.fixture
def lived(ledger: SqlLedger) -> SqlLedger:
    """Machines, points, a certificate, plan rows and orders, made and changed as the program does it."""
    live(ledger)
    seal_all(ledger)
    return ledger


def live(ledger: SqlLedger) -> None:
    with acting(LI):
        add_plant(ledger)
        with ledger.begin() as tx:
            tx.assets.update(replace(tx.assets.get("p1").asset, serial="S-9", custom={"a.b": {"c": 1}}), None)
            tx.assets.put_points([point(name=name("Bearing"))])
            tx.plan.put_row(plan_row())
            tx.accounts.put_user(User("u-li", "li", "hash", (Grant(Role.TECHNICIAN, "demo"),), "李工"))
            tx.people.put_certificate(
                Certificate("c1", "li", "elevator", "T-1", date(2024, 1, 1), date(2028, 1, 1), "SAMR")
            )
        for number in range(3):
            with ledger.begin() as tx:
                made = create_order(
                    tx, site="demo", kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=name("Look"), by="li", now=NOW,
                    asset="p1", severity=Severity.GENERAL,
                )  # fmt: skip
                apply_transition(tx, made.id, State.IN_PROGRESS, NOW, "li", now=NOW)
                if number:
                    apply_transition(tx, made.id, State.COMPLETED, NOW, "li", now=NOW)
    with acting_system("planner"), ledger.begin() as tx:
        tx.plan.add_occurrences([occurrence(1)])
        left = create_order(
            tx, site="demo", kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=name("Gone"), by="system:planner", now=NOW,
            asset="p2",
        )  # fmt: skip
        apply_transition(tx, left.id, State.MISSED, NOW, "system:planner", "nobody came", now=NOW)


def by_hand(ledger: SqlLedger, statements: str) -> Place:
    """What the check says after somebody with the database's password was at it."""
    with ledger.begin() as tx:
        assert isinstance(tx, SqlTx)
        for one in statements.split("; "):
            tx.work.connection.exec_driver_sql(one)
    broken = verify(ledger).broken
    assert broken is not None
    return broken


def test_what_the_program_has_written_is_intact_and_counted(lived: SqlLedger) -> None:
    verdict = verify(lived)
    assert verdict.broken is None, verdict.broken
    assert verdict.seen is not None
    found = {table: count for table, count in verdict.seen.rows.items() if count}
    assert found == {
        "assets": 3, "certificates": 1, "plan_row_versions": 1, "plan_rows": 1, "points": 3, "sites": 2, "users": 1,
        "work_order_transitions": 10, "work_orders": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "what", "said"),
    [
        ("UPDATE assets SET serial = 'X' WHERE key = 'p1'", CHANGED, "(P-101)|serial is X, by the history S-9"),
        ("UPDATE assets SET manufacturer = 'Y' WHERE key = 'p2'", CHANGED, "assets p2 (P-102)|manufacturer is Y"),
        ("UPDATE assets SET licences = '[{}]' WHERE key = 'p2'", CHANGED, "assets p2|licences"),
        ("UPDATE points SET digest = (SELECT digest FROM points WHERE key = 'flow') WHERE asset = 'p2'", CHANGED,
         "points p2/vibration"),
        ("UPDATE points SET unit = 'kPa' WHERE asset = 'p2'", CHANGED, "points p2/vibration|kPa"),
        ("DELETE FROM points WHERE asset = 'p1' AND key = 'flow'", REMOVED, "points p1/flow"),
        ("DELETE FROM points WHERE asset = 'p1' AND key = 'vibration'", REMOVED, "points p1/vibration"),
        ("INSERT INTO points SELECT asset, 'extra', 9, unit, kind, digest FROM points WHERE asset = 'p2'", INSERTED,
         "points p2/extra"),
        ("UPDATE point_templates SET template = replace(template, '7.1', '9.9')", CHANGED, "point_templates"),
        ("UPDATE certificates SET expires_on = '2039-01-01'", CHANGED,
         "certificates c1|expires_on is 2039-01-01, by the history 2028-01-01"),
        ("DELETE FROM certificates", REMOVED, "certificates c1"),
        (MORE, INSERTED, "certificates c2"),
        ("UPDATE plan_rows SET layer = 'law'", CHANGED, "plan_rows row-1|layer is law, there it is"),
        (RENAMED, CHANGED, "plan_rows row-1|code is SP-02, by the history SP-01"),
        ("UPDATE plan_rows SET code = 'OTHER'", CHANGED, "plan_rows row-1|OTHER"),
        ("UPDATE plan_rows SET name_zh = 'OTHER'", CHANGED, "plan_rows row-1|OTHER"),
        ("DELETE FROM plan_row_versions; DELETE FROM plan_rows", REMOVED, "plan_rows row-1"),
        ("UPDATE users SET active = NOT active", CHANGED, "users u-li"),
        ("UPDATE work_orders SET end_reason = 'lightning' WHERE state = 'missed'", CHANGED,
         "work_orders|end_reason is lightning, by the history nobody came"),
        ("UPDATE work_orders SET due = due_order, answers = '{\"1\": {\"outcome\": \"ok\"}}' WHERE state = 'completed'",
         CHANGED, "work_orders|answers"),
        ("UPDATE work_orders SET state = 'completed', ended = (1 = 1) WHERE state = 'in_progress'", INSERTED,
         "work_orders"),
        ("UPDATE work_orders SET state = 'open', ended = (1 = 0) WHERE state = 'missed'", REMOVED, "work_orders"),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_by_hand_is_named_with_what_both_say(
    lived: SqlLedger, statement: str, what: Tampering, said: str
) -> None:
    broken = by_hand(lived, statement)
    assert broken.what is what, broken
    for part in said.split("|"):
        assert part in broken.detail, broken.detail


def test_a_row_that_the_program_changes_after_somebody_did_by_hand_is_not_made_good(lived: SqlLedger) -> None:
    by_hand(lived, "UPDATE assets SET serial = 'X' WHERE key = 'p1'")
    with acting(LI), lived.begin() as tx:
        tx.assets.update(replace(tx.assets.get("p1").asset, serial="S-10"), None)
    broken = verify(lived).broken
    assert broken is not None
    assert (broken.what, "serial is X, by the history S-9" in broken.detail) == (CHANGED, True)


def test_a_field_whose_name_has_a_dot_may_change_inside_and_beside_others(lived: SqlLedger) -> None:
    for custom in ({"a.b": {"c": 2}}, {"a.b": {"c": 2}, "a": {"x": 1}}, {"a.b": {"c": 3, "d.e": 1}, "a": {"b": 7}}, {}):
        with acting(LI), lived.begin() as tx:
            tx.assets.update(replace(tx.assets.get("p1").asset, custom=custom), None)
        verdict = verify(lived)
        assert verdict.broken is None, verdict.broken


def test_a_secret_that_is_emptied_and_given_again_is_intact(lived: SqlLedger) -> None:
    for phone in ("", "138", "139", ""):
        with acting(LI), lived.begin() as tx:
            tx.people.put_person(replace(tx.people.person("li"), phone=phone))
        verdict = verify(lived)
        assert verdict.broken is None, verdict.broken


def test_an_order_that_a_job_ends_and_the_fault_s_return_opens_is_intact(lived: SqlLedger) -> None:
    with acting_system("findings"), lived.begin() as tx:
        made = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.RULE, title=name("Leak"), by="system", now=NOW,
            asset="p1",
        )  # fmt: skip
        apply_transition(tx, made.id, State.IN_PROGRESS, NOW, "system", now=NOW)
    with acting_system("findings"), lived.begin() as tx:
        apply_transition(tx, made.id, State.COMPLETED, NOW, "system", now=NOW)
    verdict = verify(lived)
    assert (verdict.broken, verdict.seen is not None and verdict.seen.rows["work_orders"]) == (None, 4)
    with acting_system("findings"), lived.begin() as tx:
        tx.orders.update(
            replace(tx.orders.get(made.id), state=State.OPEN, completed_at=None), tx.orders.get(made.id).version
        )
    verdict = verify(lived)
    assert (verdict.broken, verdict.seen is not None and verdict.seen.rows["work_orders"]) == (None, 3)


@pytest.fixture
def updated(empty_url: str) -> Iterator[SqlLedger]:
    """A ledger of before the rows were compared: some are in no entry, one was changed without."""
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        live(made)
        with made.begin() as tx:
            assert isinstance(tx, SqlTx)
            older = tx.work.connection.execution_options(plantroom_recorder=None)
            tx.assets.add(asset("p3", "P-103"), [point(asset="p3")])
            older.execute(sa.text("UPDATE assets SET model = 'set by an update' WHERE key = 'p2'"))
            back_to(older, "0036")
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        yield opened


def test_what_was_there_before_the_update_is_entered_as_it_stands_and_accused_of_nothing(updated: SqlLedger) -> None:
    verdict = verify(updated)
    assert verdict.broken is None, verdict.broken
    assert verdict.seen is not None
    assert (verdict.seen.rows["assets"], verdict.seen.rows["points"], verdict.seen.rows["work_orders"]) == (4, 4, 3)
    with acting(LI), updated.begin() as tx:
        tx.assets.update(replace(tx.assets.get("p3").asset, serial="S-1"), None)
        tx.assets.put_points([point(asset="p3", name=name("New")), point("flow", asset="p3", unit="m3/h")])
    verdict = verify(updated)
    assert verdict.broken is None, verdict.broken
    assert (
        "model is Z, by the history set by an update"
        in by_hand(updated, "UPDATE assets SET model = 'Z' WHERE key = 'p2'").detail
    )


def test_a_new_ledger_enters_nothing(ledger: SqlLedger) -> None:
    with ledger.read() as tx:
        assert isinstance(tx, SqlTx)
        found = tx.work.connection.execute(sa.select(audit_entries.c.action)).scalars().all()
    assert list(found) == ["begun"]


def test_the_docs_say_which_tables_are_compared_and_which_are_not() -> None:
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    compared = {one.name for one in kept_tables()}
    assert not [one for one in sorted(compared) if f"`{one}`" not in text]
    assert not [one for one in NOT_WHOLE if one != "occurrences" and f"`{one}`" not in text]
    assert set(metadata.tables) >= compared | set(NOT_WHOLE)
