"""Whoever changes the history shows, even with the database's own hands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from maintenance.records.verifying import verify, verify_in
from plantroom.domain.audit import Head
from plantroom.domain.audit_verify import Place, Tampering
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_audit import APPEND_ONLY, audit_entries, audit_heads, audit_seals
from tests.contract.records.history import reseal, rows, sealed_history, unlock, write
from tests.examples import examples

E, S, H = audit_entries, audit_seals, audit_heads


class Undone(Exception):
    """Takes a falsified transaction back."""


@contextmanager
def falsified(ledger: SqlLedger) -> Iterator[SqlTx]:
    """A transaction without the triggers, undone at its end."""
    with suppress(Undone), ledger.begin() as tx:
        unlock(tx)
        yield tx
        _undo()


def _undo() -> None:
    raise Undone


@pytest.fixture
def heads(ledger: SqlLedger) -> list[Head]:
    return sealed_history(ledger)


def found(ledger: SqlLedger, heads: list[Head], change: Callable[[SqlTx], object]) -> Place:
    """Where the check says that the falsified history is not as it was."""
    with falsified(ledger) as tx:
        change(tx)
        verdict = verify_in(tx, heads)
    assert verdict.broken is not None
    return verdict.broken


def nth(ledger: SqlLedger, number: int) -> int:
    """The position of the entry of that place in the history, from 1."""
    with ledger.read() as tx:
        return int(rows(tx, E)[number - 1]["position"])


def run(tx: SqlTx, statement: Any, **values: Any) -> None:
    tx.work.connection.execute(statement, values or None)


def test_an_untouched_history_is_intact_with_and_without_heads(ledger: SqlLedger, heads: list[Head]) -> None:
    for outside in ([], heads):
        verdict = verify(ledger, outside)
        assert verdict.broken is None
        assert verdict.seen is not None
        assert verdict.seen.unsealed == 0
        assert verdict.seen.seals > 5


def test_entries_that_wait_for_their_seal_are_counted(ledger: SqlLedger, heads: list[Head]) -> None:
    write(ledger, 3, 50)
    seen = verify(ledger, heads).seen
    assert seen is not None
    assert (seen.unsealed, seen.unsealed_since is not None) == (3, True)


def test_a_changed_entry_is_named(ledger: SqlLedger, heads: list[Head]) -> None:
    ninth = nth(ledger, 9)
    place = found(ledger, [], lambda tx: run(tx, E.update().where(E.c.position == ninth), by="nobody"))
    assert (place.what, place.position) == (Tampering.ENTRY_CHANGED, ninth)
    assert place.at is not None
    assert "by nobody" in place.detail


def test_a_deleted_entry_is_named(ledger: SqlLedger, heads: list[Head]) -> None:
    ninth = nth(ledger, 9)
    place = found(ledger, [], lambda tx: run(tx, E.delete().where(E.c.position == ninth)))
    assert (place.what, place.position) == (Tampering.ENTRY_REMOVED, ninth)


def test_an_entry_put_into_the_past_is_named(ledger: SqlLedger, heads: list[Head]) -> None:
    """Into a gap, as transactions that were undone leave it."""
    ninth = nth(ledger, 9)

    def change(tx: SqlTx) -> None:
        row = rows(tx, E)[8]
        run(tx, E.delete().where(E.c.position == ninth))
        run(tx, H.delete())
        reseal(tx)
        run(tx, E.insert(), **row)

    place = found(ledger, [], change)
    assert (place.what, place.position) == (Tampering.ENTRY_INSERTED, ninth)


def test_two_entries_in_another_order_are_named(ledger: SqlLedger, heads: list[Head]) -> None:
    one, two = nth(ledger, 7), nth(ledger, 12)

    def change(tx: SqlTx) -> None:
        for old, new in ((one, -1), (two, one), (-1, two)):
            run(tx, E.update().where(E.c.position == old), position=new)

    place = found(ledger, [], change)
    assert (place.what, place.position) == (Tampering.ENTRY_CHANGED, one)


@pytest.mark.parametrize(
    ("column", "value"), [("digest", "0" * 64), ("count", 3), ("spans", "1-2"), ("marks", ""), ("behind", 1)]
)
def test_a_changed_seal_is_named(ledger: SqlLedger, heads: list[Head], column: str, value: object) -> None:
    place = found(ledger, [], lambda tx: run(tx, S.update().where(S.c.number == 3), **{column: value}))
    assert (place.what, place.seal) == (Tampering.SEAL_CHANGED, 3)


def test_a_deleted_seal_is_named(ledger: SqlLedger, heads: list[Head]) -> None:
    place = found(ledger, [], lambda tx: run(tx, S.delete().where(S.c.number == 3)))
    assert (place.what, place.seal) == (Tampering.SEAL_REMOVED, 3)


def rebuilt(place: int, seal: int) -> Callable[[SqlTx], None]:
    """The work of a forger who changes an entry and makes the chain anew from its seal on, and the heads with it."""

    def change(tx: SqlTx) -> None:
        run(tx, E.update().where(E.c.position == rows(tx, E)[place - 1]["position"]), by="nobody")
        run(tx, H.delete())
        reseal(tx, seal)

    return change


def test_a_chain_made_anew_is_intact_by_itself_and_found_by_a_head_outside(
    ledger: SqlLedger, heads: list[Head]
) -> None:
    forged = rebuilt(20, seal=6)
    with falsified(ledger) as tx:
        forged(tx)
        assert verify_in(tx, []).broken is None
    place = found(ledger, heads, forged)
    assert place.what is Tampering.CHAIN_REBUILT
    assert place.position == heads[0].position + 1, "what the first head proves is not in doubt"
    assert place.position <= nth(ledger, 20)


def test_an_end_that_was_cut_off_is_found_by_a_head_outside(ledger: SqlLedger, heads: list[Head]) -> None:
    def change(tx: SqlTx) -> None:
        last = heads[0].position
        run(tx, E.delete().where(E.c.position > last))
        run(tx, S.delete().where(S.c.last > last))
        run(tx, H.delete().where(H.c.position > last))

    with falsified(ledger) as tx:
        change(tx)
        left = verify_in(tx, []).broken
        assert left is not None
        assert left.what is Tampering.ROW_CHANGED  # what the entries that are gone had made of it
        run(tx, sa.text("UPDATE assets SET serial = 'S-11' WHERE key = 'p1'"))
        assert verify_in(tx, []).broken is None
    place = found(ledger, heads, change)
    assert (place.what, place.position) == (Tampering.END_CUT_OFF, heads[0].position + 1)


def test_an_emptied_history_is_found_without_any_head(ledger: SqlLedger, heads: list[Head]) -> None:
    def change(tx: SqlTx) -> None:
        for table in APPEND_ONLY:
            run(tx, table.delete())

    assert found(ledger, [], change).what is Tampering.ENTRY_REMOVED
    assert found(ledger, heads, change).what is Tampering.OTHER_LEDGER


def test_a_changed_or_deleted_head_in_the_ledger_is_found(ledger: SqlLedger, heads: list[Head]) -> None:
    place = found(ledger, [], lambda tx: run(tx, H.update().where(H.c.seal == heads[0].seal), digest="0" * 64))
    assert place.what is Tampering.HEAD_CHANGED
    place = found(ledger, heads, lambda tx: run(tx, H.delete().where(H.c.seal == heads[0].seal)))
    assert place.what is Tampering.HEAD_CHANGED


def test_heads_of_another_ledger_say_so(ledger: SqlLedger, heads: list[Head]) -> None:
    from dataclasses import replace

    verdict = verify(ledger, [replace(heads[0], ledger="another")])
    assert verdict.broken is not None
    assert verdict.broken.what is Tampering.OTHER_LEDGER


def is_postgresql(ledger: SqlLedger) -> bool:
    with ledger.read() as tx:
        return tx.work.connection.dialect.name == "postgresql"


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
def test_the_database_refuses_to_change_what_is_append_only(
    ledger: SqlLedger, heads: list[Head], table: sa.Table
) -> None:
    name, column = table.name, next(c.name for c in table.c if not c.primary_key)
    orders = [f'UPDATE {name} SET "{column}" = "{column}"', f"DELETE FROM {name}"]
    if is_postgresql(ledger):
        orders += [f"TRUNCATE {name}", f"SET session_replication_role = replica; DELETE FROM {name}"]
    else:
        orders.append(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")
    with ledger.read() as tx:
        before = rows(tx, table)
    for order in orders:
        with pytest.raises(Exception, match="append-only"), ledger.begin() as tx:
            tx.work.connection.exec_driver_sql(order)
    with ledger.read() as tx:
        assert rows(tx, table) == before


def test_sqlite_refuses_an_entry_before_the_last_one(ledger: SqlLedger, heads: list[Head]) -> None:
    if is_postgresql(ledger):
        return
    with ledger.read() as tx:
        row = rows(tx, E)[0] | {"position": 5}
    with pytest.raises(Exception, match="append-only"), ledger.begin() as tx:
        run(tx, E.insert(), **row)


# Whatever a forger does

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@st.composite
def other_value(draw: st.DrawFn, column: sa.Column[Any], old: Any) -> Any:
    """A value that the column could hold."""
    kind = type(old)
    if kind is int:
        return draw(st.integers(-3, 60))
    if kind is str:
        if draw(st.booleans()) and old:
            at = draw(st.integers(0, len(old) - 1))
            return old[:at] + draw(st.sampled_from("0af9 x{1")) + old[at + 1 :]
        return draw(TEXT)
    if old is None:
        return draw(TEXT)
    return old + draw(st.sampled_from([timedelta(days=1), timedelta(microseconds=0)]))


@st.composite
def forgery(draw: st.DrawFn, tx: SqlTx) -> None:
    """Something done to the sealed history or its chain."""
    table = draw(st.sampled_from(APPEND_ONLY))
    there = rows(tx, table)
    row = draw(st.sampled_from(there))
    one = sa.and_(*[column == row[column.name] for column in table.primary_key.columns])
    connection = tx.work.connection
    how = draw(st.sampled_from(["update", "delete", "insert", "swap", "cut", "rebuild"]))
    if how == "update":
        column = draw(st.sampled_from(list(table.c)))
        value = draw(other_value(column, row[column.name]))
        taken = column.primary_key and any(other[column.name] == value for other in there)
        assume(value != row[column.name] and not taken and not (column.unique and taken))
        assume(not (value is None and not column.nullable))
        connection.execute(table.update().where(one), {column.name: value})
    elif how == "delete":
        connection.execute(table.delete().where(one))
    elif how == "insert":
        number = draw(st.integers(-2, 0))
        key = {column.name: number for column in table.primary_key.columns if column.name != "date"}
        connection.execute(table.insert(), row | key | ({"previous": "1"} if table is S else {}))
    elif how == "swap":
        other = draw(st.sampled_from(rows(tx, E)))
        mine = draw(st.sampled_from(rows(tx, E)))
        changed = {k: v for k, v in mine.items() if k != "position"}
        assume(any(other[k] != v for k, v in changed.items()))
        connection.execute(E.update().where(E.c.position == other["position"]), changed)
    elif how == "cut":
        seal = draw(st.sampled_from(rows(tx, S)))
        connection.execute(E.delete().where(E.c.position > seal["behind"]))
        connection.execute(S.delete().where(S.c.number >= seal["number"]))
        connection.execute(H.delete().where(H.c.seal >= seal["number"]))
    else:
        position = draw(st.sampled_from(rows(tx, E)))["position"]
        connection.execute(E.update().where(E.c.position == position), {"reason": "forged"})
        connection.execute(H.delete())
        reseal(tx, draw(st.integers(1, 8)))


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_forgery_is_missed(ledger: SqlLedger, data: st.DataObject) -> None:
    with ledger.read() as tx:
        heads = list(tx.audit.heads())
    heads = heads or sealed_history(ledger)
    with falsified(ledger) as tx:
        before = [rows(tx, table) for table in APPEND_ONLY]
        data.draw(forgery(tx))
        assume([rows(tx, table) for table in APPEND_ONLY] != before)
        assert verify_in(tx, heads).broken is not None
    assert verify(ledger, heads).broken is None
