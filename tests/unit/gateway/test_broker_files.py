"""The broker's files on the disk: kept while they are good, whole, and complete however many write at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.broker.certificates import self_signed
from gateway.broker.credentials import mosquitto_hash, new_device
from gateway.broker.files import Address
from gateway.broker.site import SiteBroker, default_user, write_site
from gateway.broker.writing import update
from plantroom.errors import BadData
from plantroom.ports.devices import Device
from plantroom.settings import BrokerAddress, parse_broker_url

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOSTS = ["plant.example", "10.0.0.7"]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_certificate_is_kept_until_its_last_month_and_its_authority_for_good(tmp_path: Path) -> None:
    self_signed(tmp_path, HOSTS, None, NOW)
    first = contents(tmp_path)
    self_signed(tmp_path, HOSTS, None, NOW + timedelta(days=360))
    self_signed(tmp_path, HOSTS[:1], None, NOW)
    assert contents(tmp_path) == first
    self_signed(tmp_path, HOSTS, None, NOW + timedelta(days=370))
    renewed = contents(tmp_path)
    assert {name for name in first if renewed[name] != first[name]} == {"server.crt", "server.key"}


def test_a_further_name_needs_a_new_certificate(tmp_path: Path) -> None:
    self_signed(tmp_path, HOSTS, None, NOW)
    first = contents(tmp_path)
    self_signed(tmp_path, [*HOSTS, "other.example"], None, NOW)
    assert contents(tmp_path)["server.crt"] != first["server.crt"]
    assert contents(tmp_path)["ca.crt"] == first["ca.crt"]


def test_files_that_are_no_certificates_are_said(tmp_path: Path) -> None:
    self_signed(tmp_path, HOSTS, None, NOW)
    for name in ("ca.crt", "ca.key", "server.crt"):
        kept = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(b"nonsense")
        with pytest.raises(BadData, match=name):
            self_signed(tmp_path, HOSTS, None, NOW)
        (tmp_path / name).write_bytes(kept)


def test_a_hash_is_salted_and_says_its_iterations() -> None:
    first, second = mosquitto_hash("secret"), mosquitto_hash("secret")
    assert first != second
    assert first.split("$")[1:3] == ["7", "1000"]
    assert [len(part) for part in first.split("$")[3:]] == [16, 88]


def test_of_many_changes_at_once_none_is_missing_in_the_end(tmp_path: Path) -> None:
    devices: list[Device] = []

    def change(number: int) -> None:
        devices.append(new_device("demo", f"press-{number}", NOW, "test")[0])
        update(tmp_path, lambda: list(devices))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(40)))
    names = {line.split(":")[0] for line in (tmp_path / "passwords").read_text().splitlines()}
    assert names == {f"demo.press-{n}" for n in range(40)}
    assert {d.username for d in devices} == names
    assert sum(line.startswith("user ") for line in (tmp_path / "acl").read_text().splitlines()) == 40
    assert {f.name for f in tmp_path.iterdir()} == {"passwords", "acl", ".lock"}


def written(folder: Path, port: int, ours: BrokerAddress | None = None) -> str:
    wanted = SiteBroker(folder, Address("127.0.0.1", 8883), Address("127.0.0.1", port), user=default_user())
    write_site(wanted, [], ours, NOW)
    lines = (folder / "plantroom.env").read_text().splitlines()
    return next(line.split("=", 1)[1] for line in lines if line.startswith("PLANTROOM_BROKER_URL="))


def test_our_own_door_may_move_and_its_password_stays(tmp_path: Path) -> None:
    first = parse_broker_url(written(tmp_path, 1883))
    moved = parse_broker_url(written(tmp_path, 1999, first))
    assert (moved.port, moved.password) == (1999, first.password)
    assert parse_broker_url(written(tmp_path, 1883)).password == first.password


def test_a_credential_that_the_operator_has_set_is_taken(tmp_path: Path) -> None:
    chosen = "mqtt://collector:p%40ss@mosquitto:1883"
    assert written(tmp_path, 1883, parse_broker_url(chosen)) == chosen
    assert (tmp_path / "collector-passwords").read_text().startswith("collector:$7$")
    assert "user collector" in (tmp_path / "collector-acl").read_text()
