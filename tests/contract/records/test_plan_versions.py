"""Versions of plan rows, which the planner goes by, stand as the history has them; what names a row's site and what an
order's checklist was, too."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from maintenance.orders import create_order
from maintenance.ports import KeptVersion
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify
from maintenance.records.versions import versions_as_entered
from maintenance.work_orders import Kind, Origin
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.domain.authorship import Author, AuthorKind, acting
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.engine import SqlTx
from tests.contract.ledger.given import NOW, add_plant, name, plan_row
from tests.contract.ledger.older import back_to

CHANGED, REMOVED, INSERTED = Tampering.ROW_CHANGED, Tampering.ROW_REMOVED, Tampering.ROW_INSERTED
LI = Author("li", AuthorKind.PERSON, "u-li")
ROW = plan_row(max_gap_days=31, fulfils=("A", "B"), custom={"basis": {"zh": "规范", "en": "code"}})
STRICTER = replace(ROW, max_gap_days=15, effective_from=date(2026, 3, 1), custom={"basis": {"zh": "规范"}})
WAITS = replace(STRICTER, max_gap_days=10, fulfils=(), effective_from=date(2030, 1, 1))
LONGER = "UPDATE plan_row_versions SET document = replace(document, '\"max_gap_days\":{0}', '\"max_gap_days\":{0}0')"
BY_HAND = "INSERT INTO plan_row_versions SELECT lineage, {}, effective_from, document FROM plan_row_versions WHERE {}"


@pytest.fixture
def planned(ledger: SqlLedger) -> SqlLedger:
    """Rows with several versions, one of them without a change, a row that was removed, and an open order."""
    plan(ledger)
    seal_all(ledger)
    return ledger


def plan(ledger: SqlLedger) -> None:
    with acting(LI):
        add_plant(ledger)
        for row in (ROW, STRICTER, STRICTER, WAITS, WAITS, plan_row("row-2", "SP-02", site="demo"), plan_row("x", "X")):
            with ledger.begin() as tx:
                tx.plan.put_row(row)
        with ledger.begin() as tx:
            tx.plan.remove_row("x")
            tx.plan.add_rows([plan_row("row-3", "SP-03"), plan_row("row-4", "SP-04")])
            create_order(
                tx, site="demo", kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=name("Look"), by="li", now=NOW,
                asset="p1",
            )  # fmt: skip


def by_hand(ledger: SqlLedger, statements: str) -> Place:
    """What the check says after somebody with the database's password was at it."""
    with ledger.begin() as tx:
        assert isinstance(tx, SqlTx)
        connection = tx.work.connection.execution_options(plantroom_recorder=None)
        for one in statements.split("; "):
            connection.exec_driver_sql(one)
    broken = verify(ledger).broken
    assert broken is not None
    return broken


def test_what_the_program_has_written_is_intact_and_counted(planned: SqlLedger) -> None:
    verdict = verify(planned)
    assert verdict.broken is None, verdict.broken
    assert verdict.seen is not None
    assert (verdict.seen.rows["plan_rows"], verdict.seen.rows["plan_row_versions"]) == (4, 8)


def test_a_row_that_is_put_twice_in_one_transaction_is_intact(planned: SqlLedger) -> None:
    with acting(LI), planned.begin() as tx:
        tx.plan.put_row(plan_row("row-5", "SP-05"))
        tx.plan.put_row(plan_row("row-5", "SP-05", late_days=3))
    assert verify(planned).broken is None


