"""Sealing and publishing, by one process or several, while others write."""

import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from maintenance.notify.outbox import notify_channels
from maintenance.records.heads import HeadFolder, head_in, head_notice, read_heads, text_of
from maintenance.records.sealer import Sealer
from maintenance.records.sealing import MOST, publish, seal, seal_all
from maintenance.records.verifying import verify
from plantroom.domain.assets import Severity
from plantroom.domain.audit import Head
from plantroom.errors import BadData
from plantroom.ports.clock import FixedClock
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, add_plant, asset
from tests.contract.maintenance.channels import Office
from tests.contract.records.history import write


def test_sealing_covers_what_has_come_and_publishes_once_a_day(planted: SqlLedger) -> None:
    told: list[Head] = []
    first = seal(planted, NOW, told.append)
    assert [one.number for one in first] == [1]
    assert seal(planted, NOW, told.append) == []
    write(planted, 3)
    (second,) = seal(planted, NOW, told.append)
    assert (second.number, second.previous, second.count) == (2, first[0].digest, 3)
    seal(planted, NOW + timedelta(days=1), told.append)
    assert [(head.date, head.seal) for head in told] == [(NOW.date(), 1), ((NOW + timedelta(days=1)).date(), 2)]
    assert told[1].digest == second.digest


def test_a_day_without_changes_has_its_head_too(planted: SqlLedger) -> None:
    seal(planted, NOW)
    seal(planted, NOW + timedelta(days=1))
    with planted.read() as tx:
        one, two = tx.audit.heads()
    assert (one.digest, one.seal) == (two.digest, two.seal)
    assert publish(planted, NOW + timedelta(days=1), again=True) is None, "nothing has come since"


def test_a_long_history_is_sealed_in_pieces(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        add = [asset(f"k{n}", f"C-{n}") for n in range(MOST + 5)]
        from plantroom.storage.ledger.assets import ASSETS
        from plantroom.storage.ledger.tables_plant import assets
        from tests.contract.ledger.given import site

        tx.assets.add_site(site())
        tx.work.backend.insert_many(tx.work.connection, assets, ASSETS.rows(add))
    assert [one.count for one in seal_all(ledger)] == [MOST, 7]
    assert verify(ledger).broken is None


def test_several_sealers_and_writers_at_once_leave_one_chain(url: str) -> None:
    ledgers = [SqlLedger(url) for _ in range(4)]
    for one in ledgers:
        one.open()
    add_plant(ledgers[0])
    done = threading.Event()
    problems: list[BaseException] = []

    def sealing(ledger: SqlLedger) -> None:
        while not done.is_set():
            try:
                seal(ledger, NOW)
                assert verify(ledger).broken is None
            except BaseException as error:  # the thread's end: told to the test
                problems.append(error)
                raise

    sealers = [threading.Thread(target=sealing, args=(one,)) for one in ledgers[:2]]
    writers = [threading.Thread(target=write, args=(one, 40, 100 * n)) for n, one in enumerate(ledgers[2:], 1)]
    for thread in (*sealers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    assert not problems
    seal(ledgers[0], NOW)
    with ledgers[0].read() as tx:
        heads = list(tx.audit.heads())
    verdict = verify(ledgers[0], heads)
    assert verdict.broken is None
    assert verdict.seen is not None
    assert (verdict.seen.unsealed, len(heads)) == (0, 1)
    assert verdict.seen.entries >= 80
    for one in ledgers:
        one.close()


def test_nothing_is_sealed_below_a_transaction_that_is_still_writing_history(url: str) -> None:
    """A number that is taken and not committed yet must not come up behind a seal."""
    with closing(SqlLedger(url)) as one, closing(SqlLedger(url)) as two:
        one.open()
        two.open()
        add_plant(one)
        with one.read() as tx:
            if tx.work.connection.dialect.name != "postgresql":
                return  # SQLite has one writer
        with one.begin() as tx:
            tx.assets.set_status("p1", tx.assets.get("p1").asset.status.__class__("standby"))
            tx.finish()
            assert two_settles(two) is None
        assert two_settles(two) is not None


def two_settles(ledger: SqlLedger) -> int | None:
    with ledger.begin() as tx:
        return tx.audit.settle()


def test_published_heads_are_files_that_are_written_once(planted: SqlLedger, tmp_path: Path) -> None:
    folder = tmp_path / "heads"
    sealer = Sealer(planted, FixedClock(NOW), folder)
    sealer.run_once()
    file = folder / f"{NOW.date()}.txt"
    text = file.read_text()
    sealer.run_once()
    write(planted, 2)
    Sealer(planted, FixedClock(NOW + timedelta(days=1)), folder).run_once()
    assert file.read_text() == text
    with planted.read() as tx:
        heads = list(tx.audit.heads())
    assert text == text_of(heads[0])
    assert read_heads(folder) == read_heads(folder / "heads.log") == heads
    assert read_heads(file) == heads[:1]
    assert verify(planted, read_heads(folder)).broken is None


def test_a_file_that_says_something_else_is_told_of(planted: SqlLedger, tmp_path: Path) -> None:
    seal(planted, NOW)
    with planted.read() as tx:
        heads = list(tx.audit.heads())
    folder = HeadFolder(tmp_path)
    assert folder.keep(heads) == []
    file = tmp_path / f"{NOW.date()}.txt"
    file.chmod(0o644)
    file.write_text(file.read_text().replace(heads[0].digest, "0" * 64))
    assert folder.keep(heads) == heads


@pytest.mark.parametrize(
    "text", ["", "date: 2026-01-01\n", "date: x\nledger: a\nseal: 1\nentry: 1\nsealed: x\nsha256: a\n"]
)
def test_what_is_no_head_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mail.txt"
    file.write_text(text)
    with pytest.raises(BadData, match=r"mail\.txt"):
        read_heads(file)
    with pytest.raises(BadData, match="nothing"):
        read_heads(tmp_path / "nothing")


def test_a_head_goes_to_the_channels_that_want_to_hear_of_everything_and_what_arrives_can_be_verified(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    office = Office(ledger, tmp_path)
    office.channel("wecombot://auditor", name="auditor", min_severity=Severity.INFO)
    office.channel("wecombot://shift", name="shift")

    def tell(head: Head) -> None:
        with ledger.begin() as tx:
            notify_channels(tx, head_notice(head), NOW)

    seal(ledger, NOW, tell)
    seal(ledger, NOW, tell)
    (message,) = office.messages()
    with ledger.read() as tx:
        assert [head_in(message.body, "the mail")] == list(tx.audit.heads())
    assert verify(ledger, [head_in(message.body, "the mail")]).broken is None
