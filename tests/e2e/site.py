"""A site as docker-compose.yml describes it, with processes in place of containers.

Each service's own command and environment are used. Only what a container would give is mapped: paths into a folder
of the test, host names and ports onto loopback.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from plantroom.settings import parse_broker_url
from tests.product import Process, run_cli
from tests.servers.influxd import influx_server
from tests.servers.postgres import Postgres
from tests.servers.process import MissingServer, ServerFailed, ServerProcess, free_port

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>[A-Z_]+)(?P<must>:\?[^}]*)?\})")


def make_secrets(folder: Path) -> dict[str, str]:
    """The secrets that scripts/site-secrets makes, in ``folder/.env``."""
    (folder / "scripts").mkdir(parents=True)
    script = shutil.copy(ROOT / "scripts" / "site-secrets", folder / "scripts")
    subprocess.run([script], check=True, capture_output=True)
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def interpolated(node: Any, variables: Mapping[str, str]) -> Any:
    """A compose document with its variables filled in; raises ``KeyError`` for one that has no value."""

    def fill(match: re.Match[str]) -> str:
        return "$" if match["escaped"] else variables[match["name"]]

    if isinstance(node, str):
        return VARIABLE.sub(fill, node)
    if isinstance(node, dict):
        return {key: interpolated(value, variables) for key, value in node.items()}
    return [interpolated(value, variables) for value in node] if isinstance(node, list) else node


def read_compose(variables: Mapping[str, str]) -> dict[str, Any]:
    return interpolated(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")), variables)


class SiteMosquitto(ServerProcess):
    """The services ``broker-files`` and ``mosquitto``, with the paths of the images mapped into the folder.

    ``port`` is that of Plantroom's own sessions, ``publishers_port`` the one that the compose file publishes.
    """

    name = "site-mosquitto"

    def __init__(self, services: Mapping[str, Any], ports: Mapping[str, int]) -> None:
        self._path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
        if shutil.which("mosquitto", path=self._path) is None:
            raise MissingServer("mosquitto is missing. To get it: scripts/install-test-servers")
        super().__init__()
        self.publishers_port = free_port()
        self._service, self._files = services["mosquitto"], services["broker-files"]
        self._ports = {**ports, "mosquitto": self.port}

    @property
    def wire(self) -> Path:
        """The volume ``wire``."""
        return self.folder / "wire"

    def prepare(self) -> None:
        """What the image and the volumes give, then what ``broker-files`` writes."""
        assert self._service["ports"] == ["8883:8883"], "only the publishers' listener is reached from outside"
        owner = pwd.getpwnam("mosquitto") if os.geteuid() == 0 else None
        for path in (self.folder / "data", self.wire):
            path.mkdir(exist_ok=True)
            if owner is not None:
                os.chown(path, owner.pw_uid, owner.pw_gid)
        settings = on_loopback(self._files["environment"], self._ports, self.folder / "broker-files")
        program, *arguments = (self._mapped(part) for part in self._files["command"])
        assert program == "plantroom"
        done = run_cli(*arguments, settings=settings)
        if done.returncode != 0:
            raise ServerFailed(f"broker-files: {done.stderr}")

    def _mapped(self, text: str) -> str:
        numbers = {"8883": str(self.publishers_port), "1883": str(self.port), "0.0.0.0": "127.0.0.1"}
        folders = {
            "/var/lib/plantroom/wire": self.wire, "/mosquitto/data": self.folder / "data", "/docker": ROOT / "docker",
        }  # fmt: skip
        for there, here in folders.items():
            text = text.replace(there, str(here))
        return numbers.get(text, text)

    def command(self) -> list[str]:
        return [self._mapped(part) for part in self._service["command"]]

    def identity(self) -> dict[str, Any]:
        return {"env": {"PATH": self._path, **self._service["environment"]}}


def start_influx(service: Mapping[str, Any]) -> Any:
    """The service ``influxdb``, set up as the image's variables say. Raises ``MissingServer``, ``ServerFailed``."""
    wanted = service["environment"]
    assert wanted["DOCKER_INFLUXDB_INIT_MODE"] == "setup"
    server = influx_server(own=True)
    server.access = replace(
        server.access, org=wanted["DOCKER_INFLUXDB_INIT_ORG"], token=wanted["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"]
    )
    server.start()
    return server


