"""The wire of a site, set up with the commands of docs/security-of-the-wire.md, and the trial's other address."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.broker.certificates import self_signed
from gateway.broker.site import own_addresses
from tests.contract.wire.stranger import Stranger
from tests.e2e.plant import Plant
from tests.e2e.recordings import Recorded
from tests.e2e.wire import ME, TELEMETRY, ConfiguredMosquitto, config, environment_of, port_of
from tests.product import Finished, Process, Product, eventually, run_cli
from tests.servers.process import ServerProcess, answers, free_port


@dataclass
class SecuredSite:
    """A product and its broker; our own sessions use TLS, too."""

    product: Product
    plant: Plant
    broker: ConfiguredMosquitto
    wire: Path

    def add(self, client: str, *more: str) -> dict[str, str]:
        return self.product.json("device", "add", "--site", "demo", "--client", client, *more)

    def come(self, given: dict[str, str]) -> Stranger:
        ca = self.wire / "ca.crt"
        return Stranger(self.broker.port, given["username"], given["password"], ca=ca, host="localhost")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredSite]:
    folder = tmp_path_factory.mktemp("secured")
    wire = folder / "wire"
    product = Product(folder / "data")
    written = config(product, wire, "--self-signed", "--host", "plant.example", "--collector-tls")
    assert written["publishers"].startswith("mqtts://plant.example:")
    product.settings |= environment_of(wire) | {"PLANTROOM_BROKER_URL": _by_localhost(wire)}
    with ConfiguredMosquitto(wire, port_of(written["publishers"])) as broker:
        assert eventually(lambda: answers(port_of(written["collector"])), 5)
        product.start()
        try:
            yield SecuredSite(product, Plant(product), broker, wire)
        finally:
            product.stop()


def _by_localhost(wire: Path) -> str:
    url = environment_of(wire)["PLANTROOM_BROKER_URL"]
    assert url.startswith("mqtts://plantroom:")
    return url.replace("@127.0.0.1:", "@localhost:")


def test_a_publisher_comes_in_with_what_device_add_printed_until_it_is_revoked(secured: SecuredSite):
    secured.plant.add_asset("P-1", "pump")
    given = secured.add("press-1")
    assert given.keys() == {"username", "password"}
    assert given["username"] == "demo.press-1"
    press = eventually(lambda: (caller := secured.come(given)).admitted and caller, 5)
    assert press
    assert press.say("plantroom/demo/P-1/telemetry", TELEMETRY)
    key = secured.plant.asset("P-1")["key"]
    assert eventually(lambda: secured.plant.readings(key).get("vibration"), 10)
    done = secured.product.cli("device", "revoke", "--site", "demo", "--client", "press-1")
    assert done.returncode == 0
    assert "told to read" in done.stderr
    assert eventually(lambda: press.lost, 5)
    assert not secured.come(given).admitted


def shell_without_the_settings(product: Process) -> Process:
    """A terminal in which nobody has sourced plantroom.env."""
    settings = {k: v for k, v in product.settings.items() if not k.startswith("PLANTROOM_BROKER_")}
    return Process(product.data, ("none",), settings, "none")


def test_a_shell_without_the_settings_adds_and_revokes_all_the_same(secured: SecuredSite):
    shell = shell_without_the_settings(secured.product)
    given = shell.json("device", "add", "--site", "demo", "--client", "press-9")
    press = eventually(lambda: (caller := secured.come(given)).admitted and caller, 5)
    assert press
    done = shell.cli("device", "revoke", "--site", "demo", "--client", "press-9")
    assert done.returncode == 0
    assert "no broker" not in done.stderr
    assert str(secured.wire) in done.stderr
    assert eventually(lambda: press.lost, 5)
    assert not secured.come(given).admitted
    assert "broker files: " in secured.product.cli("check").stdout


def test_a_collector_brings_what_nobody_has_brought_and_check_says_what_is_missing(tmp_path: Path):
    wire, trial = tmp_path / "wire", Process(tmp_path / "data", ("collect",), {}, "runtime-collect.json")
    written = config(trial, wire, "--self-signed", "--host", "localhost")
    shell = shell_without_the_settings(trial)
    site = Process(trial.data, ("collect", "--data-dir", str(trial.data)), environment_of(wire), "runtime-collect.json")
    given = site.json("device", "add", "--site", "demo", "--client", "press")
    with ConfiguredMosquitto(wire, port_of(written["publishers"])) as broker:

        def come() -> Stranger:
            return Stranger(broker.port, given["username"], given["password"], ca=wire / "ca.crt", host="localhost")

        assert eventually(lambda: come().admitted, 5)
        done = shell.cli("device", "revoke", "--site", "demo", "--client", "press", "--json")
        assert done.returncode == 5
        assert done.stdout == ""
        assert f"PLANTROOM_BROKER_FILES={wire}" in done.stderr
        said = site.cli("check")
        assert said.returncode == 5
        assert "still let in though the ledger has them revoked or not at all: demo.press" in said.stdout
        assert f"FAIL  broker files: {wire} on" in shell.cli("check").stdout
        site.start()
        try:
            assert eventually(lambda: not come().admitted, 10)
            assert f"ok    broker files: {wire} has what the ledger has" in site.cli("check").stdout
        finally:
            site.stop()


def test_files_of_a_broker_that_is_gone_can_be_forgotten(tmp_path: Path):
    wire, shell = tmp_path / "wire", Process(tmp_path / "data", ("none",), {}, "none")
    config(shell, wire, "--self-signed")
    assert shell.cli("broker", "forget", "--out", str(wire)).returncode == 0
    assert shell.cli("broker", "forget", "--out", str(wire)).returncode == 4
    assert shell.cli("device", "add", "--site", "demo", "--client", "one").returncode == 0


def test_a_mistyped_data_folder_empties_no_brokers_files(tmp_path: Path):
    wire, right, wrong = tmp_path / "wire", *(Process(tmp_path / n, ("none",), {}, "none") for n in ("good", "godo"))
    config(right, wire, "--self-signed")
    assert right.cli("device", "add", "--site", "demo", "--client", "one").returncode == 5
    config(right, wire, "--self-signed")
    before = {file.name: file.read_bytes() for file in wire.iterdir() if file.is_file()}
    again = ("broker", "config", "--out", str(wire), "--self-signed")
    done = wrong.cli(*again)
    assert (done.returncode, "--take-over" in done.stderr) == (5, True), done.stderr
    assert {file.name: file.read_bytes() for file in wire.iterdir() if file.is_file()} == before
    assert wrong.cli(*again, "--take-over").returncode == 0
    assert (wire / "passwords").read_bytes() == b""


def test_a_password_is_kept_nowhere(secured: SecuredSite):
    password = secured.add("press-2")["password"]
    for folder in (secured.wire, secured.product.data):
        for file in folder.rglob("*"):
            assert not file.is_file() or password.encode() not in file.read_bytes(), file
    listed = secured.product.json("device", "list", "--site", "demo")["items"]
    assert "demo.press-2" in {d["username"] for d in listed}


def test_what_others_must_not_read_is_not_theirs_to_read(secured: SecuredSite):
    modes = {file.name: file.stat().st_mode & 0o007 for file in secured.wire.iterdir() if file.is_file()}
    open_to_all = {name for name, mode in modes.items() if mode}
    assert open_to_all <= {"mosquitto.conf", "ca.crt", "server.crt", "mosquitto.pid"}
    assert (secured.wire / "ca.key").stat().st_mode & 0o077 == 0
    assert (secured.wire / "plantroom.env").stat().st_mode & 0o077 == 0


def test_writing_again_keeps_authority_and_our_password(secured: SecuredSite):
    before = {name: (secured.wire / name).read_bytes() for name in ("ca.crt", "server.crt", "plantroom.env")}
    settings = {k: v for k, v in secured.product.settings.items() if not k.startswith("PLANTROOM_BROKER_")}
    operator = Process(secured.product.data, ("none",), settings, "none")
    ports = [word for word in (secured.wire / "mosquitto.conf").read_text().split("\n") if word.startswith("listener")]
    publishers, ours = (line.split()[1] for line in ports)
    done = operator.cli(
        "broker", "config", "--out", str(secured.wire), "--user", ME, "--host", "plant.example", "--collector-tls",
        "--listen", "127.0.0.1", "--port", publishers, "--collector-port", ours,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {name: (secured.wire / name).read_bytes() for name in before} == before
    given = secured.add("press-3")
    assert eventually(lambda: secured.come(given).admitted, 5)


def test_replays_of_recordings_go_by_tls_and_those_of_dead_letters_by_the_ledger(secured: SecuredSite, sound: Recorded):
    report = secured.plant.replay(sound, "P-2")
    secured.plant.see_every_value(sound, "P-2", report)
    given = secured.add("press-4")
    press = eventually(lambda: (caller := secured.come(given)).admitted and caller, 5)
    assert press.say("plantroom/demo/P-2/telemetry", b"no JSON")
    letters = eventually(secured.plant.letters, 10)
    assert secured.product.json("dead-letter", "replay", letters[0]["id"])["waiting"] == 0
    assert secured.plant.letters() == letters
    press.go()


def test_check_says_how_long_the_certificate_lasts(secured: SecuredSite):
    done = secured.product.cli("check")
    assert done.returncode == 0, done.stdout
    assert "its certificate is valid until 20" in done.stdout


def checked(secured: SecuredSite, tmp_path: Path, **changes: str) -> Finished:
    return run_cli("check", "--data-dir", str(tmp_path), settings=secured.product.settings | changes)


@pytest.mark.usefixtures("started")
def test_check_names_what_is_wrong_with_a_certificate(secured: SecuredSite, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    self_signed(other, ["localhost"], None, datetime.now(UTC))
    unknown = checked(secured, tmp_path, PLANTROOM_BROKER_CA=str(other / "ca.crt"))
    assert unknown.returncode == 5
    assert "signed by an unknown authority: set PLANTROOM_BROKER_CA" in unknown.stdout
    url = secured.product.settings["PLANTROOM_BROKER_URL"]
    plain = checked(secured, tmp_path, PLANTROOM_BROKER_URL=url.replace("mqtts:", "mqtt:"))
    assert plain.returncode == 5


@pytest.fixture
def odd_broker(tmp_path: Path) -> Iterator[Any]:
    """Starts a broker on certificates of the test's own."""
    started: list[ServerProcess] = []

    def start(name: str, hosts: list[str], now: datetime, *lines: str) -> tuple[Path, int]:
        wire = tmp_path / name
        wire.mkdir()
        self_signed(wire, hosts, None, now)
        port = free_port()
        tls = [f"certfile {wire}/server.crt", f"keyfile {wire}/server.key", f"cafile {wire}/ca.crt"]
        text = [f"user {ME}", f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0"]
        text += ["persistence true", f"persistence_location {wire}/", *tls, *lines]
        (wire / "mosquitto.conf").write_text("\n".join([*text, ""]))
        started.append(ConfiguredMosquitto(wire, port))
        started[-1].start()
        return wire, port

    yield start
    for server in started:
        server.close()


def check_of(wire: Path, port: int, data: Path, host: str = "127.0.0.1", **more: str) -> str:
    settings = {"PLANTROOM_BROKER_URL": f"mqtts://{host}:{port}", "PLANTROOM_BROKER_CA": str(wire / "ca.crt")}
    return run_cli("check", "--data-dir", str(data), settings=settings | more).stdout


def test_check_names_an_expired_certificate_another_host_and_a_port_without_tls(odd_broker: Any, tmp_path: Path):
    data, now = tmp_path / "data", datetime.now(UTC)
    wire, port = odd_broker("old", ["127.0.0.1"], now - timedelta(days=500))
    assert "the broker's certificate has expired" in check_of(wire, port, data)
    wire, port = odd_broker("soon", ["127.0.0.1"], now - timedelta(days=390))
    assert "days: renew it" in check_of(wire, port, data)
    wire, port = odd_broker("elsewhere", ["plant.example"], now)
    said = check_of(wire, port, data)
    assert "is for another host" in said
    assert "127.0.0.1" in said
    future, port = odd_broker("early", ["127.0.0.1"], now + timedelta(days=5))
    assert "not valid yet: compare the clocks" in check_of(future, port, data)


def test_our_own_client_certificate_is_shown_and_missed(odd_broker: Any, tmp_path: Path):
    from gateway.broker.certificates import client_certificate

    data, now = tmp_path / "data", datetime.now(UTC)
    wire, port = odd_broker("asks", ["127.0.0.1"], now, "require_certificate true")
    foreign, _ = odd_broker("foreign", ["127.0.0.1"], now)
    assert "asks for a client certificate: set PLANTROOM_BROKER_CERT" in check_of(wire, port, data)
    for authority, since, words in (
        (wire, now, "takes our credentials"),
        (wire, now - timedelta(days=500), "our client certificate (PLANTROOM_BROKER_CERT) has expired"),
        (foreign, now, "does not know the authority that signed"),
    ):
        certificate, key = client_certificate(authority, "plantroom", since)
        (tmp_path / "crt").write_bytes(certificate)
        (tmp_path / "key").write_bytes(key)
        ours = {"PLANTROOM_BROKER_CERT": str(tmp_path / "crt"), "PLANTROOM_BROKER_KEY": str(tmp_path / "key")}
        assert words in check_of(wire, port, data, **ours)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--site", "+", "--client", "x"), "MQTT topic"),
        (("--site", "#", "--client", "x"), "MQTT topic"),
        (("--site", "nowhere", "--client", "x"), "no site 'nowhere'"),
        (("--site", "demo", "--client", "a/b"), "letters, digits"),
        (("--site", "demo", "--client", "x", "--asset", "+"), "MQTT topic"),
        (("--site", "demo", "--client", "x", "--topic", "plantroom/north/#"), "foreign dialect"),
    ],
)
@pytest.mark.usefixtures("started")
def test_a_device_that_would_reach_further_is_refused(tmp_path: Path, arguments: tuple[str, ...], words: str):
    done = run_cli("device", "add", *arguments, "--data-dir", str(tmp_path))
    assert done.returncode == 4
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert run_cli("device", "list", "--data-dir", str(tmp_path)).stdout.strip() == "no devices"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tls-cert", "x.crt"), "need each other"),
        (("--tls-cert", "x.crt", "--tls-key", "x.key"), "No such file"),
        (("--self-signed", "--tls-cert", "x.crt", "--tls-key", "x.key"), "leave --tls-cert"),
        (("--listen", "plant.example"), "--listen"),
        (("--host", "x" * 300), "certificate"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, ...], words: str):
    done = run_cli("broker", "config", "--out", str(tmp_path / "w"), *arguments, "--data-dir", str(tmp_path / "d"))
    assert done.returncode == 4, done.stderr
    assert words in done.stderr
    assert not (tmp_path / "w" / "mosquitto.conf").exists()


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "wire")
    done = run_cli("broker", "config", "--out", out, "--data-dir", str(tmp_path / "d"))
    assert done.returncode == 5
    assert "broker files" in done.stderr


