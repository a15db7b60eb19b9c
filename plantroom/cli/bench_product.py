"""A product started for a benchmark: its own data folder, free ports, a token, plain HTTP."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from plantroom import __version__
from plantroom.errors import Unreachable

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0


def environment() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "plantroom": __version__,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "kernel": platform.release(),
    }


class BenchProduct:
    """``plantroom run`` in a temporary folder; a context manager."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="plantroom-bench-")
        self.data = Path(self._folder.name) / "data"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PLANTROOM_")}
        self._environment = clean | dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.runtime: dict[str, Any] = {}
        self.client = httpx.Client()

    def _command(self, *arguments: str) -> list[str]:
        code = "from plantroom.cli.main import main; main()"
        return [sys.executable, "-c", code, *arguments, "--data-dir", str(self.data)]

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True)
        log = (self.data / "product.log").open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            self._command("run", "--http-port", "0", "--mqtt-port", "0", "--simulate", "none"),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self._wait()
        token = self.json("token", "create", "bench", "--role", "admin")["token"]
        self.client = httpx.Client(
            base_url=self.runtime["http_url"], headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._folder.cleanup()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        runtime = self.data / "runtime.json"
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if runtime.exists():
                self.runtime = json.loads(runtime.read_text(encoding="utf-8"))
                return
            time.sleep(0.02)
        words = (self.data / "product.log").read_text(encoding="utf-8", errors="replace")[-1500:]
        raise Unreachable("the product under measurement", f"did not start: {words}")

    def json(self, *arguments: str) -> Any:
        """A command's JSON document."""
        done = subprocess.run(  # noqa: S603 - ourselves
            [*self._command(*arguments), "--json"], env=self._environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def add_asset(self, code: str, equipment_class: str) -> dict[str, Any]:
        """A new asset of the site ``demo``."""
        body = {"site": "demo", "code": code, "class": equipment_class, "name": {"zh": code, "en": code}}
        answer = self.client.post("/api/v1/assets", json=body)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document
