"""Letters are looked up by their message's name."""

from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.letters_chosen import of_messages
from plantroom.storage.ledger.tables_collect import dead_letters


def test_letters_of_messages_are_found_without_a_walk_through_all(tmp_path: Path) -> None:
    with closing(SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        ledger.open()
        with ledger.read() as tx:
            found = of_messages(sa.select(dead_letters.c.id, dead_letters.c.reason), ["a", "b"])
            text = str(found.compile(tx.work.connection, compile_kwargs={"literal_binds": True}))
            plan = [str(row[-1]) for row in tx.work.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any("SEARCH dead_letters" in one for one in plan)
    assert not any("SCAN dead_letters" in one for one in plan)
