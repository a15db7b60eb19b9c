"""The product on a disk of its own that is small enough to be filled: a tmpfs that only its process sees."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.product import CLI, COMMAND_S, Finished, Product, environment

MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"'


def namespace() -> list[str]:
    """A mount namespace of its own; for somebody who is not root in a user namespace of its own."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


def run_on_small_disk(folder: Path, size: int, script: str, *arguments: str) -> None:
    """A Python script that has a disk of ``size`` bytes in ``folder``, its first argument; it must end well."""
    folder.mkdir()
    inside = [sys.executable, "-c", script, str(folder), *arguments]
    done = subprocess.run(
        [*namespace(), "sh", "-c", MOUNT, "sh", str(size), str(folder), *inside],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class SmallDisk(Product):
    """``plantroom run`` on ``size`` bytes. What is on the disk is seen through the process alone."""

    def __init__(self, folder: Path, size: int, settings: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        super().__init__(folder, settings=settings)
        self._folder, self._size = folder, size
        self._log_of_it = folder.parent / "run.log"

    def launch(self) -> None:
        """Start it and do not wait."""
        command = [*namespace(), "sh", "-c", MOUNT, "sh", str(self._size), str(self._folder), str(CLI), *self.command]
        with self._log_of_it.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        # unshare, sh and the product follow each other in one process.
        self.data = Path(f"/proc/{self.process.pid}/root{self._folder}")
        self._runtime, self.log = self.data / "runtime.json", self._log_of_it

    def cli(self, *arguments: str) -> Finished:
        """A finished command that sees the disk, too."""
        assert self.process is not None
        inside = ["nsenter", "--target", str(self.process.pid), "--mount"]
        inside += [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return subprocess.run(
            [*inside, str(CLI), *arguments, "--data-dir", str(self._folder)],
            check=False,
            env=environment(self.settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
        )

    def fill(self) -> Path:
        """A file that leaves not one byte."""
        ballast = self.data / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * (1 << 20))
        assert shutil.disk_usage(self.data).free == 0
        return ballast
