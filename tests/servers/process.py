"""A server as a child process: free port, temporary folder, log, start, stop, kill."""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self


class MissingServer(Exception):
    """A server that the tests need is not on this machine; says how to get it."""


class ServerFailed(Exception):
    """A server did not start; says what it wrote."""


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class ServerProcess(ABC):
    """Common part of the servers. ``start`` after ``stop`` or ``kill`` uses the same port and the same data."""

    name = "server"
    start_within_s = 30.0
    try_again_for_s = 0.0
    stop_signal = signal.SIGTERM

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"plantroom-{self.name}-"))
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    @property
    def log_file(self) -> Path:
        """What the server writes on its standard outputs."""
        return self.folder / "server.log"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Id of the running process."""
        assert self._process is not None
        return self._process.pid

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs the server in the foreground."""

    def prepare(self) -> None:
        """Write what the server needs before its start."""
        self.folder.mkdir(exist_ok=True)

    def is_ready(self) -> bool:
        """Whether the server takes requests."""
        return answers(self.port)

    def start(self) -> None:
        """Start the process and wait until it takes requests. Raises ``ServerFailed``."""
        if self.running:
            return
        self.prepare()
        started = time.monotonic()
        self._process = self._spawn()
        while not self.is_ready():
            waited = time.monotonic() - started
            if not self.running and waited < self.try_again_for_s:
                time.sleep(0.2)
                self._process = self._spawn()
            if not self.running or waited > self.start_within_s:
                said = self.log_file.read_text(errors="replace")[-2000:]
                self.kill()
                raise ServerFailed(f"{self.name} did not start on port {self.port}:\n{said}")
            time.sleep(0.03)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
                **self.identity(),
            )

    def identity(self) -> dict[str, Any]:
        """User to run as, for ``subprocess``; empty: the one who runs the tests."""
        return {}

    def stop(self) -> None:
        """End the process in good order; its data stay."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End the process with SIGKILL; its data stay as they are."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def close(self) -> None:
        """Stop the server and remove its folder. Closing twice is allowed."""
        atexit.unregister(self.close)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
