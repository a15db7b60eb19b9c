"""A publisher with a credential of its own tries to reach further than its site, on a real Mosquitto with TLS."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.broker.certificates import self_signed
from gateway.broker.credentials import new_device
from gateway.broker.files import Address
from plantroom.errors import BadData
from tests.contract.wire.site import WireSite, now
from tests.contract.wire.stranger import Stranger, eventually

BIG = b"x" * (2 << 20)


@pytest.fixture(scope="module")
def site() -> Iterator[WireSite]:
    with WireSite() as running:
        for where, client in (("demo", "press"), ("demo", "gate"), ("north", "press"), ("demo", "other")):
            running.give(where, client)
        running.give("demo", "bound", ["P-101", "P 102"])
        running.give("demo", "zigbee", topics=["zigbee2mqtt/#"])
        running.tell()
        assert eventually(lambda: _admitted(running, "demo.zigbee"))
        yield running


def _admitted(site: WireSite, username: str) -> bool:
    caller = site.publisher(username)
    caller.go()
    return caller.refusal == ""


@pytest.fixture
def collector(site: WireSite) -> Iterator[Stranger]:
    ours = site.collector().listen("plantroom/#", "zigbee2mqtt/#")
    assert ours.admitted
    ours.heard.clear()
    yield ours
    ours.go()


@pytest.fixture
def press(site: WireSite) -> Iterator[Stranger]:
    publisher = site.publisher("demo.press")
    assert publisher.admitted
    yield publisher
    publisher.go()


def test_what_a_publisher_writes_under_its_own_site_arrives(collector: Stranger, press: Stranger) -> None:
    for channel in ("telemetry", "event", "status"):
        assert press.say(f"plantroom/demo/P-1/{channel}")
    assert collector.topics() == [f"plantroom/demo/P-1/{c}" for c in ("telemetry", "event", "status")]


@pytest.mark.parametrize(
    "topic",
    [
        "plantroom/north/P-1/telemetry",
        "plantroom/north/P-1/event",
        "plantroom/demo/P-1/replay",
        "plantroom/demo/P-1/rebirth",
        "plantroom/demo/telemetry",
        "plantroom/demo/P-1/x/telemetry",
        "plantroom//P-1/telemetry",
        "plantroom/demo/../north/telemetry",
        "Plantroom/demo/P-1/telemetry",
        "plantroom/de%6Do/P-1/telemetry",
        "zigbee2mqtt/P-1",
        "spBv1.0/g/NCMD/n",
    ],
)
def test_what_it_writes_elsewhere_reaches_nobody_and_ends_its_connection(site: WireSite, topic: str) -> None:
    everything = site.collector("plantroom-other", clean=True).listen("#")
    assert everything.admitted
    everything.topics()
    everything.heard.clear()
    for retain in (False, True):
        press = site.publisher("demo.press")
        press.say(topic, retain=retain)
        assert eventually(lambda press=press: press.lost, 2)
    assert everything.topics() == []
    everything.go()
    later = site.collector("plantroom-later", clean=True).listen(topic)
    assert later.topics() == []
    later.go()


def test_the_brokers_own_topics_are_not_written_to(collector: Stranger, press: Stranger) -> None:
    figures = collector.listen("$SYS/broker/version")
    assert eventually(lambda: figures.heard)
    before = list(figures.heard)
    press.say("$SYS/broker/version", b"forged", retain=True)
    time.sleep(0.3)
    assert figures.heard == before


def test_a_last_will_goes_no_further_than_its_owner(site: WireSite, collector: Stranger) -> None:
    for topic in ("plantroom/north/P-1/status", "plantroom/demo/P-1/replay"):
        dying = site.publisher("demo.gate", will=(topic, b"offline"))
        if dying.admitted:
            dying.vanish()
    assert collector.topics() == []
    dying = site.publisher("demo.gate", will=("plantroom/demo/P-1/status", b"offline"))
    dying.vanish()
    assert collector.topics() == ["plantroom/demo/P-1/status"]


def test_it_hears_nothing_of_others_and_its_own_replay_requests(
    site: WireSite, collector: Stranger, press: Stranger
) -> None:
    curious = ("#", "+/#", "$SYS/#", "plantroom/#", "plantroom/+/+/telemetry", "plantroom/north/+/replay")
    press.listen(*curious, "$share/g/plantroom/#", "plantroom/demo/+/telemetry", "plantroom/demo/+/replay")
    others = site.publisher("demo.gate"), site.publisher("north.press")
    assert others[0].say("plantroom/demo/P-2/telemetry")
    assert others[0].say("plantroom/demo/P-2/status", retain=True)
    assert others[1].say("plantroom/north/P-1/telemetry")
    assert press.say("plantroom/demo/P-1/telemetry")
    assert collector.say("plantroom/north/P-1/replay", b"north")
    assert collector.say("plantroom/demo/P-1/replay", b"demo")
    assert set(press.topics()) == {"plantroom/demo/P-1/replay"}
    assert [t for t, _ in press.heard if t.startswith("$SYS")] == []
    assert set(collector.topics()) == {
        "plantroom/demo/P-2/telemetry", "plantroom/demo/P-2/status", "plantroom/north/P-1/telemetry",
        "plantroom/demo/P-1/telemetry", "plantroom/north/P-1/replay", "plantroom/demo/P-1/replay",
    }  # fmt: skip
    for other in others:
        other.go()


def test_what_was_retained_is_not_read_later(site: WireSite, collector: Stranger, press: Stranger) -> None:
    assert press.say("plantroom/demo/P-7/status", b"online", retain=True)
    curious = site.publisher("north.press").listen("#", "plantroom/demo/P-7/status")
    assert curious.topics() == []
    curious.go()
    assert collector.topics() == ["plantroom/demo/P-7/status"]


def test_one_that_is_bound_to_assets_speaks_for_no_other(site: WireSite, collector: Stranger) -> None:
    bound = site.publisher("demo.bound").listen("plantroom/demo/+/replay")
    assert bound.say("plantroom/demo/P-101/telemetry")
    assert bound.say("plantroom/demo/P 102/event")
    for topic in ("plantroom/demo/P-103/telemetry", "plantroom/demo/P-1011/telemetry"):
        bound.say(topic)
        assert eventually(lambda bound=bound: bound.lost, 2)
        bound = site.publisher("demo.bound").listen("plantroom/demo/+/replay")
    assert collector.topics() == ["plantroom/demo/P-101/telemetry", "plantroom/demo/P 102/event"]
    assert collector.say("plantroom/demo/P-103/replay")
    assert collector.say("plantroom/demo/P-101/replay")
    assert bound.topics() == ["plantroom/demo/P-101/replay"]
    bound.go()


def test_a_foreign_dialects_topics_are_written_by_whom_they_were_given_to(
    site: WireSite, collector: Stranger, press: Stranger
) -> None:
    bridge = site.publisher("demo.zigbee").listen("zigbee2mqtt/#")
    assert bridge.say("zigbee2mqtt/door")
    press.say("zigbee2mqtt/door")
    assert collector.topics() == ["zigbee2mqtt/door"]
    assert bridge.topics() == []
    bridge.go()


@pytest.mark.parametrize("client_id", ["plantroom-demo", "plantroom-demo-safety", "demo.gate"])
def test_nobody_takes_over_the_session_of_another(site: WireSite, client_id: str) -> None:
    """The collector's is the one that counts: whoever had its client id would get, and acknowledge, its queue."""
    own = {"demo.gate": site.publisher("demo.gate")} if client_id == "demo.gate" else {}
    victim = own.get(client_id) or site.collector(client_id).listen("plantroom/north/+/telemetry")
    thieves = [
        site.publisher("demo.press", client_id=client_id, clean=clean, password=password)
        for clean in (True, False)
        for password in (site.passwords["demo.press"], "wrong")
    ]
    assert [thief.session_present for thief in thieves] == [False] * 4
    assert victim.admitted
    if client_id != "demo.gate":
        sender = site.publisher("north.press")
        assert sender.say("plantroom/north/P-1/telemetry", b"for the victim")
        assert eventually(lambda: ("plantroom/north/P-1/telemetry", b"for the victim") in victim.heard)
        assert [thief.heard for thief in thieves] == [[]] * 4
        sender.go()
    for caller in (*thieves, victim):
        caller.go()


