"""Whether there is a ledger, asked without making one."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from plantroom.errors import SettingError, Unreachable
from plantroom.storage.ledger import SqlLedger
from tests.product import run_cli


def tables(url: str) -> list[str]:
    engine = sa.create_engine(url)
    with closing(engine.connect()) as connection:
        return sa.inspect(connection).get_table_names()


def test_one_that_was_opened_is_there_and_an_empty_database_is_none(empty_url: str) -> None:
    with closing(SqlLedger(empty_url)) as ledger:
        assert not ledger.begun()
        ledger.open()
        assert ledger.begun()
    with closing(SqlLedger(empty_url)) as again:
        assert again.begun()


def test_a_file_is_not_made_by_asking(tmp_path: Path) -> None:
    assert not SqlLedger(f"sqlite:///{tmp_path}/a/ledger.db").begun()
    assert not SqlLedger(f"sqlite:///{tmp_path}/ledger.db").begun()
    assert list(tmp_path.iterdir()) == []


def test_who_cannot_be_asked_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        SqlLedger("postgresql+psycopg://nobody@127.0.0.1:1/nothing").begun()
    (tmp_path / "ledger.db").write_bytes(b"not a database, but text of some length" * 100)
    with pytest.raises(SettingError, match="not a database"):
        SqlLedger(f"sqlite:///{tmp_path}/ledger.db").begun()


def test_commands_on_a_server_need_no_data_folder_and_make_none(postgres_migrated: str, tmp_path: Path) -> None:
    settings = {"PLANTROOM_LEDGER_URL": postgres_migrated}
    for command in (("alarms", "list"), ("leases", "list"), ("user", "list")):
        done = run_cli(*command, "--data-dir", str(tmp_path / "none"), settings=settings)
        assert done.returncode == 0, done.stderr
    checked = run_cli("check", "--data-dir", str(tmp_path / "none"), settings=settings)
    assert checked.returncode == 0, checked.stdout
    assert f"warn  data folder: there is no folder {tmp_path / 'none'}" in checked.stdout
    assert "ok    ledger: " in checked.stdout
    assert list(tmp_path.iterdir()) == []


def test_commands_make_no_tables_in_an_empty_database(postgres_server, tmp_path: Path) -> None:
    url = postgres_server.url(postgres_server.create_database())
    for command in ("alarms", "list"), ("check",):
        done = run_cli(*command, "--data-dir", str(tmp_path), settings={"PLANTROOM_LEDGER_URL": url})
        assert done.returncode == 3, done.stdout
        assert "PLANTROOM_LEDGER_URL: there is no ledger" in done.stdout + done.stderr
        assert sa.make_url(url).database in done.stdout + done.stderr
    assert tables(url) == []
