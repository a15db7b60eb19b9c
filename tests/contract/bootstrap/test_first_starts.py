"""Several that start at once on one ledger in which nothing is yet."""

import threading
from pathlib import Path

import pytest

from plantroom.bootstrap.parts import first_start
from plantroom.settings import Settings
from plantroom.storage.ledger import SqlLedger


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_one_makes_what_an_empty_ledger_needs_and_the_others_find_it(
    request: pytest.FixtureRequest, tmp_path: Path, backend: str
) -> None:
    url = str(request.getfixturevalue(f"{backend}_url"))
    ledgers = [SqlLedger(url) for _ in range(3)]
    for one in ledgers:
        one.open()
    problems: list[Exception] = []
    together = threading.Barrier(len(ledgers))

    def start(ledger: SqlLedger, folder: Path) -> None:
        folder.mkdir()
        together.wait(10)
        try:
            first_start(ledger, Settings(data_dir=folder))
        except Exception as error:  # noqa: BLE001 - shown by the test
            problems.append(error)

    folders = [tmp_path / str(n) for n in range(len(ledgers))]
    threads = [threading.Thread(target=start, args=pair) for pair in zip(ledgers, folders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert sum((folder / "initial-admin").exists() for folder in folders) == 1
    with ledgers[0].read() as tx:
        assert [user.username for user in tx.accounts.users()] == ["admin"]
        assert [site.code for site in tx.assets.sites()] == ["demo"]
    for one in ledgers:
        one.close()
