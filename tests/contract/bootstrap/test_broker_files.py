"""The broker's files are what the ledger says, whoever changed it and however many processes see to it (a real
Mosquitto where its answer counts)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.broker.credentials import new_device
from gateway.broker.writing import differing, held, names_in, renew_identity, stamp, write_devices
from plantroom.bootstrap.broker_keeper import BrokerKeeper
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.bootstrap.wire import ForeignFiles, NotBrought, bring, tell_broker
from plantroom.settings import Settings
from tests.contract.wire.site import WireSite
from tests.contract.wire.stranger import Stranger, eventually

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Open = Callable[..., Parts]


@pytest.fixture(params=["sqlite", "postgresql"])
def open_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the parts of a process on one ledger; each has the files set, or not."""
    url = str(request.getfixturevalue(f"{request.param}_url"))
    opened: list[Parts] = []

    def process(files: Path | None = None) -> Parts:
        settings = Settings(data_dir=tmp_path / "data", ledger_url=url, broker_files=files)
        opened.append(open_parts(settings, with_readings=False))
        return opened[-1]

    yield process
    for parts in opened:
        parts.close()


def add(parts: Parts, client: str) -> str:
    """The password of a credential that is in the ledger alone."""
    device, password = new_device("demo", client, NOW, "test")
    with parts.ledger.begin() as tx:
        tx.devices.add(device)
    return password


def revoke(parts: Parts, client: str) -> None:
    with parts.ledger.begin() as tx:
        found = tx.devices.in_force(f"demo.{client}")
        assert found is not None
        tx.devices.revoke(found.id, NOW, "test")


def equal(parts: Parts, folder: Path) -> bool:
    with parts.ledger.read() as tx:
        return not differing(folder, tx.devices.list())


def known(parts: Parts) -> list[str]:
    with parts.ledger.read() as tx:
        return [files.folder for files in tx.devices.files()]


@pytest.fixture
def wire(tmp_path: Path) -> Path:
    folder = tmp_path / "wire"
    folder.mkdir()
    return folder


@pytest.fixture
def keep() -> Iterator[Callable[[Parts], BrokerKeeper]]:
    started: list[BrokerKeeper] = []

    def start(parts: Parts) -> BrokerKeeper:
        started.append(BrokerKeeper(parts.settings, parts.ledger))
        started[-1].start()
        return started[-1]

    yield start
    for keeper in started:
        keeper.stop()


def test_a_change_in_the_ledger_alone_reaches_a_running_broker(open_site: Open, keep: Callable) -> None:
    with WireSite() as site:
        folder = site.folder / "wire"
        server, shell = open_site(folder), open_site()
        keep(server)
        assert eventually(lambda: known(shell) == [str(folder)])
        password = add(shell, "press")

        def come() -> Stranger:
            return site.publisher("demo.press", password=password)

        assert "another process" in tell_broker(shell.settings, shell.ledger)
        assert eventually(lambda: come().admitted)
        press = come()
        revoke(shell, "press")
        assert "told to read" in tell_broker(shell.settings, shell.ledger)
        assert eventually(lambda: press.lost)
        assert not come().admitted


def test_where_nothing_writes_the_files_a_change_says_so_and_what_to_do(open_site: Open, wire: Path) -> None:
    shell = open_site()
    assert "no broker that reads credentials is known" in tell_broker(shell.settings, shell.ledger)
    bring(wire, shell.ledger, noted=True)
    add(shell, "press")
    with pytest.raises(NotBrought, match=r"the broker does not: .*broker config.*broker forget --out") as raised:
        tell_broker(shell.settings, shell.ledger, wait_s=0.1)
    assert str(wire) in str(raised.value)
    assert names_in(wire) == set()
    with shell.ledger.begin() as tx:
        assert tx.devices.forget_files(str(wire)) == 1
    assert "no broker that reads credentials is known" in tell_broker(shell.settings, shell.ledger)


def test_files_that_a_trial_has_left_do_not_stand_for_the_sites(open_site: Open, wire: Path) -> None:
    shell = open_site()
    left = shell.settings.data_dir / "broker"
    left.mkdir()
    (left / "acl").write_text("")
    bring(wire, shell.ledger, noted=True)
    add(shell, "press")
    with pytest.raises(NotBrought):
        tell_broker(shell.settings, shell.ledger, wait_s=0.1)


def test_files_that_somebody_else_changed_or_took_away_are_written_again(
    open_site: Open, wire: Path, keep: Callable
) -> None:
    server = open_site(wire)
    add(server, "press")
    keep(server)
    assert eventually(lambda: equal(server, wire), 15)
    with (wire / "passwords").open("a") as file:
        file.write("demo.stranger:$7$x\n")
    assert eventually(lambda: equal(server, wire), 15)
    (wire / "acl").unlink()
    assert eventually(lambda: equal(server, wire), 15)


def test_files_with_credentials_are_not_emptied_from_a_ledger_that_never_had_any(open_site: Open, wire: Path) -> None:
    """A mistyped data folder has a new ledger, and must not cut off every publisher."""
    (wire / "passwords").write_text("demo.press:$7$x\n")
    server = open_site(wire)
    with pytest.raises(ForeignFiles, match="never had one"):
        BrokerKeeper(server.settings, server.ledger).look()
    with pytest.raises(ForeignFiles, match="never had one"):
        bring(wire, server.ledger, noted=True)
    assert names_in(wire) == {"demo.press"}
    assert known(server) == []


