"""The product as a user runs it: the installed command in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.forked import Forked, run_forked

CLI = Path(sys.executable).parent / "plantroom"
START_S = 60
STOP_S = 20
COMMAND_S = 300

Finished = subprocess.CompletedProcess[str]


def eventually(what: Callable[[], Any], seconds: float, every: float = 0.05) -> Any:
    """First true value of ``what()`` within the time, else its last value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The test's environment with only the given settings of the product."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PLANTROOM_")}
    return clean | dict(settings)


def run_cli(*arguments: str, settings: Mapping[str, str] | None = None) -> Finished:
    """A command of the product, run to its end; see ``tests.forked``."""
    return Finished([], *run_forked(list(arguments), environment(settings or {}), COMMAND_S))


Command = tuple[tuple[str, ...], Mapping[str, str]]
"""Arguments and settings."""


def run_together(commands: Mapping[Hashable, Command]) -> dict[Hashable, Finished]:
    """Many short commands, as many at a time as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda asked: run_cli(*asked[0], settings=asked[1]), commands.values())
        return dict(zip(commands, found, strict=True))


class Api:
    """Plain HTTP with a token."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._token = token

    def request(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """(status, parsed JSON or text, headers)"""
        request = urllib.request.Request(self.url + path, method=method, headers=dict(headers or {}))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                raw, status, got = answer.read(), answer.status, answer.headers
        except urllib.error.HTTPError as error:
            raw, status, got = error.read(), error.code, error.headers
        is_json = "json" in got.get("Content-Type", "") and raw
        return status, json.loads(raw) if is_json else raw.decode(errors="replace"), got

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """(status, parsed JSON or text)"""
        return self.request(method, path, body)[:2]

    def get(self, path: str, **query: Any) -> Any:
        """The document; fails the test on anything but 200."""
        text = urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})
        status, document = self.call("GET", path + (f"?{text}" if text else ""))
        assert status == 200, (path, status, document)
        return document

    def post(self, path: str, body: object) -> Any:
        """The document made; fails the test on anything but 201."""
        status, document = self.call("POST", path, body)
        assert status == 201, (path, status, document)
        return document

    def items(self, path: str, **query: Any) -> list[Any]:
        """All items of a list, page by page."""
        found, cursor = [], None
        while True:
            page = self.get(path, cursor=cursor, **query)
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return found


class Process:
    """One command of the product, started and stopped many times on one data folder."""

    def __init__(self, data: Path, command: tuple[str, ...], settings: Mapping[str, str], runtime: str) -> None:
        self.data = data
        self.command = command
        self.settings = dict(settings)
        self._runtime = data / runtime
        self.log = data / f"{command[0]}.log"
        self.process: Forked | subprocess.Popen[bytes] | None = None
        self.runtime: dict[str, Any] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The test's environment with only this process's own settings."""
        return environment(self.settings)

    def launch(self) -> None:
        """Start it and do not wait."""
        self.data.mkdir(parents=True, exist_ok=True)
        self._runtime.unlink(missing_ok=True)
        self.process = Forked(list(self.command), self.environment, self.log)

    def start(self) -> float:
        """Seconds until it says that it is ready."""
        begun = time.monotonic()
        self.launch()
        self.wait_ready()
        return time.monotonic() - begun

    def wait_ready(self) -> None:
        """Wait until a launched process says that it is ready."""
        assert eventually(self._ready, START_S, 0.01), self.words()
        self.runtime = json.loads(self._runtime.read_text())

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.words()
        return self._runtime.exists()

    def words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self) -> int:
        """Exit code after SIGTERM."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """As the power going: SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def cli(self, *arguments: str) -> Finished:
        """A finished command on the same data folder, with the same settings."""
        return run_cli(*arguments, "--data-dir", str(self.data), settings=self.settings)

    def json(self, *arguments: str) -> Any:
        """A command's JSON document; fails the test when the command fails."""
        done = self.cli(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    @property
    def url(self) -> str:
        """Where the web page is."""
        return str(self.runtime["http_url"])

    def api(self, role: str = "admin") -> Api:
        """The API with a fresh token."""
        return Api(self.url, self.json("token", "create", "test", "--role", role)["token"])


class Product(Process):
    """``plantroom run`` with its command line beside it."""

    def __init__(self, data: Path, scenario: str = "none", settings: Mapping[str, str] | None = None) -> None:
        command = ("run", "--data-dir", str(data), "--http-port", "0", "--mqtt-port", "0", "--simulate", scenario)
        super().__init__(data, command, settings or {}, "runtime.json")

    def admin(self) -> tuple[str, str]:
        """User and password of the first sign-in."""
        user, password = (self.data / "initial-admin").read_text().splitlines()[:2]
        return user, password
