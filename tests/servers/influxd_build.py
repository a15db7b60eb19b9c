"""Builds ``influxd`` with Go and cargo, once, into the user's cache folder.

``influxd/go.mod`` names InfluxDB as a Go tool. Flux inside it is Rust, which InfluxData's ``pkg-config`` builds on
the way. Two runs that start together wait for each other.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.servers.process import ServerFailed

VERSION = "2.9.1"
PACKAGE = "github.com/influxdata/influxdb/v2/cmd/influxd"
PKG_CONFIG = "github.com/influxdata/pkg-config@v0.2.7"
TAGS = "sqlite_foreign_keys,sqlite_json,noassets"
MODULE = Path(__file__).parent / "influxd"
EVERY_S = 15.0


def cache_folder() -> Path:
    """Where the binary is kept; never in the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "plantroom" / f"influxd-{VERSION}"


def built_binary() -> Path | None:
    """The binary of an earlier build."""
    path = cache_folder() / "influxd"
    return path if os.access(path, os.X_OK) else None


def missing_tools() -> list[str]:
    """What the build needs and this machine has not."""
    tools = {"go": "Go 1.25 or newer", "cargo": "cargo (Rust)", "clang": "clang"}
    missing = [name for command, name in tools.items() if shutil.which(command) is None]
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        missing.append("a C compiler (gcc)")
    return missing


def build() -> Path:
    """The binary, built now unless it is there. Raises ``ServerFailed`` with the end of the build's log."""
    folder = cache_folder()
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        _wait_for(lock.fileno())
        found = built_binary()
        if found is not None:
            return found
        _say(f"building {VERSION} into {folder}: about 6 minutes with 2 cores, only this once")
        environment = {
            **os.environ,
            "GOBIN": str(folder / "bin"),
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        (folder / "build.log").unlink(missing_ok=True)
        _run("1/2 pkg-config for Flux", ["go", "install", PKG_CONFIG], environment)
        environment["PKG_CONFIG"] = str(folder / "bin" / "pkg-config")
        # Flux names an old toolchain; without this rustup stops and asks for it.
        environment["RUSTUP_TOOLCHAIN"] = "stable"
        part = folder / "influxd.part"
        command = ["go", "build", "-buildvcs=false", "-tags", TAGS, "-o", str(part), PACKAGE]
        _run("2/2 influxd (modules, Flux, server)", command, environment)
        part.replace(folder / "influxd")
        _say("built")
        return folder / "influxd"


def _wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("another run is building it; waiting")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _run(title: str, command: list[str], environment: Mapping[str, str]) -> None:
    log = cache_folder() / "build.log"
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    started = time.monotonic()
    _say(title)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*nice, *command], cwd=MODULE, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while True:
                try:
                    status = process.wait(EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    _say(f"{title}: {time.monotonic() - started:.0f} s")
        except BaseException:
            process.kill()
            process.wait()
            raise
    if status:
        said = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise ServerFailed(f"building influxd failed at {title} (whole log: {log}):\n{said}")


def _say(text: str) -> None:
    sys.stderr.write(f"influxd: {text}\n")
    sys.stderr.flush()