def test_files_of_another_ledger_are_not_overwritten_though_both_have_the_same_names(
    open_site: Open, wire: Path
) -> None:
    """A copied setting: each ledger gave ``demo.press`` a password of its own."""
    device, _ = new_device("demo", "press", NOW, "the other ledger")
    with held(wire):
        write_devices(wire, [device])
    before, test_server = stamp(wire), open_site(wire)
    add(test_server, "press")
    with pytest.raises(ForeignFiles, match=r"never had one of them.*broker config` .* `--take-over"):
        tell_broker(test_server.settings, test_server.ledger)
    with pytest.raises(ForeignFiles):
        BrokerKeeper(test_server.settings, test_server.ledger).look()
    assert stamp(wire) == before


def test_files_that_have_only_revoked_credentials_of_the_ledger_are_its_own(open_site: Open, wire: Path) -> None:
    shell = open_site(wire)
    add(shell, "press")
    bring(wire, shell.ledger, noted=True)
    revoke(shell, "press")
    add(shell, "gate")
    bring(wire, shell.ledger, noted=True)
    assert names_in(wire) == {"demo.gate"}


def test_files_written_again_without_a_change_in_the_ledger_are_a_warning(open_site: Open, wire: Path) -> None:
    server = open_site(wire)
    keeper = BrokerKeeper(server.settings, server.ledger)
    add(server, "press")
    with capture_logs() as logs:
        keeper.look()
        (wire / "acl").write_text("")
        keeper.look()
        (wire / "passwords").write_text("demo.other:$7$101$bm9uZQ==$bm9uZQ==\n")
        keeper.look()
    said = [(one["log_level"], one["written"]) for one in logs if one["event"].startswith("broker_files_")]
    # Another version may have other rules.
    assert said == [("info", ["acl", "certificate-acl", "passwords"]), ("info", ["acl"]), ("warning", ["passwords"])]
    assert names_in(wire) == {"demo.press"}, "the ledger knows the folder, whatever is in it"


def test_who_has_lost_the_files_to_another_ledger_leaves_them_alone(open_site: Open, wire: Path) -> None:
    former = open_site(wire)
    add(former, "press")
    bring(wire, former.ledger, noted=True)
    with held(wire):
        renew_identity(wire)
        write_devices(wire, [new_device("demo", "press", NOW, "the other ledger")[0]])
    taken = stamp(wire)
    with pytest.raises(ForeignFiles):
        BrokerKeeper(former.settings, former.ledger).look()
    assert stamp(wire) == taken


def test_who_keeps_files_that_were_forgotten_notes_them_again(open_site: Open, wire: Path) -> None:
    server = open_site(wire)
    keeper = BrokerKeeper(server.settings, server.ledger)
    keeper.look(), keeper.look()
    with server.ledger.begin() as tx:
        assert tx.devices.forget_files(str(wire)) == 1
    keeper.look()
    assert known(server) == [str(wire)]


def test_a_look_at_what_has_not_changed_writes_nothing(
    open_site: Open, wire: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Path] = []
    monkeypatch.setattr("plantroom.bootstrap.wire.reload_broker", lambda folder: told.append(folder) or "told")
    first, second = (BrokerKeeper(parts.settings, parts.ledger) for parts in (open_site(wire), open_site(wire)))
    shell = open_site(wire)
    add(shell, "press")
    first.look()
    before = stamp(wire)
    for keeper in (second, first, second, first):
        keeper.look()
    assert stamp(wire) == before
    assert told == [wire]
    add(shell, "gate")
    tell_broker(shell.settings, shell.ledger)
    for keeper in (second, first):
        keeper.look()
    assert told == [wire, wire], "who brought the change has told the broker"


def test_a_change_whose_writer_ended_before_it_told_the_broker_is_told(
    open_site: Open, wire: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = open_site(wire)
    keeper = BrokerKeeper(server.settings, server.ledger)
    keeper.look()
    add(server, "press")

    def end(folder: Path) -> str:
        raise SystemExit

    monkeypatch.setattr("plantroom.bootstrap.wire.reload_broker", end)
    with pytest.raises(SystemExit):
        bring(wire, server.ledger, noted=True)
    told: list[Path] = []
    monkeypatch.setattr("plantroom.bootstrap.wire.reload_broker", lambda folder: told.append(folder) or "told")
    keeper.look()
    assert told == [wire]


def test_of_many_changes_at_once_none_is_missing_in_the_end(open_site: Open, wire: Path, keep: Callable) -> None:
    """From shells with and without the setting, while two processes keep the files."""
    server, other, shell, blind = open_site(wire), open_site(wire), open_site(wire), open_site()
    keep(server), keep(other)
    assert eventually(lambda: known(blind) == [str(wire)])
    start = threading.Barrier(4)

    def change(worker: int) -> None:
        start.wait(10)
        for number in range(worker, 12, 4):
            parts = (shell, blind)[number % 2]
            add(parts, f"press-{number}")
            tell_broker(parts.settings, parts.ledger, wait_s=60)
            if number % 3 == 0:
                revoke(parts, f"press-{number}")
                tell_broker(parts.settings, parts.ledger, wait_s=60)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(4)))
    names = {f"demo.press-{n}" for n in range(12) if n % 3}
    assert names_in(wire) == names
    assert equal(server, wire)
    assert {f.name for f in wire.iterdir()} == {"passwords", "acl", "certificate-acl", ".lock"}
