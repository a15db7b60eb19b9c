"""Client certificates of credentials that have ended, on a real Mosquitto."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.broker.certificates import client_certificate
from gateway.broker.credentials import certificate_name
from tests.contract.wire.site import WireSite, now
from tests.contract.wire.stranger import Stranger, eventually

TOPIC = "plantroom/demo/P-1/telemetry"


@pytest.fixture
def site() -> Iterator[WireSite]:
    with WireSite(client_certificates=True) as found:
        yield found


def come(site: WireSite, folder: Path, name: str) -> Stranger:
    """Connects with a certificate of this common name."""
    files = folder / f"{name}.crt", folder / f"{name}.key"
    if not files[0].exists():
        for file, content in zip(files, client_certificate(site.folder / "wire", name, now()), strict=True):
            file.write_bytes(content)
    return Stranger(site.port, ca=site.ca, cert=files)


def add_again(site: WireSite, client: str) -> tuple[str, str]:
    """Revokes the client's credential and adds it again; gives the names of the certificates of both."""
    ended = next(d for d in site.devices if d.client == client and d.revoked_at is None)
    site.devices = [replace(d, revoked_at=now(), revoked_by="test") if d is ended else d for d in site.devices]
    site.tell()
    site.give("demo", client)
    site.tell()
    return certificate_name(ended), certificate_name(site.devices[-1])


@pytest.mark.parametrize("of_an_earlier_version", [False, True])
def test_adding_a_client_again_brings_no_certificate_of_before_back(
    site: WireSite, tmp_path: Path, of_an_earlier_version: bool
) -> None:
    site.give("demo", "press")
    site.tell()
    stolen = "demo.press" if of_an_earlier_version else certificate_name(site.devices[0])
    ours = site.collector().listen("plantroom/#")
    thief = come(site, tmp_path, stolen)
    assert eventually(lambda: ours.topics() or not thief.say(TOPIC, b"before"))
    _, anew = add_again(site, "press")

    press = come(site, tmp_path, anew)
    assert press.say(TOPIC, b"press")
    thief.say(TOPIC, b"thief, connected all the time")
    back = come(site, tmp_path, stolen)
    back.say(TOPIC, b"thief, once more")
    assert press.say(TOPIC, b"press again")
    assert press.admitted
    assert eventually(lambda: (TOPIC, b"press again") in ours.heard)
    assert {payload for _, payload in ours.heard} == {b"before", b"press", b"press again"}
    for caller in (thief, back, press, ours):
        caller.go()


def test_a_client_that_was_never_revoked_may_show_its_user_name_alone(site: WireSite, tmp_path: Path) -> None:
    site.give("demo", "press")
    site.give("demo", "gate")
    site.tell()
    add_again(site, "press")
    ours = site.collector().listen("plantroom/#")
    gate = come(site, tmp_path, "demo.gate")
    assert gate.say(TOPIC)
    assert eventually(ours.topics)
    for caller in (gate, ours):
        caller.go()