def test_a_queue_is_not_fetched_while_the_collector_is_away(site: WireSite) -> None:
    absent = site.collector("plantroom-away").listen("plantroom/demo/+/event")
    absent.go()
    press = site.publisher("demo.press", client_id="plantroom-away", clean=False)
    assert press.say("plantroom/demo/P-1/event", b"alarm")
    time.sleep(0.3)
    assert press.heard == []
    press.go()
    back = site.collector("plantroom-away")
    assert back.session_present
    assert eventually(lambda: back.heard == [("plantroom/demo/P-1/event", b"alarm")])
    back.go()


@pytest.mark.parametrize("username", ["demo.press", "demo.nobody", "plantroom", None])
def test_the_collectors_door_opens_to_no_publisher(site: WireSite, username: str | None) -> None:
    password = site.passwords.get(username or "", "guess")
    plain = Stranger(site.collector_port, username, password if username else None, client_id="plantroom-demo")
    assert "Not authorized" in str(plain.refusal)
    plain.go()


def test_the_collectors_password_opens_nothing_at_the_publishers_door(site: WireSite) -> None:
    assert site.ours is not None
    caller = site.publisher(str(site.ours.username), password=site.ours.password)
    assert "Not authorized" in str(caller.refusal)
    caller.go()


@pytest.mark.parametrize(("username", "password"), [("demo.press", "wrong"), ("demo.press", ""), ("demo.x", "y")])
def test_a_wrong_password_is_refused(site: WireSite, username: str, password: str) -> None:
    caller = site.publisher(username, password=password)
    assert "Not authorized" in str(caller.refusal)
    caller.go()


