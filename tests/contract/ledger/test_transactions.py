"""Commit, rollback, isolation, and a database that goes away."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from plantroom.domain.assets import AssetStatus
from plantroom.errors import Conflict, NothingLeft, Unreachable
from plantroom.ports.ledger import Contended
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import add_plant, asset, episode, finding, order, site
from tests.servers.postgres import Postgres


def test_leaving_the_block_commits_and_an_exception_rolls_back(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(site("kept"))
    with pytest.raises(RuntimeError), ledger.begin() as tx:  # noqa: PT012
        tx.assets.add_site(site("lost"))
        raise RuntimeError
    with ledger.read() as tx:
        assert [s.code for s in tx.assets.sites()] == ["kept"]


def test_a_conflict_that_was_foreseen_leaves_the_transaction_usable(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        with pytest.raises(Conflict):
            tx.assets.add(asset("p9", "P-101"), [])
        with pytest.raises(Conflict):
            tx.assets.add_site(site())
        tx.assets.set_status("p1", AssetStatus.STANDBY)
    with planted.read() as tx:
        assert tx.assets.get("p1").asset.status is AssetStatus.STANDBY


def test_a_reading_transaction_sees_one_state(planted: SqlLedger, other: SqlLedger) -> None:
    with planted.read() as tx:
        before = tx.assets.revision()
        with other.begin() as writer:
            writer.assets.add_site(site("new"))
        assert tx.assets.revision() == before
        assert "new" not in {s.code for s in tx.assets.sites()}
    with planted.read() as tx:
        assert tx.assets.revision() > before


def test_a_reading_transaction_cannot_write(ledger: SqlLedger) -> None:
    with pytest.raises(Unreachable), ledger.read() as tx:
        tx.assets.add_site(site())
    with ledger.begin() as tx:
        tx.assets.add_site(site())


def test_readers_do_not_wait_for_a_writer(planted: SqlLedger, other: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.add_site(site("new"))
        for ledger in (planted, other):
            with ThreadPoolExecutor(1) as pool:
                with ledger.read() as reader:
                    assert len(reader.assets.sites()) == 2
                assert pool.submit(_count_sites, ledger).result(timeout=2) == 2


def _count_sites(ledger: SqlLedger) -> int:
    with ledger.read() as tx:
        return len(tx.assets.sites())


def test_writers_of_several_ledgers_wait_for_each_other(ledger: SqlLedger, other: SqlLedger) -> None:
    def write(number: int) -> None:
        for n in range(20):
            with (ledger, other)[number % 2].begin() as tx:
                tx.assets.add_site(site(f"s{number}-{n}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with ledger.read() as tx:
        assert len(tx.assets.sites()) == tx.assets.revision() == 80


@pytest.fixture
def side_by_side(postgresql_url: str) -> Iterator[SqlLedger]:
    """A planted ledger in which writers do not exclude each other."""
    with closing(SqlLedger(postgresql_url)) as ledger:
        ledger.open()
        add_plant(ledger)
        yield ledger


def test_who_refers_to_a_locked_asset_does_not_wait(side_by_side: SqlLedger) -> None:
    def refer() -> None:
        with side_by_side.begin() as tx:
            tx.orders.add(order(asset="p1"))
            tx.episodes.add(episode(asset="p1"))

    with ThreadPoolExecutor(1) as pool, side_by_side.begin() as tx:
        tx.assets.lock("p1")
        pool.submit(refer).result(timeout=5)
        tx.assets.set_status("p1", AssetStatus.STANDBY)
        assert tx.orders.lock("w1").asset == "p1"


def test_two_writers_that_wait_for_each_other_are_told_to_begin_again(side_by_side: SqlLedger) -> None:
    with side_by_side.begin() as tx:
        tx.orders.add_many([order("w1"), order("w2")])
    both = threading.Barrier(2)

    def lock(first: str, second: str) -> str:
        try:
            with side_by_side.begin() as tx:
                tx.orders.lock(first)
                both.wait(5)
                tx.orders.lock(second)
        except Contended as error:
            return "again" if error.retryable else "never"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = [pool.submit(lock, *pair) for pair in (("w1", "w2"), ("w2", "w1"))]
        assert sorted(o.result(timeout=10) for o in outcomes) == ["again", "done"]


def test_a_serialization_failure_is_one_to_begin_again_after(side_by_side: SqlLedger) -> None:
    with pytest.raises(Contended), side_by_side.begin() as tx:  # noqa: PT012
        tx.work.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        tx.assets.get("p1")
        with side_by_side.begin() as writer:
            writer.assets.set_status("p1", AssetStatus.STANDBY)
        tx.assets.set_status("p1", AssetStatus.UNDER_MAINTENANCE)


def test_many_threads_read_at_once(planted: SqlLedger) -> None:
    together = threading.Barrier(12)

    def read(_: int) -> int:
        with planted.read() as tx:
            together.wait(10)
            return len(tx.assets.plant().assets)

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(read, range(12))) == {3}


def test_a_ping_answers_for_a_healthy_ledger(ledger: SqlLedger) -> None:
    ledger.ping()


def test_a_writer_that_never_ends_is_told_of(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plantroom.storage.ledger.sqlite.LOCK_WAIT_S", 0.2)
    with closing(SqlLedger(sqlite_url)) as ledger, closing(SqlLedger(sqlite_url)) as other:
        ledger.open()
        other.open()
        with ledger.begin() as tx:
            tx.assets.add_site(site())
            for blocked in (other, ledger):
                with ThreadPoolExecutor(1) as pool, pytest.raises(Unreachable):
                    pool.submit(blocked.ping).result(timeout=5)
        other.ping()


def test_a_ledger_file_that_has_vanished_is_unreachable_until_it_is_back(sqlite_url: str, tmp_path: Path) -> None:
    with closing(SqlLedger(sqlite_url)) as ledger:
        ledger.open()
        ledger.close()
        shutil.move(tmp_path / "ledger.db", tmp_path / "away.db")
        with pytest.raises(Unreachable):
            ledger.ping()
        shutil.move(tmp_path / "away.db", tmp_path / "ledger.db")
        ledger.ping()


def test_a_full_disk_is_told_of_and_survived(sqlite_url: str) -> None:
    with closing(SqlLedger(sqlite_url)) as ledger:
        ledger.open()
        with pytest.raises(NothingLeft), ledger.begin() as tx:  # noqa: PT012
            tx.work.connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for n in range(1000):
                tx.collect.append_findings([finding(n, subject="x" * 3000)])
        with ledger.begin() as tx:
            tx.work.connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
            assert tx.collect.append_findings([finding(1)]) == 1


def test_the_file_is_set_for_durability(sqlite_url: str, tmp_path: Path) -> None:
    with closing(SqlLedger(sqlite_url)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            ask = tx.work.connection.exec_driver_sql
            assert ask("PRAGMA journal_mode").scalar() == "wal"
            assert ask("PRAGMA synchronous").scalar() == 2  # FULL: a commit survives a power cut
            assert ask("PRAGMA foreign_keys").scalar() == 1
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_mistake_in_a_statement_is_not_taken_for_an_absent_database(ledger: SqlLedger) -> None:
    with pytest.raises(sa.exc.DBAPIError), ledger.read() as tx:
        tx.work.connection.execute(sa.text("SELECT nothing FROM nowhere"))


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_a_killed_server_is_unreachable_and_works_again_after_its_restart(own_postgres: Postgres) -> None:
    with closing(SqlLedger(own_postgres.url(own_postgres.create_database()))) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.assets.add_site(site())
        ledger.wait_for_change(0.2)
        with pytest.raises(Unreachable), ledger.begin() as tx:  # noqa: PT012
            tx.assets.add_site(site("lost"))
            own_postgres.kill()
        for use in (ledger.ping, lambda: _count_sites(ledger)):
            with pytest.raises(Unreachable) as caught:
                use()
            assert caught.value.retryable
        began = time.monotonic()
        while ledger.wait_for_change(0.3):
            pass
        assert time.monotonic() - began >= 0.3
        own_postgres.start()
        ledger.ping()
        assert _count_sites(ledger) == 1
        while ledger.wait_for_change(1.5):  # listens again
            pass
        with ledger.begin() as tx:
            tx.collect.append_findings([finding(1)])
        assert ledger.wait_for_change(10.0) is True
