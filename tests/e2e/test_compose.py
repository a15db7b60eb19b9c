"""Site mode: the compose file is sound, and what it starts loses nothing when a role is killed in the middle."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.wire.stranger import Stranger
from tests.e2e.plant import Plant, Publisher, now_text, replay_command
from tests.e2e.recordings import Recorded
from tests.e2e.site import COMPOSE, Site, interpolated, make_secrets, read_compose, start_site
from tests.product import Process, eventually
from tests.servers.fixtures import _build_influxd
from tests.servers.process import MissingServer, ServerFailed

PACE = "100"
KILLS = (("collect", 1.2), ("serve", 2.2), ("collect", 3.5), ("collect", 4.6), ("serve", 5.4), ("collect", 6.5))
"""Role and second after the replay's begin; the bearing wears from second 5.6 on."""


def test_the_compose_file_is_what_the_published_schema_says():
    checker = Path(sys.executable).parent / "check-jsonschema"
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_without_secrets_nothing_starts():
    with pytest.raises(KeyError):
        read_compose({})


def test_no_secret_has_a_default_and_each_is_used(tmp_path: Path):
    made = make_secrets(tmp_path)
    assert made.pop("SITE_HOST") == socket.gethostname()
    assert len(set(made.values())) == len(made) == 4
    assert all(len(value) >= 32 for value in made.values())
    assert ((tmp_path / ".env").stat().st_mode & 0o777) == 0o600
    text = COMPOSE.read_text()
    for name in made:
        assert "${" + name + ":?" in text
    for line in text.splitlines():
        for word in ("PASSWORD:", "TOKEN:", "_URL:"):
            assert word not in line or "${" in line, f"a secret with a value of its own: {line.strip()}"


def test_secrets_that_are_there_are_left_alone(tmp_path: Path):
    make_secrets(tmp_path)
    before = (tmp_path / ".env").read_text()
    done = subprocess.run([str(tmp_path / "scripts" / "site-secrets")], capture_output=True, text=True, check=True)
    assert (tmp_path / ".env").read_text() == before
    assert "already" in done.stderr


def test_a_dollar_that_is_escaped_reaches_the_service():
    assert interpolated(["echo $$HOME ${A:?say A}"], {"A": "b"}) == ["echo $HOME b"]


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    _build_influxd(request)
    try:
        running = start_site(tmp_path_factory.mktemp("site"))
    except (MissingServer, ServerFailed) as error:
        pytest.fail(str(error), pytrace=False)
    yield running
    running.close()


@pytest.fixture(scope="module")
def site_plant(site: Site) -> Plant:
    """The site's plant as its operator sees it: API of `serve`, broker with its credential."""
    plant = Plant(site.operator(), site.broker)
    plant.process = site.serve
    return plant


def test_both_roles_say_that_they_are_ready(site_plant: Plant, site: Site):
    assert eventually(lambda: site_plant.api.call("GET", "/readyz")[0] == 200, 10)
    collectors = eventually(lambda: site_plant.stats()["collectors"], 5)
    assert [c["ready"] for c in collectors] == [True]
    done = site.operator().cli("check")
    assert done.returncode == 0, done.stdout


def test_a_publisher_without_the_credential_is_refused(site: Site):
    for wrong in ({"username": None, "password": None}, {"username": "plantroom", "password": "plantroom"}):
        client = Publisher(**(site.broker | wrong))
        refusal = client.refusal
        client.close()
        assert refusal


def test_a_publisher_comes_in_by_tls_with_a_credential_of_its_own_until_that_is_revoked(site_plant: Plant, site: Site):
    """The API answers the password, the broker knows it within seconds: in a container of its own it cannot be sent a
    signal, and looks after its files itself."""
    (site.mosquitto.wire / "mosquitto.pid").unlink()
    site_plant.add_asset("P-300", "pump")
    made = site_plant.api.post("/api/v1/devices", {"site": "demo", "client": "gate-1", "assets": ["P-300"]})
    port, ca = site.mosquitto.publishers_port, site.mosquitto.wire / "ca.crt"

    def come() -> Stranger:
        return Stranger(port, made["username"], made["password"], ca=ca, host="localhost")

    gate = eventually(lambda: (caller := come()).admitted and caller, 10)
    assert gate
    assert gate.say("plantroom/demo/P-300/telemetry", b'{"values": {"vibration": 1.25}}')
    key = site_plant.asset("P-300")["key"]
    assert eventually(lambda: site_plant.readings(key).get("vibration"), 10)
    assert not Stranger(site.mosquitto.port, made["username"], made["password"]).admitted
    assert site_plant.api.call("DELETE", f"/api/v1/devices/{made['id']}")[0] == 204
    assert eventually(lambda: gate.lost, 10)
    assert not come().admitted


def test_killing_either_role_in_a_replay_ends_in_one_ticket_and_no_reading_missing(
    site_plant: Plant, site: Site, worn: Recorded, opened_at: int
):
    reports = []
    operator = site.operator()
    command = replay_command(worn, "P-101", PACE)
    replaying = threading.Thread(target=lambda: reports.append(operator.json(*command)))
    replaying.start()
    assert eventually(lambda: site_plant.api.items("/api/v1/assets", code="P-101"), 20)
    begun = time.monotonic()
    roles: dict[str, Process] = {"collect": site.collect, "serve": site.serve}
    for role, moment in KILLS:
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        assert replaying.is_alive(), "the replay ended before the kill"
        roles[role].kill()
        roles[role].launch()
    for process in roles.values():
        process.wait_ready()
    replaying.join(90)
    assert len(reports) == 1, "the replay did not end"
    site_plant.see_every_value(worn, "P-101", reports[0])
    assert site_plant.see_one_ticket(worn, "P-101", reports[0]) == opened_at


def test_a_safety_event_published_while_both_roles_are_down_is_a_ticket_when_they_are_back(
    site_plant: Plant, site: Site
):
    lift = site_plant.add_asset("E-9", "elevator")
    time.sleep(1.0)
    site.collect.kill()
    site.serve.kill()
    with site_plant.publisher() as publisher:
        event = {"ts": now_text(), "event": "passenger_trapped", "severity": "safety"}
        sent = publisher.send("plantroom/demo/E-9/event", event)
        assert eventually(sent.is_published, 5)
    for role in (site.collect, site.serve):
        role.launch()
    for role in (site.collect, site.serve):
        role.wait_ready()
    assert len(eventually(lambda: site_plant.tickets(lift["key"], "rule"), 10)) == 1


def test_both_roles_end_in_good_order(site: Site):
    for role in (site.collect, site.serve):
        begun = time.monotonic()
        assert role.stop() == 0
        assert time.monotonic() - begun <= 10
    for role in (site.collect, site.serve):
        role.launch()
    for role in (site.collect, site.serve):
        role.wait_ready()
