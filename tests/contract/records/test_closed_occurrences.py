"""What is closed of the plan stands as it was closed, or the check of the history says where it does not."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from maintenance.plan import Occurrence, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.records.sealing import seal_all
from maintenance.records.verifying import verify, verify_in
from maintenance.standings import DraftOccurrence
from plantroom.domain.audit_verify import Tampering
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_audit import audit_entries
from plantroom.storage.ledger.tables_maintenance import occurrences
from tests.contract.ledger.given import NOW, add_plant, occurrence, plan_row
from tests.contract.ledger.older import back_to
from tests.contract.records.test_tampering import falsified

DONE, MISSED, WAIVED, CREDITED, DUE = (
    OccurrenceState.DONE,
    OccurrenceState.MISSED,
    OccurrenceState.WAIVED,
    OccurrenceState.CREDITED,
    OccurrenceState.DUE,
)
READING = {"point": "flow", "ts": "2026-11-20T08:00:00Z", "value": 4.25}
O = occurrences.c  # noqa: E741 (the table's columns)


@pytest.fixture
def kept(planted: SqlLedger) -> SqlLedger:
    """One of each state, closed as the program closes them."""
    close_some(planted)
    seal_all(planted)
    return planted


def close_some(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.plan.add_occurrences([occurrence(n) for n in range(1, 7)])
    with ledger.begin() as tx:
        tx.plan.update_occurrences(
            [
                occurrence(1, state=DONE, completed_at=NOW, work_order="w1"),
                occurrence(2, state=MISSED),
                occurrence(3, state=WAIVED),
                occurrence(4, state=CREDITED, completed_at=NOW, evidence=READING),
                occurrence(5, state=DUE),
            ]
        )
    with ledger.begin() as tx:
        late = ("row-1", "p2", 1, "SP-01", "2026-02-01", "2026-01-29", "2026-02-06")
        tx.plan.add_drafts("demo", [], [DraftOccurrence(*late)])


def entries(ledger: SqlLedger) -> list[tuple[str, str]]:
    with ledger.read() as tx:
        e = audit_entries.c
        found = sa.select(e.action, e.key).where(e.entity == "closed_occurrence").order_by(e.position)
        return [(action, key) for action, key in tx.work.connection.execute(found)]  # type: ignore[attr-defined]


def by_hand(ledger: SqlLedger, statement: str) -> None:
    """As somebody with the database's password does it."""
    with ledger.begin() as tx:
        assert isinstance(tx, SqlTx)
        tx.work.connection.exec_driver_sql(statement)


def test_what_was_closed_by_the_program_is_intact_and_counted(kept: SqlLedger) -> None:
    verdict = verify(kept)
    assert verdict.broken is None
    assert verdict.seen is not None
    assert verdict.seen.occurrences == 5
    assert sorted(entries(kept)) == [("created", f"p1/row-1/{n}") for n in (1, 2, 3, 4)] + [("created", "p2/row-1/1")]


@pytest.mark.parametrize(
    ("cycle", "change"),
    [
        (1, "completed_at = {moved}"),
        (1, "latest = '2026-12-31'"),
        (1, "work_order = NULL"),
        (1, "plan_row = 'OTHER'"),
        (2, "state = 'done'"),
        (3, "state = 'missed'"),
        (4, "evidence = '{{}}'"),
    ],
)
def test_a_closed_one_that_was_changed_by_hand_is_named(kept: SqlLedger, cycle: int, change: str) -> None:
    by_hand(kept, f"UPDATE occurrences SET {change.format(moved=moved(kept))} WHERE subject = 'p1' AND cycle = {cycle}")
    broken = verify(kept).broken
    assert broken is not None
    assert broken.what is Tampering.OCCURRENCE_CHANGED
    assert broken.position is not None
    assert f"p1/row-1/{cycle}" in broken.detail
    assert change.partition(" ")[0] in broken.detail


