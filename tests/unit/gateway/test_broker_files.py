"""The broker's files on the disk: kept while they are good, and whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from gateway.broker.certificates import client_certificate, key_away, self_signed
from gateway.broker.credentials import certificate_name, mosquitto_hash, new_device
from gateway.broker.files import Address, certificate_rules, rules
from gateway.broker.site import SiteBroker, default_user, write_site
from gateway.broker.writing import differing, held, identity_of, names_in, stamp, write_devices
from plantroom.errors import BadData
from plantroom.setting_checks import require_key
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


def test_without_its_key_the_authority_stays_and_so_does_what_is_still_good(tmp_path: Path) -> None:
    self_signed(tmp_path, HOSTS, None, NOW)
    assert key_away(tmp_path) == ""
    (tmp_path / "ca.key").unlink()
    first = contents(tmp_path)
    for later in (timedelta(hours=2), timedelta(days=3), timedelta(days=390)):
        self_signed(tmp_path, HOSTS, None, NOW + later)
    assert contents(tmp_path) == first
    assert "ca.key" in key_away(tmp_path)
    assert "2027-04-02" in key_away(tmp_path)


@pytest.mark.parametrize(("hosts", "days"), [([*HOSTS, "other.example"], 0), (HOSTS, 398)])
def test_what_would_have_to_be_signed_without_the_key_is_said_and_changes_nothing(
    tmp_path: Path, hosts: list[str], days: int
) -> None:
    self_signed(tmp_path, HOSTS, None, NOW)
    away = (tmp_path / "ca.key").read_bytes()
    (tmp_path / "ca.key").unlink()
    first = contents(tmp_path)
    with pytest.raises(BadData, match=r"put ca\.key back.*or remove ca\.crt.*cuts off every publisher"):
        self_signed(tmp_path, hosts, None, NOW + timedelta(days=days))
    assert contents(tmp_path) == first
    (tmp_path / "ca.key").write_bytes(away)
    self_signed(tmp_path, hosts, None, NOW + timedelta(days=days))
    assert contents(tmp_path)["ca.crt"] == first["ca.crt"]
    assert contents(tmp_path)["server.crt"] != first["server.crt"]


def test_who_removes_the_authoritys_certificate_begins_anew(tmp_path: Path) -> None:
    self_signed(tmp_path, HOSTS, None, NOW)
    first = contents(tmp_path)
    (tmp_path / "ca.crt").unlink()
    self_signed(tmp_path, HOSTS, None, NOW)
    second = contents(tmp_path)
    assert all(second[name] != first[name] for name in first)
    authority, server = (load_pem_x509_certificate(second[name]) for name in ("ca.crt", "server.crt"))
    server.verify_directly_issued_by(authority)


def test_a_certificate_of_another_authority_with_the_same_name_is_made_anew(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    self_signed(tmp_path, HOSTS, None, NOW)
    self_signed(other, HOSTS, None, NOW)
    for name in ("server.crt", "server.key"):
        (tmp_path / name).write_bytes((other / name).read_bytes())
    self_signed(tmp_path, HOSTS, None, NOW)
    authority, server = (load_pem_x509_certificate((tmp_path / name).read_bytes()) for name in ("ca.crt", "server.crt"))
    server.verify_directly_issued_by(authority)


def test_a_certificate_whose_key_is_another_or_whose_time_has_not_come_is_made_anew(tmp_path: Path) -> None:
    found = self_signed(tmp_path, HOSTS, None, NOW)
    found.key.write_bytes((tmp_path / "ca.key").read_bytes())
    self_signed(tmp_path, HOSTS, None, NOW)
    require_key(found.certificate, found.key)
    ahead = found.certificate.read_bytes()
    self_signed(tmp_path, HOSTS, None, NOW - timedelta(hours=2))
    assert found.certificate.read_bytes() != ahead


def test_a_key_that_is_not_the_authoritys_signs_nothing(tmp_path: Path) -> None:
    found = self_signed(tmp_path, HOSTS, None, NOW)
    (tmp_path / "ca.key").write_bytes(found.key.read_bytes())
    first = contents(tmp_path)
    with pytest.raises(BadData, match=r"ca\.key does not belong to ca\.crt"):
        client_certificate(tmp_path, "demo.press", NOW)
    with pytest.raises(BadData, match=r"ca\.key does not belong to ca\.crt"):
        self_signed(tmp_path, [*HOSTS, "other.example"], None, NOW)
    assert contents(tmp_path) == first


def test_a_hash_is_salted_and_says_its_iterations() -> None:
    first, second = mosquitto_hash("secret"), mosquitto_hash("secret")
    assert first != second
    assert first.split("$")[1:3] == ["7", "1000"]
    assert [len(part) for part in first.split("$")[3:]] == [16, 88]


def test_a_folder_keeps_its_identity_and_differs_when_a_file_does(tmp_path: Path) -> None:
    devices = [new_device("demo", "press", NOW, "test")[0]]
    with held(tmp_path) as identity:
        assert sorted(differing(tmp_path, devices)) == ["acl", "certificate-acl", "passwords"]
        write_devices(tmp_path, devices)
    with held(tmp_path) as again:
        assert again == identity
    assert identity_of(tmp_path) == identity
    assert differing(tmp_path, devices) == []
    assert names_in(tmp_path) == {"demo.press"}
    before = stamp(tmp_path)
    (tmp_path / "passwords").write_text("demo.gone:$7$x\n")
    assert stamp(tmp_path) != before
    assert differing(tmp_path, devices) == ["passwords"]


def test_a_credential_that_was_added_again_has_rules_by_its_own_certificates_name_alone() -> None:
    first = replace(new_device("demo", "press", NOW, "test")[0], revoked_at=NOW, revoked_by="test")
    again, other = new_device("demo", "press", NOW, "test")[0], new_device("demo", "gate", NOW, "test")[0]
    lines = certificate_rules([first, again, other]).splitlines()
    users = {line.removeprefix("user ") for line in lines if line.startswith("user ")}
    assert users == {certificate_name(again), "demo.gate", certificate_name(other)}
    assert "user demo.press\n" in rules([first, again, other])
    assert certificate_name(first) != certificate_name(again)


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
