"""What channels keep secret, and the key that it is kept with."""

import logging
import threading
from pathlib import Path

import pytest

from maintenance.notify.ports import NotSent, Outgoing
from maintenance.notify.trying import try_channel
from plantroom.errors import SettingError
from plantroom.storage.vault import FileVault
from tests.contract.maintenance.channels import Office
from tests.contract.maintenance.tablet import Store
from tests.receivers import WebReceiver


@pytest.fixture
def office(any_ledger: Store, tmp_path: Path) -> Office:
    return Office(any_ledger, tmp_path)


def test_no_secret_is_in_the_ledger_in_what_is_shown_or_in_the_logs(
    office: Office, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = ("KEY-hidden-1", "TOKENhidden2", "hidden-pass3", "/hidden4", "a secret of sixteen")
    caplog.set_level(logging.DEBUG)
    made = [
        office.channel(url)
        for url in (
            "wecombot://KEY-hidden-1",
            "feishu://TOKENhidden2",
            "mailto://user:hidden-pass3@localhost:9?from=a@b.cd&to=d@e.fg&smtp=127.0.0.1",
            "http://127.0.0.1:9/hidden4",
        )
    ]
    seen = [text for one in made for text in (one.sealed, one.shown)]
    for one in (made[2], made[3]):
        problem = try_channel(office.ledger, office.post, one, office.clock, "wang")
        seen.append(str(problem))
    out, err = capfd.readouterr()
    logged = [record.getMessage() for record in caplog.records]
    for text in (*seen, out, err, *logged):
        assert not any(secret in text for secret in secrets), text


def test_a_key_that_is_gone_or_another_one_is_said_and_sends_nothing(
    office: Office, web: WebReceiver, tmp_path: Path
) -> None:
    channel = office.channel(web.url)
    assert (tmp_path / "secrets.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "secrets.key").unlink()
    with pytest.raises(NotSent, match="PLANTROOM_SECRETS_KEY"):
        office.post(channel, Outgoing("x", "t", "b", {}))
    FileVault(tmp_path / "secrets.key").seal("another key is made")
    with pytest.raises(NotSent, match="is not the key"):
        office.post(channel, Outgoing("x", "t", "b", {}))
    (tmp_path / "secrets.key").write_text("nonsense")
    with pytest.raises(SettingError, match="holds no key"):
        FileVault(tmp_path / "secrets.key").seal("x")


def test_several_processes_make_one_key(tmp_path: Path) -> None:
    vaults = [FileVault(tmp_path / "secrets.key") for _ in range(8)]
    sealed: list[str] = []
    threads = [threading.Thread(target=lambda v=vault: sealed.append(v.seal("x"))) for vault in vaults]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [vaults[0].open(one) for one in sealed] == ["x"] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.key"]