def start_postgres(service: Mapping[str, Any]) -> Postgres:
    """The service ``postgres``: role, password and database of its variables; the password is asked for."""
    wanted = service["environment"]
    user, password, database = (wanted[f"POSTGRES_{key}"] for key in ("USER", "PASSWORD", "DB"))
    server = Postgres()
    server.start()
    server._execute(f"CREATE ROLE \"{user}\" SUPERUSER LOGIN PASSWORD '{password}'")
    server._execute(f'CREATE DATABASE "{database}" OWNER "{user}"')
    rules = f"host all {user} 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust\n"
    (server.data / "pg_hba.conf").write_text(rules)
    server._execute("SELECT pg_reload_conf()")
    return server


@dataclass
class Site:
    """All five services, running."""

    compose: dict[str, Any]
    folder: Path
    ports: dict[str, int]
    collect: Process
    serve: Process
    mosquitto: SiteMosquitto
    stop_servers: list[Callable[[], None]]

    @property
    def settings(self) -> dict[str, str]:
        """The settings that both roles share, for a command of the operator's."""
        return {k: v for k, v in self.collect.settings.items() if k != "PLANTROOM_DATA_DIR"}

    @property
    def broker(self) -> dict[str, Any]:
        """Where publishers go, and as whom."""
        address = parse_broker_url(self.settings["PLANTROOM_BROKER_URL"])
        return {k: getattr(address, k) for k in ("host", "port", "username", "password")}

    def operator(self) -> Process:
        """The command line on another machine of the site."""
        process = Process(self.folder / "operator", ("none",), self.settings, "none")
        process.data.mkdir(exist_ok=True)
        process.runtime = self.serve.runtime
        return process

    def close(self) -> None:
        for role in (self.collect, self.serve):
            role.stop()
        for stop in self.stop_servers:
            stop()


def on_loopback(environment: Mapping[str, str], ports: Mapping[str, int], data: Path) -> dict[str, str]:
    """A role's environment with the services' host names and ports on loopback and its volume in ``data``."""
    settings = dict(environment) | {"PLANTROOM_DATA_DIR": str(data)}
    for name, value in settings.items():
        if name.endswith("_URL"):
            parts = urlsplit(value)
            settings[name] = value.replace(
                f"@{parts.hostname}:{parts.port}", f"@127.0.0.1:{ports[str(parts.hostname)]}"
            )
    if "PLANTROOM_HTTP_HOST" in settings:
        assert settings["PLANTROOM_HTTP_HOST"] == "0.0.0.0"
        settings |= {"PLANTROOM_HTTP_HOST": "127.0.0.1", "PLANTROOM_HTTP_PORT": str(free_port())}
    return settings


def start_site(folder: Path) -> Site:
    """Every service of the compose file, in the order of ``depends_on``; both roles at once, as compose does."""
    compose = read_compose(make_secrets(folder / "checkout"))
    services = compose["services"]
    stop: list[Callable[[], None]] = []
    try:
        influx = start_influx(services["influxdb"])
        stop.append(influx.close)
        postgres = start_postgres(services["postgres"])
        stop.append(postgres.close)
        ports = {"influxdb": influx.port, "postgres": postgres.port}
        mosquitto = SiteMosquitto(services, ports)
        stop.append(mosquitto.close)
        mosquitto.folder.chmod(0o755)
        mosquitto.start()
        ports["mosquitto"] = mosquitto.port
        roles = [_role(name, services[name], ports, folder / name) for name in ("collect", "serve")]
        for role in roles:
            if "PLANTROOM_BROKER_FILES" in role.settings:
                role.settings["PLANTROOM_BROKER_FILES"] = str(mosquitto.wire)
            role.launch()
            stop.insert(0, lambda role=role: role.stop() and None)
        for role in roles:
            role.wait_ready()
    except BaseException:
        for action in stop:
            action()
        raise
    return Site(compose, folder, ports, *roles, mosquitto, stop[len(roles) :])


def _role(name: str, service: Mapping[str, Any], ports: Mapping[str, int], data: Path) -> Process:
    program, *arguments = service["command"]
    assert program == "plantroom"
    return Process(data, tuple(arguments), on_loopback(service["environment"], ports, data), f"runtime-{name}.json")