def test_nobody_comes_in_without_a_name(site: WireSite) -> None:
    caller = Stranger(site.port, ca=site.ca)
    assert "Not authorized" in str(caller.refusal)
    caller.go()


def test_without_tls_nothing_is_answered(site: WireSite, collector: Stranger) -> None:
    plain = site.publisher("demo.press", ca=None)
    assert not plain.admitted
    plain.go()
    assert collector.admitted


def test_a_broker_with_another_authoritys_certificate_is_not_spoken_to(site: WireSite, tmp_path: Path) -> None:
    other = self_signed(tmp_path, ["127.0.0.1"], None, now())
    caller = site.publisher("demo.press", ca=other.ca)
    assert "CERTIFICATE_VERIFY_FAILED" in str(caller.refusal)


def test_two_mebibytes_end_the_connection_unacknowledged_and_nobody_elses(site: WireSite, collector: Stranger) -> None:
    press, gate = site.publisher("demo.press"), site.publisher("demo.gate")
    assert press.say("plantroom/demo/P-1/telemetry", BIG[: 1 << 19])
    assert not press.say("plantroom/demo/P-1/telemetry", BIG)
    assert press.lost
    assert gate.say("plantroom/demo/P-2/telemetry")
    assert collector.topics() == ["plantroom/demo/P-1/telemetry", "plantroom/demo/P-2/telemetry"]
    gate.go()


def test_a_revoked_password_ends_the_connection_and_opens_nothing_more(site: WireSite, collector: Stranger) -> None:
    name = site.give("demo", "leaving")
    assert "told to read" in site.tell()
    assert eventually(lambda: _admitted(site, name))
    leaving, staying = site.publisher(name), site.publisher("demo.other")
    assert leaving.say("plantroom/demo/P-1/telemetry")
    site.devices = [replace(d, revoked_at=now(), revoked_by="test") if d.username == name else d for d in site.devices]
    site.tell()
    assert eventually(lambda: leaving.lost)
    assert "Not authorized" in str(site.publisher(name).refusal)
    assert staying.say("plantroom/demo/P-2/telemetry")
    assert collector.admitted
    assert collector.topics() == ["plantroom/demo/P-1/telemetry", "plantroom/demo/P-2/telemetry"]
    staying.go()