@pytest.mark.parametrize(
    ("statement", "what", "said"),
    [
        (LONGER.format(15), CHANGED, "row-1/2 (SP-01)|max_gap_days is 150, by the history 15"),
        (LONGER.format(10) + " WHERE version = 5", CHANGED, "row-1/5|max_gap_days is 100, by the history 10"),
        (LONGER.format(15) + " WHERE version = 3", CHANGED, "row-1/3|max_gap_days"),
        ("UPDATE plan_row_versions SET document = replace(document, '[\"A\",\"B\"]', '[\"A\"]') WHERE version = 1",
         CHANGED, "row-1/1|fulfils"),
        ("UPDATE plan_row_versions SET document = replace(document, '\"version\":2', '\"version\":1')", CHANGED,
         "row-1/2|version is 1"),
        ("UPDATE plan_row_versions SET document = 'none' WHERE lineage = 'row-3'", CHANGED, "row-3/1"),
        ("UPDATE plan_row_versions SET effective_from = '2099-01-01' WHERE version = 2", CHANGED,
         "row-1/2|effective_from is 2099-01-01|2026-03-01"),
        ("DELETE FROM plan_row_versions WHERE lineage = 'row-3'", REMOVED, "row-3/1"),
        ("DELETE FROM plan_row_versions WHERE version = 2", REMOVED, "row-1/2"),
        ("DELETE FROM plan_row_versions WHERE version > 3", REMOVED, "row-1/4"),
        ("UPDATE plan_row_versions SET version = 7 WHERE version = 5", REMOVED, "row-1/5"),
        (BY_HAND.format(9, "version = 1 AND lineage = 'row-1'"), REMOVED, "row-1/6"),
        (BY_HAND.format(6, "version = 1 AND lineage = 'row-1'"), CHANGED, "row-1/6"),
        (BY_HAND.format(2, "lineage = 'row-2'"), CHANGED, "row-2/2"),
        ("UPDATE plan_rows SET profile = 'gone' WHERE lineage = 'row-1'", CHANGED, "plan_rows row-1|profile is gone"),
        ("UPDATE plan_rows SET profile = '' WHERE lineage = 'row-2'", CHANGED, "plan_rows row-2|profile is "),
        ("UPDATE plan_rows SET site = NULL WHERE lineage = 'row-2'", CHANGED, "plan_rows row-2|site is None"),
        ("UPDATE checklist_templates SET items = '[ ]'", CHANGED, "checklist_templates"),
        ("DELETE FROM checklist_templates", CHANGED, "checklist_templates|is not there"),
    ],
)  # fmt: skip
def test_what_the_planner_goes_by_and_was_changed_by_hand_is_named(
    planned: SqlLedger, statement: str, what: Tampering, said: str
) -> None:
    broken = by_hand(planned, statement)
    assert broken.what is what, broken
    for part in said.split("|"):
        assert part in broken.detail, broken.detail


def test_a_version_of_a_row_that_is_in_no_entry_is_named() -> None:
    """On SQLite the shell does not mind that there is no such row."""
    alone = KeptVersion("row-9", 1, "2026-01-01", dump(plan_row("row-9")))
    with pytest.raises(Broken, match="row-9/1") as found:
        versions_as_entered(iter(()), iter([alone]))
    assert found.value.place.what is INSERTED


def test_a_version_that_the_program_goes_on_from_is_not_made_good(planned: SqlLedger) -> None:
    by_hand(planned, "UPDATE plan_row_versions SET effective_from = '2099-01-01' WHERE lineage = 'row-3'")
    with acting(LI), planned.begin() as tx:
        tx.plan.put_row(plan_row("row-3", "SP-03", late_days=2))
    broken = verify(planned).broken
    assert broken is not None
    assert "row-3/1" in broken.detail


@pytest.fixture
def updated(empty_url: str) -> Iterator[SqlLedger]:
    """A ledger of before the rows were compared: of versions before the newest one no entry says all."""
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        plan(made)
        with made.begin() as tx:
            assert isinstance(tx, SqlTx)
            older = tx.work.connection.execution_options(plantroom_recorder=None)
            back_to(older, "0036")
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        yield opened


def test_versions_of_before_the_update_are_there_and_later_ones_as_they_were(updated: SqlLedger) -> None:
    verdict = verify(updated)
    assert verdict.broken is None, verdict.broken
    with acting(LI), updated.begin() as tx:
        tx.plan.put_row(replace(WAITS, late_days=4))
    assert verify(updated).broken is None
    changed = "UPDATE plan_row_versions SET effective_from = '2001-01-01' WHERE version = {}"
    assert "row-1/5" in by_hand(updated, changed.format(5)).detail
    assert "row-1/2" in by_hand(updated, "DELETE FROM plan_row_versions WHERE version = 2").detail
