"""What is done about work orders, and the files that they name, stands as the history has it, or the check names what
does not."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from maintenance.orders import create_order
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify, verify_in
from maintenance.sla.steps import StepDone
from maintenance.standings import DraftOccurrence, DraftOrder
from maintenance.transitions import apply_transition
from maintenance.work.deferring import defer
from maintenance.work.ports import FoundOn
from maintenance.work_orders import Kind, Origin, State
from plantroom.domain.assets import Severity
from plantroom.domain.audit_verify import Tampering
from plantroom.domain.authorship import Author, AuthorKind, acting, acting_system
from plantroom.ports.equipment import FileEntry
from plantroom.storage.files import FolderFiles
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_audit import audit_entries
from tests.contract.ledger.given import NOW, add_plant, name, operation, plan_row
from tests.contract.ledger.older import back_to
from tests.contract.records.history import unlock
from tests.contract.records.test_tampering import falsified

CHANGED, REMOVED, INSERTED = Tampering.ROW_CHANGED, Tampering.ROW_REMOVED, Tampering.ROW_INSERTED
LI = Author("li", AuthorKind.PERSON, "u-li")
STEPS, TICKET = "work_order_transitions", "SELECT id FROM work_orders WHERE kind = 'corrective'"
MORE = (
    f'INSERT INTO {STEPS} (position, work_order, "to", at, recorded_at, "by", reason, person, code) SELECT 999999,'
    f' work_order, "to", at, recorded_at, "by", reason, person, code FROM {STEPS} WHERE "to" = \'deferred\''
)
OF_TICKET = f"WHERE work_order IN ({TICKET})"
PUT_OFF = "kind = 'preventive' AND id NOT IN ('d1', 'd2')"
"""The order that carries on what was put off to 28 November."""
LATER, OTHER = (f"(SELECT o.due FROM work_orders o WHERE o.{which})" for which in (PUT_OFF, "id = 'd2'"))
GONE = "; ".join(
    f"DELETE FROM {table} {OF_TICKET}" for table in (STEPS, "work_order_marks", "sla_clocks", "sla_steps", "repairs")
)


def live(ledger: SqlLedger) -> None:
    """A leak that a rule has found, a ticket of a failed item, a round that was put off, one that is only due."""
    add_plant(ledger)
    drafts = [
        DraftOrder(
            f"d{n}", "demo", "preventive", "open", "点检", "Look", "p1", None,
            datetime(2026, 11, 22 + n, 15, 59, 59, tzinfo=UTC), "2026-11-18", NOW, "", "", (), "", (
                DraftOccurrence("row-1", "p1", n, "SP-01", f"2026-11-2{n}", "2026-11-18", f"2026-11-2{n + 2}"),
            ),
        )
        for n in (1, 2)
    ]  # fmt: skip
    with acting_system("planner"), ledger.begin() as tx:
        tx.plan.put_row(plan_row())
        (template,) = tx.plan.freeze([()])
        tx.plan.add_drafts("demo", [one._replace(template=template) for one in drafts])
    with acting_system("findings"), ledger.begin() as tx:
        ticket = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.RULE, title=name("Leak"), by="system:findings",
            now=NOW, asset="p1", severity=Severity.MAJOR,
        )  # fmt: skip
        tx.sla.add_step(StepDone(ticket.id, "resolve", 1, "near", NOW, NOW))
        tx.work_records.put_found(
            FoundOn(ticket.id, "d1", "s1", "泄漏", "leak", "wet", None, "", None, None, "major", "li", NOW)
        )
    with acting(LI), ledger.begin() as tx:
        tx.orders.add_operation(*operation(work_order=ticket.id))
        apply_transition(tx, ticket.id, State.IN_PROGRESS, NOW, "li", "went there", now=NOW, person=True)
        defer(tx, tx.orders.lock("d1"), date(2026, 11, 28), "access", "no key", "li", NOW, person=True)


@pytest.fixture
def lived(ledger: SqlLedger) -> SqlLedger:
    live(ledger)
    seal_all(ledger)
    return ledger


def test_what_the_program_has_written_is_intact_and_counted(lived: SqlLedger) -> None:
    verdict = verify(lived)
    assert verdict.broken is None, verdict.broken
    assert verdict.seen is not None
    rows = {t: verdict.seen.rows[t] for t in (STEPS, "work_order_marks", "operations", "work_found_on", "sla_steps")}
    assert rows == {STEPS: 4, "work_order_marks": 1, "operations": 1, "work_found_on": 1, "sla_steps": 1}
    assert verdict.seen.due == 1


@pytest.mark.parametrize(
    ("statement", "what", "said"),
    [
        (f"UPDATE {STEPS} SET \"by\" = 'wang' {OF_TICKET} AND \"to\" = 'in_progress'", CHANGED,
         f"{STEPS}|by is wang, by the history li"),
        (f"UPDATE {STEPS} SET reason = 'flood', \"by\" = 'wang' WHERE \"to\" = 'deferred'", CHANGED,
         "by is wang, by the history li; reason is flood"),
        (f"UPDATE {STEPS} SET person = (1 = 0) WHERE \"to\" = 'deferred'", CHANGED, "person is False"),
        (f"DELETE FROM {STEPS} WHERE \"to\" = 'deferred'", REMOVED, STEPS),
        (MORE, INSERTED, f"{STEPS} 999999"),
        ("DELETE FROM operations", REMOVED, "operations|(op1)"),
        ("UPDATE operations SET \"user\" = 'u9'", CHANGED, "operations|(op1)|user is u9, by the history u1"),
        ("DELETE FROM work_found_on", REMOVED, "work_found_on"),
        ("UPDATE work_found_on SET remark = 'dry'", CHANGED, "remark is dry, by the history wet"),
        ("UPDATE work_order_marks SET code = 'minor'", CHANGED, "work_order_marks|code is minor, by the history major"),
        ("DELETE FROM sla_steps", REMOVED, "sla_steps"),
        ("DELETE FROM sla_clocks", REMOVED, "sla_clocks|of order #"),
        ("UPDATE sla_clocks SET limit_s = limit_s + 60", CHANGED, "sla_clocks|limit_s is"),
        ("UPDATE sla_clocks SET cycle = 7 WHERE kind = 'arrive'", REMOVED, "sla_clocks|/arrive/0"),
        (f"DELETE FROM work_found_on; {GONE}; DELETE FROM work_orders WHERE kind = 'corrective'", REMOVED,
         "is not there any more"),
        ("UPDATE occurrences SET latest = '2027-11-24' WHERE state = 'due'", Tampering.OCCURRENCE_CHANGED,
         "p1/row-1/2 of SP-01|latest 2027-11-24; order #|has nominal day 2026-11-22, latest 2026-11-24"),
        ("UPDATE occurrences SET nominal_date = '2026-11-20' WHERE state = 'due'", Tampering.OCCURRENCE_CHANGED,
         "nominal day 2026-11-20"),
        ("DELETE FROM occurrences WHERE state = 'due'", Tampering.OCCURRENCE_REMOVED,
         "p1/row-1/2 of SP-01 is not there, and order #"),
        (f"UPDATE work_orders SET due = {LATER}, due_order = {LATER} WHERE id = 'd2'", CHANGED,
         "work_orders d2 (#|) has due 2026-11-28T15:59:59+00:00; what it is for says 2026-11-24T15:59:59+00:00"),
        (f"UPDATE work_orders SET due_order = {LATER} WHERE id = 'd2'", CHANGED,
         "work_orders d2 (#|has due_order 2026-11-28T15:59:59+00:00; what it is for says due 2026-11-24"),
        ("UPDATE work_orders SET due = NULL, due_order = (SELECT max(due_order) FROM work_orders) WHERE id = 'd2'",
         CHANGED, "work_orders d2 (#"),
        (f"UPDATE work_orders SET due = {OTHER}, due_order = {OTHER} WHERE {PUT_OFF}", CHANGED,
         "has due 2026-11-24T15:59:59+00:00; what it is for says 2026-11-23T15:59:59+00:00"),
        ("UPDATE work_orders SET earliest = '2026-11-08' WHERE id = 'd2'", CHANGED,
         "work_orders d2 (#|has earliest 2026-11-08; what it is for says 2026-11-18"),
        ("DELETE FROM work_orders WHERE id = 'd2'", REMOVED, "work_orders d2 is not there|p1/row-1/2"),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_named(lived: SqlLedger, statement: str, what: Tampering, said: str) -> None:
    with falsified(lived) as tx:
        for one in statement.split("; "):
            tx.work.connection.exec_driver_sql(one)
        broken = verify_in(tx, []).broken
    assert broken is not None
    assert broken.what is what, broken
    for part in said.split("|"):
        assert part in broken.detail, broken.detail


def test_what_was_put_off_keeps_its_new_day_once_it_has_begun(lived: SqlLedger) -> None:
    with acting(LI), lived.begin() as tx:
        assert isinstance(tx, SqlTx)
        (put_off,) = tx.work.connection.exec_driver_sql(f"SELECT id FROM work_orders WHERE {PUT_OFF}").scalars()
        apply_transition(tx, put_off, State.IN_PROGRESS, NOW, "li", now=NOW, person=True)
    verdict = verify(lived)
    assert verdict.broken is None, verdict.broken
    assert verdict.seen is not None
    assert verdict.seen.due == 2


def test_a_ticket_that_is_gone_while_its_steps_are_there_is_named(sqlite_url: str) -> None:
    with closing(SqlLedger(sqlite_url)) as ledger:
        ledger.open()
        live(ledger)
        with ledger.begin() as tx:
            assert isinstance(tx, SqlTx)
            unlock(tx)
            tx.work.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            (ticket,) = tx.work.connection.exec_driver_sql(TICKET).scalars()
            tx.work.connection.exec_driver_sql("DELETE FROM work_orders WHERE kind = 'corrective'")
            broken = verify_in(tx, []).broken
            assert broken is not None
            assert f"work_orders {ticket} is not there, and its step" in broken.detail
            tx.work.connection.rollback()


@pytest.fixture
def updated(empty_url: str) -> Iterator[SqlLedger]:
    """A ledger of before steps were entered."""
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        live(made)
        entities = ("work_step", "work_mark", "operation", "work_found_on", "sla_step")
        with made.begin() as tx:
            assert isinstance(tx, SqlTx)
            older = tx.work.connection.execution_options(plantroom_recorder=None)
            unlock(tx)
            older.execute(audit_entries.delete().where(audit_entries.c.entity.in_(entities)))
            back_to(older, "0037")
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        yield opened


def test_steps_of_before_the_update_are_entered_and_accused_of_nothing(updated: SqlLedger) -> None:
    verdict = verify(updated)
    assert verdict.broken is None, verdict.broken
    with acting(LI), updated.begin() as tx:
        apply_transition(tx, "d2", State.IN_PROGRESS, NOW, "li", now=NOW, person=True)
    verdict = verify(updated)
    assert verdict.broken is None, verdict.broken
    with updated.begin() as tx:
        assert isinstance(tx, SqlTx)
        unlock(tx)
        tx.work.connection.exec_driver_sql(f"UPDATE {STEPS} SET reason = 'flood' WHERE \"to\" = 'deferred'")
    broken = verify(updated).broken
    assert broken is not None
    assert "reason is flood" in broken.detail


@pytest.fixture
def photo(lived: SqlLedger, tmp_path: Path) -> tuple[FolderFiles, Path]:
    """The store, and a photo that has arrived in it."""
    store = FolderFiles(tmp_path / "files")
    kept = store.put([b"brake gap 0.4 mm"], "image/jpeg")
    with acting(LI), lived.begin() as tx:
        tx.files.add(FileEntry(kept.sha256, "demo", "gap.jpg", kept.mime, kept.size, "li", NOW))
    path = store.path(kept.sha256)
    assert path is not None
    return store, path


def test_files_that_are_as_they_came_are_counted(lived: SqlLedger, photo: tuple[FolderFiles, Path]) -> None:
    seen = verify(lived, (), photo[0]).seen
    assert seen is not None
    assert (seen.files, seen.file_bytes) == (1, 16)
    seen = verify(lived).seen
    assert seen is not None
    assert seen.files is None


def test_a_file_whose_bytes_are_others_or_that_is_gone_is_named(
    lived: SqlLedger, photo: tuple[FolderFiles, Path]
) -> None:
    store, path = photo
    path.write_bytes(b"brake gap 0.2 mm")
    broken = verify(lived, (), store).broken
    assert broken is not None
    assert (broken.what, f"{path.name} (files {path.name}/demo (gap.jpg))" in broken.detail) == (
        Tampering.FILE_CHANGED,
        True,
    )
    path.unlink()
    broken = verify(lived, (), store).broken
    assert broken is not None
    assert broken.what is Tampering.FILE_REMOVED
    assert "--without-files" in broken.detail
    assert verify(lived).broken is None