@pytest.mark.usefixtures("started")
def test_files_that_cannot_be_written_are_said_and_the_password_is_not_lost(tmp_path: Path):
    settings = {"PLANTROOM_BROKER_FILES": "/proc", "PLANTROOM_DATA_DIR": str(tmp_path)}
    done = run_cli("device", "add", "--site", "demo", "--client", "x", "--json", settings=settings)
    assert done.returncode == 5
    assert "the ledger has the change, the broker does not: run `plantroom broker config`" in done.stderr
    assert json.loads(done.stdout)["password"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The trial with another address than loopback."""
    settings = {"PLANTROOM_MQTT_HOST": "0.0.0.0", "PLANTROOM_MQTTS_PORT": "0"}
    product = Product(tmp_path_factory.mktemp("opened") / "data", settings=settings)
    product.start()
    try:
        yield product
    finally:
        assert product.stop() == 0


def test_the_trials_other_address_asks_every_publisher_for_its_own_credential(opened: Product):
    plant, runtime = Plant(opened), opened.runtime
    plant.add_asset("P-1", "pump")
    ca, port = Path(runtime["mqtts_ca"]), runtime["mqtts_port"]
    given = opened.json("device", "add", "--site", "demo", "--client", "press")

    def come(password: str, client_id: str = "") -> Stranger:
        return Stranger(port, given["username"], password, ca=ca, client_id=client_id)

    press = eventually(lambda: (caller := come(given["password"], "plantroom-demo")).admitted and caller, 5)
    assert press
    assert press.say("plantroom/demo/P-1/telemetry", TELEMETRY)
    key = plant.asset("P-1")["key"]
    assert eventually(lambda: plant.readings(key).get("vibration"), 10)
    assert plant.api.call("GET", "/readyz")[0] == 200, "our own session was not taken over"
    for stranger in (come("wrong"), Stranger(port, ca=ca), Stranger(port, given["username"], given["password"])):
        assert not stranger.admitted
    for host in ("localhost", *own_addresses()):
        assert "Not authorized" in str(Stranger(port, "demo.nobody", "x", ca=ca, host=host).refusal), host
    for host in own_addresses():
        assert not Stranger(runtime["mqtt_port"], host=host).admitted, "loopback only"
    assert Stranger(runtime["mqtt_port"]).admitted
    assert press.listen("#").topics() == []
    device = plant.api.items("/api/v1/devices")[0]
    assert plant.api.call("DELETE", f"/api/v1/devices/{device['id']}")[0] == 204
    assert eventually(lambda: press.lost, 5)


def test_the_trials_credentials_outlast_a_restart_and_loopback_alone_has_none(opened: Product):
    given = opened.json("device", "add", "--site", "demo", "--client", "gate")
    authority = Path(opened.runtime["mqtts_ca"]).read_bytes()
    opened.stop()
    opened.start()
    ca, port = Path(opened.runtime["mqtts_ca"]), opened.runtime["mqtts_port"]
    assert ca.read_bytes() == authority
    assert Stranger(port, given["username"], given["password"], ca=ca).admitted
    opened.stop()
    closed = Product(opened.data)
    closed.start()
    assert "mqtts_port" not in closed.runtime
    assert (
        "no broker that reads credentials is known"
        in closed.cli("device", "add", "--site", "demo", "--client", "third").stderr
    )
    closed.stop()
    opened.start()