def moved(ledger: SqlLedger) -> str:
    """An earlier instant as the database writes it."""
    with ledger.read() as tx:
        assert isinstance(tx, SqlTx)
        is_postgresql = tx.work.connection.dialect.name == "postgresql"
    return "'2026-11-20T08:00:00Z'" if is_postgresql else "1763625600000000"


@pytest.mark.parametrize("became", ["done", "waived", "missed", "credited"])
def test_what_was_due_and_was_closed_by_hand_is_named(kept: SqlLedger, became: str) -> None:
    by_hand(kept, f"UPDATE occurrences SET state = '{became}' WHERE subject = 'p1' AND cycle = 6")
    broken = verify(kept).broken
    assert broken is not None
    assert broken.what is Tampering.OCCURRENCE_INSERTED
    assert "p1/row-1/6" in broken.detail


def test_a_miss_that_was_made_due_again_or_deleted_by_hand_is_named(kept: SqlLedger) -> None:
    where = "WHERE subject = 'p2' AND cycle = 1"
    for change in (f"UPDATE occurrences SET state = 'due' {where}", f"DELETE FROM occurrences {where}"):
        by_hand(kept, change)
        broken = verify(kept).broken
        assert broken is not None
        assert broken.what is Tampering.OCCURRENCE_REMOVED
        assert "p2/row-1/1" in broken.detail
        assert "SP-01" in broken.detail


def test_a_value_that_no_program_wrote_is_a_finding_and_no_crash(kept: SqlLedger) -> None:
    with kept.read() as tx:
        assert isinstance(tx, SqlTx)
        if tx.work.connection.dialect.name == "postgresql":
            return  # its columns take nothing else
    by_hand(kept, "UPDATE occurrences SET latest = 'soon' WHERE subject = 'p1' AND cycle = 1")
    broken = verify(kept).broken
    assert broken is not None
    assert broken.what is Tampering.OCCURRENCE_CHANGED


def stored(ledger: SqlLedger, cycle: int) -> Occurrence:
    with ledger.read() as tx:
        key = occurrence(cycle).key
        return tx.plan.occurrences([key])[key]


