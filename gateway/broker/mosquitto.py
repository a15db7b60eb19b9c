"""Mosquitto as the trial's broker, run as a child process."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from gateway.broker import LOOPBACK, OtherAddress, TrialBroker, free_port, require_free
from gateway.broker.files import CERTIFICATE_RULES, PACKET_LIMIT_BYTES, PASSWORDS, RULES, Address, publishers_listener
from gateway.broker.writing import held, write_devices
from plantroom.errors import Unreachable

log = structlog.get_logger()
START_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 5.0
MEMORY_LIMIT_BYTES = 256 << 20
LOOPBACK_PACKET_BYTES = 8 << 20

_PR_SET_PDEATHSIG = 1
_END_WITH_PARENT = f"""
import ctypes, os, sys
ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {int(signal.SIGTERM)})
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Lets the kernel end what it becomes (with SIGTERM, so that it saves its queues) when the thread that started it ends.
It runs in the child, behind the exec: between fork and exec nothing may run beside our threads."""

_FREE_THEN_END = """\
reserve=$1 python=$2 end_with_parent=$3 ended= broker=
shift 3
trap 'rm -f "$reserve"; ended=yes; [ -z "$broker" ] || kill "$broker"' TERM
"$python" -I -S -c "$end_with_parent" $$ "$@" &
broker=$!
[ -z "$ended" ] || kill "$broker"
wait "$broker"; code=$?
while kill -0 "$broker" 2>/dev/null; do wait "$broker"; code=$?; done
exit $code
"""
"""The shell between us and Mosquitto: it frees the reserve and then hands the SIGTERM on, also when we were killed."""

RESERVE = "reserve"
RESERVE_BYTES, RESERVE_STEP_BYTES = 16 << 20, 1 << 20
"""Room for Mosquitto's queues on a disk that is full: it saves them when it ends, and never again."""

OTHERS_BYTES = 32 << 20
"""What ledger, store and spool need to go on: the reserve leaves it to them, but for ``RESERVE_LEAST_BYTES``."""
RESERVE_LEAST_BYTES = 4 << 20

CONFIGURATION = """\
# Written by plantroom at every start.
# Keep the starter's user: a change of user would undo the "end with the parent" that we ask of the kernel.
user {user}
pid_file {folder}/mosquitto.pid
per_listener_settings true
# Debian's default of 1,000 drops silently beyond it.
max_queued_messages 0
max_inflight_messages 1000
memory_limit {memory}
max_packet_size {packet}
persistence true
persistence_location {folder}/
autosave_interval 5
log_dest stderr
log_type error
log_type warning

# This machine only.
listener {port} {host}
allow_anonymous true
{further}"""


def find_mosquitto() -> str | None:
    """The Mosquitto binary; Debian keeps it outside of a user's PATH."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class MosquittoBroker(TrialBroker):
    """A Mosquitto of our own, with its queues in the data folder."""

    note = "Mosquitto, on this machine only; its queues survive a restart"

    def __init__(self, binary: str, port: int, folder: Path, other: OtherAddress | None = None) -> None:
        self.port = port
        self._wanted = other
        if other is not None:
            self.other = Address(other.host, other.port or free_port(other.host))
        self._binary = binary
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """See ``TrialBroker``."""
        self._wait_for_predecessor()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        config = self._configured()
        self._keep_reserve()
        log_path = self._folder / "mosquitto.log"
        with log_path.open("wb") as output:
            wrapped = [sys.executable, "-I", "-S", "-c", _END_WITH_PARENT, str(os.getpid())]
            reserve = str(self._folder / RESERVE)
            wrapped += ["/bin/sh", "-c", _FREE_THEN_END, "sh", reserve, sys.executable, _END_WITH_PARENT]
            self._process = subprocess.Popen(  # noqa: S603 - our own configuration and a found binary
                [*wrapped, self._binary, "-c", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in a terminal is for us, who stop the broker last
            )
        self._wait_until_listening(log_path)

    def _configured(self) -> Path:
        """The file, which stands as it is where nothing in it changes: a disk may be full."""
        config = self._folder / "mosquitto.conf"
        text = CONFIGURATION.format(
            user=pwd.getpwuid(os.getuid()).pw_name,
            port=self.port,
            host=LOOPBACK,
            folder=self._folder,
            memory=MEMORY_LIMIT_BYTES,
            packet=LOOPBACK_PACKET_BYTES if self.other is None else PACKET_LIMIT_BYTES,
            further=self._publishers(),
        )
        try:
            if not config.exists() or config.read_text(encoding="utf-8") != text:
                config.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unreachable(f"broker files in {self._folder}", str(error)) from error
        return config

    def _keep_reserve(self) -> None:
        """As much of the reserve as there is room for, in a file of its own."""
        reserve = self._folder / RESERVE
        with suppress(OSError):
            there = reserve.stat().st_size if reserve.exists() else 0
            free = shutil.disk_usage(self._folder).free
            size = max(min(RESERVE_LEAST_BYTES, there + free // 2), min(RESERVE_BYTES, there + free - OTHERS_BYTES))
            if size - there >= min(RESERVE_STEP_BYTES, RESERVE_BYTES - there) > 0:
                file = os.open(reserve, os.O_WRONLY | os.O_CREAT, 0o600)
                try:
                    os.posix_fallocate(file, 0, size)
                finally:
                    os.close(file)

    def _publishers(self) -> str:
        """The listener of the other address, with its files; those of an earlier start go when there is none."""
        if self.other is None or self._wanted is None:
            for name in (PASSWORDS, RULES, CERTIFICATE_RULES):
                (self._folder / name).unlink(missing_ok=True)
            return ""
        from gateway.broker.certificates import self_signed
        from gateway.broker.site import SiteBroker

        require_free(self.other.port, self.other.host)
        wanted = SiteBroker(self._folder, self.other, Address(LOOPBACK, self.port))
        try:
            with held(self._folder):
                certificates = self_signed(self._folder, wanted.names(), None, datetime.now(UTC))
                write_devices(self._folder, self._wanted.devices())
        except OSError as error:
            raise Unreachable(f"broker files in {self._folder}", str(error)) from error
        return "\n" + publishers_listener(self.other, self._folder, certificates)

    def _wait_for_predecessor(self) -> None:
        """A broker whose process was killed needs a moment to save and go."""
        deadline = time.monotonic() + 2.0
        while True:
            try:
                require_free(self.port)
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def _wait_until_listening(self, log_path: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                socket.create_connection((LOOPBACK, self.port), 0.5).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        words = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise Unreachable("Mosquitto", "did not start: " + (" / ".join(words) or f"see {log_path}"))

    def keep_alive(self) -> None:
        """See ``TrialBroker``. A start that fails is tried again at the next call."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._keep_reserve()
            return
        log.error("mosquitto_ended", code=self._process.returncode)
        try:
            self.start()
        except Unreachable as error:
            log.error("mosquitto_not_restarted", problem=str(error))

    def stop(self) -> None:
        """See ``TrialBroker``."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            log.warning("mosquitto_killed")
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