@pytest.mark.parametrize("code", ["厂区 1", "a.b", "50%", "%u", "a'b\"c\\", "topic read"])
def test_odd_but_sound_site_codes_have_the_same_limits(site: WireSite, code: str) -> None:
    """What stands in a file of the broker's own syntax is read back as it was meant."""
    name = site.give(code, "press")
    site.tell()
    assert eventually(lambda: _admitted(site, name))
    everything = site.collector("plantroom-odd", clean=True).listen("plantroom/#")
    everything.topics()
    everything.heard.clear()
    press = site.publisher(name)
    assert press.say(f"plantroom/{code}/P-1/telemetry")
    press.say(f"plantroom/{name}/P-1/telemetry")
    assert everything.topics() == [f"plantroom/{code}/P-1/telemetry"]
    for caller in (press, everything):
        caller.go()


@pytest.mark.parametrize(
    "name", ["+", "#", "a/b", "a+b", "$SYS", "", " demo", "..", "a\nuser plantroom", "a\x00", "a:b", "plantroom-demo"]
)
def test_a_site_whose_name_would_reach_further_has_no_devices(name: str) -> None:
    with pytest.raises(BadData):
        new_device(name, "press", now(), "test")


@pytest.mark.parametrize("name", ["", "a.b", "+", "a b", "a/b", "x" * 65, "ä", "a\n"])
def test_a_client_is_a_plain_word(name: str) -> None:
    with pytest.raises(BadData):
        new_device("demo", name, now(), "test")


@pytest.mark.parametrize(
    "topic", ["plantroom/north/#", "#", "+/x", "$SYS/#", "$share/a/b", "", "a/#/b", "a+/b", "a\nb"]
)
def test_a_foreign_topic_is_never_ours_or_the_brokers(topic: str) -> None:
    with pytest.raises(BadData):
        new_device("demo", "press", now(), "test", topics=[topic])


@pytest.mark.parametrize("code", ["+", "#", "a/b", "x/telemetry\ntopic readwrite #"])
def test_an_asset_code_with_a_wildcard_is_refused(code: str) -> None:
    with pytest.raises(BadData):
        new_device("demo", "press", now(), "test", [code])


def test_publishers_who_show_certificates_need_no_password_and_have_the_same_limits(tmp_path: Path) -> None:
    from gateway.broker.certificates import client_certificate

    with WireSite(client_certificates=True) as site:
        site.give("demo", "press")
        site.tell()
        own = _pair(tmp_path / "own", *client_certificate(site.folder / "wire", "demo.press", now()))
        stranger = tmp_path / "stranger"
        stranger.mkdir()
        self_signed(stranger, ["x"], None, now())
        foreign = _pair(tmp_path / "foreign", *client_certificate(stranger, "demo.press", now()))
        forged = _pair(tmp_path / "forged", *client_certificate(site.folder / "wire", "demo.gone", now()))
        ours = site.collector().listen("plantroom/#")
        press = Stranger(site.port, ca=site.ca, cert=own, client_id="plantroom-demo")
        assert press.say("plantroom/demo/P-1/telemetry")
        press.say("plantroom/north/P-1/telemetry")
        nobody = Stranger(site.port, ca=site.ca, cert=forged)
        nobody.say("plantroom/demo/P-2/telemetry")
        assert not Stranger(site.port, ca=site.ca, cert=foreign).admitted
        assert not Stranger(site.port, "demo.press", site.passwords["demo.press"], ca=site.ca).admitted
        assert ours.admitted
        assert ours.topics() == ["plantroom/demo/P-1/telemetry"]
        for caller in (press, nobody, ours):
            caller.go()


def _pair(folder: Path, certificate: bytes, key: bytes) -> tuple[Path, Path]:
    folder.mkdir()
    (folder / "crt").write_bytes(certificate)
    (folder / "key").write_bytes(key)
    return folder / "crt", folder / "key"


def test_the_collectors_door_has_tls_unless_it_is_loopback() -> None:
    assert Address("127.0.0.1", 1).is_loopback
    assert not Address("0.0.0.0", 1).is_loopback
    with WireSite(collector_tls=True) as site:
        assert site.ours is not None
        assert site.ours.tls
        secured, plain = site.collector(), site.collector(ca=None)
        assert secured.admitted
        assert not plain.admitted
        secured.go()