def close_again(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.plan.update_occurrences([replace(stored(ledger, 2), state=DONE, completed_at=NOW, work_order="w2")])


def reopen(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.plan.update_occurrences([replace(stored(ledger, 2), state=DUE, completed_at=None)])


def hand_over(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.plan.hand_over("row-1", "row-2", "demo", date(2026, 1, 1))


def defer(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.plan.update_occurrences([replace(stored(ledger, 2), latest=date(2027, 1, 31))])


@pytest.mark.parametrize(
    ("change", "steps", "what", "field"),
    [
        ("state = 'due', latest = '2026-12-31'", [close_again], Tampering.OCCURRENCE_REMOVED, "missed"),
        ("state = 'due'", [close_again, reopen], Tampering.OCCURRENCE_REMOVED, "missed"),
        ("state = 'waived'", [hand_over], Tampering.OCCURRENCE_CHANGED, "state was waived"),
        ("latest = '2026-12-31'", [reopen, close_again], Tampering.OCCURRENCE_CHANGED, "latest was 2026-12-31"),
        ("latest = '2026-12-31'", [close_again, reopen], Tampering.OCCURRENCE_CHANGED, "latest was 2026-12-31"),
        ("latest = '2026-12-31'", [defer], Tampering.OCCURRENCE_CHANGED, "latest was 2026-12-31"),
        ("latest = '2026-12-31'", [close_again], Tampering.OCCURRENCE_CHANGED, "latest is 2026-12-31"),
    ],
)
def test_what_was_changed_by_hand_is_not_made_good_by_what_the_program_does_next(
    kept: SqlLedger, change: str, steps: list[Callable[[SqlLedger], None]], what: Tampering, field: str
) -> None:
    by_hand(kept, f"UPDATE occurrences SET {change} WHERE subject = 'p1' AND cycle = 2")
    for step in steps:
        step(kept)
    broken = verify(kept).broken
    assert broken is not None
    assert (broken.what, "p1/row-1/2" in broken.detail, field in broken.detail) == (what, True, True), broken
    assert broken.position is not None


@pytest.mark.parametrize("step", [reopen, defer])
def test_what_was_closed_by_hand_stays_a_finding_after_the_program_has_changed_it(
    kept: SqlLedger, step: Callable[[SqlLedger], None]
) -> None:
    with kept.begin() as tx:
        forget(tx, occurrence(2))
        tx.plan.add_occurrences([occurrence(2)])
    reopen(kept)
    assert verify(kept).broken is None
    by_hand(kept, "UPDATE occurrences SET state = 'done' WHERE subject = 'p1' AND cycle = 2")
    step(kept)
    broken = verify(kept).broken
    assert broken is not None
    assert (broken.what, "p1/row-1/2" in broken.detail) == (Tampering.OCCURRENCE_INSERTED, True)


@pytest.mark.parametrize(
    "readings",
    [
        [READING | {"value": None}],
        [READING | {"value": None}, READING, {"point": None}, None, {"value": None}],
        [{"a": {"b": {"c": 1, "d": None}}}, {"a": {"b": {"c": 2}}}, {"a": {"b": {"c": None}}}, {"a": {}}, {"a": 1}],
        [{"a": [{"b": None}]}, {"a": [{"b": 1}]}, {}],
    ],
)
def test_a_reading_with_gaps_and_parts_is_put_together_again(
    kept: SqlLedger, readings: list[dict[str, Any] | None]
) -> None:
    for reading in readings:
        with kept.begin() as tx:
            tx.plan.update_occurrences([replace(stored(kept, 4), evidence=reading)])
        verdict = verify(kept)
        assert verdict.broken is None, verdict.broken
    with kept.begin() as tx:
        tx.plan.update_occurrences([replace(stored(kept, 4), state=DUE)])
    verdict = verify(kept)
    assert verdict.broken is None, verdict.broken


@pytest.mark.parametrize(
    "changes",
    [
        [{"state": DUE, "completed_at": None, "work_order": None}],
        [
            {"state": DUE, "completed_at": None, "work_order": None},
            {"state": MISSED},
            {"state": DONE, "completed_at": NOW},
        ],
        [{"state": DONE, "completed_at": NOW + timedelta(days=2), "latest": date(2026, 5, 1)}],
        [{"state": CREDITED, "evidence": READING | {"value": 5.0}}, {"state": CREDITED, "evidence": None}],
    ],
)
@pytest.mark.parametrize("cycle", [1, 4])
def test_what_the_program_changes_later_is_intact(kept: SqlLedger, cycle: int, changes: list[dict[str, Any]]) -> None:
    for one in changes:
        with kept.begin() as tx:
            tx.plan.update_occurrences([replace(stored(kept, cycle), **one)])
        verdict = verify(kept)
        assert verdict.broken is None, verdict.broken


def test_what_a_row_hands_over_forgets_or_takes_along_is_intact(kept: SqlLedger) -> None:
    with kept.begin() as tx:
        forget(tx, occurrence(2), occurrence(6))
    assert verify(kept).broken is None
    with kept.begin() as tx:
        tx.plan.hand_over("row-1", "row-2", "demo", date(2026, 1, 1))
    verdict = verify(kept)
    assert (verdict.broken, verdict.seen is not None and verdict.seen.occurrences) == (None, 4)
    with kept.read() as tx:
        assert len(tx.plan.occurrences_of_row("row-2")) == 5
    with kept.begin() as tx:
        tx.plan.put_row(plan_row("row-2"))
        tx.plan.remove_row("row-2")
    verdict = verify(kept)
    assert (verdict.broken, verdict.seen is not None and verdict.seen.occurrences) == (None, 0)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_program_does_in_any_order_is_intact(kept: SqlLedger, seed: int) -> None:
    chosen = Random(seed)
    for _ in range(40):
        with kept.begin() as tx:
            there = tx.plan.occurrences_of("demo")
            for one in chosen.sample(there, min(len(there), chosen.randint(1, 3))):
                do_something(tx, one, chosen)
            if chosen.random() < 0.2:
                row, heir = chosen.sample(["row-1", "row-2"], 2)
                tx.plan.hand_over(row, heir, "demo", date(2026, 1, 1))
            if chosen.random() < 0.5:
                lost = [occurrence(n) for n in range(1, 7) if not any(one.key.cycle == n for one in there)]
                tx.plan.add_occurrences(lost)
    verdict = verify(kept)
    assert verdict.broken is None, verdict.broken


def forget(tx: MaintenanceTx, *some: Occurrence) -> None:
    """As the program does: what was waived is taken away."""
    tx.plan.update_occurrences([replace(one, state=WAIVED) for one in some])
    tx.plan.forget([one.key for one in some])


def do_something(tx: MaintenanceTx, one: Occurrence, chosen: Random) -> None:
    """Something that is done to an occurrence, up to twice in one transaction."""
    if chosen.random() < 0.15:
        forget(tx, one)
        if chosen.random() < 0.5:
            tx.plan.add_occurrences([replace(one, state=chosen.choice([MISSED, DUE]))])
        return
    for _ in range(chosen.randint(1, 2)):
        one = replace(
            one,
            state=chosen.choice(list(OccurrenceState)),
            completed_at=chosen.choice([None, NOW, NOW + timedelta(hours=1)]),
            latest=one.latest + timedelta(days=chosen.randint(-1, 1)),
            evidence=chosen.choice([None, READING, READING | {"value": None}, {}]),
        )
        tx.plan.update_occurrences([one])


def test_a_transaction_that_is_undone_leaves_no_entry(kept: SqlLedger) -> None:
    before = entries(kept)
    with falsified(kept) as tx:
        tx.plan.update_occurrences([occurrence(6, state=DONE, completed_at=NOW)])
    assert entries(kept) == before
    assert verify(kept).broken is None


def test_what_was_closed_before_the_update_is_entered_as_it_stands(empty_url: str) -> None:
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        add_plant(made)
        with made.begin() as tx:
            assert isinstance(tx, SqlTx)
            older = tx.work.connection.execution_options(plantroom_recorder=None)
            for one in (
                occurrence(
                    1,
                    state=DONE,
                    completed_at=NOW,
                    work_order="w1",
                    nominal_at=datetime.fromisoformat("2026-11-21T16:00:00+08:00"),
                ),
                occurrence(2, state=MISSED),
                occurrence(4, state=CREDITED, completed_at=NOW, evidence=READING),
                occurrence(6),
            ):
                tx.plan.add_occurrences([one])
            back_to(older, "0035")
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        verdict = verify(opened)
        assert (verdict.broken, verdict.seen is not None and verdict.seen.occurrences) == (None, 3)
        assert sorted(entries(opened)) == [("created", f"p1/row-1/{n}") for n in (1, 2, 4)]
        seal_all(opened)
        reopen(opened)
        close_again(opened)
        with opened.begin() as tx:
            tx.plan.update_occurrences(
                [replace(stored(opened, 4), completed_at=NOW + timedelta(days=1), evidence=None)]
            )
        with opened.begin() as tx:
            forget(tx, occurrence(1))
        verdict = verify(opened)
        assert (verdict.broken, verdict.seen is not None and verdict.seen.occurrences) == (None, 2)
        by_hand(opened, "UPDATE occurrences SET state = 'missed' WHERE cycle = 2")
        with opened.read() as tx:
            broken = verify_in(tx, []).broken
        assert broken is not None
        assert (broken.what, "state" in broken.detail) == (Tampering.OCCURRENCE_CHANGED, True)
