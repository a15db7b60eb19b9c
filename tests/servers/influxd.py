"""InfluxDB 2.x: which one the tests use, and running it.

``python -m tests.servers.influxd`` makes it ready and says which was taken; with ``--which`` it only says.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.servers.influxd_build import VERSION, build, built_binary, missing_tools
from tests.servers.process import MissingServer, ServerFailed, ServerProcess, free_port

URL_SETTING = "PLANTROOM_TEST_INFLUX_URL"
IMAGE = "influxdb:2"
ORG = "plantroom"
BUCKET = "readings"
TOKEN = "plantroom-test-token"


class Way(StrEnum):
    """Where the server comes from."""

    GIVEN = "given"
    ON_PATH = "on the PATH"
    DOCKER = "docker"
    BUILT = "built"
    TO_BUILD = "to be built"
    NONE = "none"


def way(*, own: bool = False) -> Way:
    """The first way that works here; ``own`` leaves out a server that belongs to somebody else."""
    if os.environ.get(URL_SETTING) and not own:
        return Way.GIVEN
    if shutil.which("influxd"):
        return Way.ON_PATH
    if _docker_answers():
        return Way.DOCKER
    if built_binary():
        return Way.BUILT
    return Way.NONE if missing_tools() else Way.TO_BUILD


def how_to_get() -> str:
    """The ways to an InfluxDB, and what the last one lacks."""
    return (
        "The tests need a real InfluxDB 2.x and there is none. Four ways to get one:\n"
        f"  1. set {URL_SETTING} (with {URL_SETTING.replace('URL', 'TOKEN')} and {URL_SETTING.replace('URL', 'ORG')})"
        " to a server that is running\n"
        "  2. put the program influxd on the PATH\n"
        f"  3. start Docker; the image {IMAGE} is used\n"
        f"  4. install Go and Rust (https://go.dev/dl, https://rustup.rs), clang and gcc: influxd {VERSION} is then"
        f" built once, in about 6 minutes. Missing for this: {', '.join(missing_tools()) or 'nothing'}"
    )


@cache
def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a server."""

    host: str
    port: int
    token: str
    org: str
    tls: bool = False

    def readings_url(self, bucket: str = BUCKET) -> str:
        """Address for ``PLANTROOM_READINGS_URL``."""
        scheme = "influxdbs" if self.tls else "influxdb"
        token, org, name = (quote(part, safe="") for part in (self.token, self.org, bucket))
        return f"{scheme}://{token}@{self.host}:{self.port}/{org}/{name}"

    def call(self, method: str, path: str, body: Any = None) -> bytes:
        """One request to the HTTP API; raises ``urllib.error.URLError``."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{path}",
            data=data,
            method=method,
            headers={"Authorization": f"Token {self.token}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return bytes(answer.read())


class GivenInflux:
    """A server that somebody else runs: used, never stopped."""

    def __init__(self) -> None:
        parts = urlsplit(os.environ[URL_SETTING])
        if not parts.hostname:
            raise MissingServer(f"{URL_SETTING} is not an address such as http://127.0.0.1:8086")
        self.access = Access(
            parts.hostname,
            parts.port or 8086,
            os.environ.get("PLANTROOM_TEST_INFLUX_TOKEN", TOKEN),
            os.environ.get("PLANTROOM_TEST_INFLUX_ORG", ORG),
            parts.scheme == "https",
        )

    def start(self) -> None:
        """See that it answers."""
        try:
            self.access.call("GET", "/health")
        except urllib.error.URLError as error:
            raise MissingServer(f"{URL_SETTING} names a server that does not answer: {error}") from error

    def close(self) -> None:
        """Leave it running."""


class Influxd(ServerProcess):
    """A server of our own with a user, an organisation, a bucket and an all-access token."""

    name = "influxd"

    def __init__(self, port: int | None = None, binary: Path | None = None) -> None:
        found = shutil.which("influxd")
        self._binary = binary or (Path(found) if found else build())
        super().__init__(port)
        self.access = Access("127.0.0.1", self.port, TOKEN, ORG)

    @property
    def url(self) -> str:
        """Address of its HTTP API."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            str(self._binary), "--bolt-path", str(self.folder / "bolt"), "--engine-path", str(self.folder / "engine"),
            "--sqlite-path", str(self.folder / "sqlite"), "--http-bind-address", f"127.0.0.1:{self.port}",
            "--reporting-disabled", "--log-level", "error",
        ]  # fmt: skip

    def is_ready(self) -> bool:
        return _healthy(self.access)

    def start(self) -> None:
        """Start it; the first time also set it up."""
        super().start()
        _set_up(self.access)


class InfluxContainer:
    """The same in a container; ``kill`` and ``start`` keep its data."""

    _numbers = count(1)

    def __init__(self) -> None:
        self.port = free_port()
        self.access = Access("127.0.0.1", self.port, TOKEN, ORG)
        self._container = f"plantroom-test-influx-{os.getpid()}-{next(self._numbers)}"
        self._made = False

    @property
    def url(self) -> str:
        """Address of its HTTP API."""
        return f"http://127.0.0.1:{self.port}"

    def _docker(self, *arguments: str) -> None:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailed(f"docker {arguments[0]} failed: {done.stderr.strip()}")

    def start(self) -> None:
        """Start it; the first time also make it and set it up."""
        if self._made:
            self._docker("start", self._container)
        else:
            self._docker("run", "-d", "--name", self._container, "-p", f"127.0.0.1:{self.port}:8086", IMAGE)
            self._made = True
        deadline = time.monotonic() + 60
        while not _healthy(self.access):
            if time.monotonic() > deadline:
                raise ServerFailed(f"the container {self._container} does not answer")
            time.sleep(0.2)
        _set_up(self.access)

    def stop(self) -> None:
        """End it in good order."""
        self._docker("stop", self._container)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._docker("kill", self._container)

    def close(self) -> None:
        """Remove it with its data."""
        if self._made:
            self._docker("rm", "-f", "-v", self._container)
            self._made = False


def _healthy(access: Access) -> bool:
    try:
        access.call("GET", "/health")
    except (urllib.error.URLError, OSError):
        return False
    return True


def _set_up(access: Access) -> None:
    if not json.loads(access.call("GET", "/api/v2/setup"))["allowed"]:
        return
    body = {"username": "admin", "password": "plantroom-test"}
    body |= {"org": access.org, "bucket": BUCKET, "token": access.token}
    access.call("POST", "/api/v2/setup", body)


Server = GivenInflux | Influxd | InfluxContainer


def influx_server(*, own: bool = False) -> Server:
    """A server, not started; with ``own`` one that may be stopped and killed. Raises ``MissingServer``."""
    chosen = way(own=own)
    if chosen is Way.NONE:
        raise MissingServer(how_to_get())
    if chosen is Way.GIVEN:
        return GivenInflux()
    return InfluxContainer() if chosen is Way.DOCKER else Influxd()


def main(arguments: list[str]) -> int:
    """Make a server ready for the tests, or say why not."""
    chosen = way()
    if "--which" in arguments:
        sys.stdout.write(f"{chosen.name.lower()}\n")
        return 0
    if chosen is Way.NONE:
        sys.stderr.write(how_to_get() + "\n")
        return 1
    if chosen is Way.TO_BUILD:
        try:
            build()
        except ServerFailed as error:
            sys.stderr.write(f"{error}\n")
            return 1
    if chosen is Way.DOCKER:
        return subprocess.run(["docker", "pull", "--quiet", IMAGE], check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
