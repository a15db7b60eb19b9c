"""Commands, each in a process of its own that finds the program loaded already.

Loading takes a short command most of its time; nothing else is left out. ``serve`` loads the program and listens as
long as the test run lives, for all of its workers. A caller writes one JSON document ``{"arguments": [...],
"environment": {...}, "folder": ...}`` and reads ``{"code", "out", "err"}``. With ``"log"``, the file that takes all
output, the command has a session of its own, and the answer is a line with its process number, then one with its exit
code; it ends when the caller does.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LOOK_S = 1.0
BEGIN_S = 60.0
STOP_S = 15.0


def run(command: dict[str, Any]) -> int:
    """The exit code of the command line, in this process."""
    from plantroom.cli.start import main

    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = ["plantroom", *command["arguments"]]
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def become(command: dict[str, Any], out: int, err: int) -> NoReturn:
    """The command, in a process that was forked for it."""
    code = 1
    try:
        if "log" in command:
            os.setsid()
        for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, err)):
            os.dup2(source, target)
        code = run(command)
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def answer(caller: socket.socket) -> None:
    """Run what a caller asks for."""
    with caller.makefile("r", encoding="utf-8") as stream:
        command = json.loads(stream.readline())
    (watch if "log" in command else collect)(caller, command)


def forked(caller: socket.socket, command: dict[str, Any], out: int, err: int) -> int:
    """Process number of the command."""
    number = os.fork()
    if number == 0:
        caller.close()
        become(command, out, err)
    return number


def exit_code(number: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def collect(caller: socket.socket, command: dict[str, Any]) -> None:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code, said = exit_code(forked(caller, command, out.fileno(), err.fileno())), {}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            said[name] = file.read().decode()
    caller.sendall(json.dumps({"code": code, **said}).encode())


def watch(caller: socket.socket, command: dict[str, Any]) -> None:
    with Path(command["log"]).open("ab") as log:
        number = forked(caller, command, log.fileno(), log.fileno())
    caller.sendall(b"%d\n" % number)
    ended = os.pidfd_open(number)
    if ended not in select.select([ended, caller], [], [])[0]:  # whoever asked is gone
        os.kill(number, signal.SIGTERM)
        if not select.select([ended], [], [], STOP_S)[0]:
            os.kill(number, signal.SIGKILL)
    code = exit_code(number)
    with suppress(OSError):
        caller.sendall(b"%d\n" % code)


def serve(path: str, run: int) -> None:
    """Until the process ``run`` is gone."""
    from plantroom.cli.main import MODULES, loaded

    for module in MODULES.values():
        loaded(module)
    for name in ("storage.ledger", "bootstrap.collect", "bootstrap.serve"):
        import_module(f"plantroom.{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{path}.new")
        door.listen(64)
        Path(f"{path}.new").rename(path)
        door.settimeout(LOOK_S)
        while _lives(run):
            try:
                caller = door.accept()[0]
            except TimeoutError:
                continue
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                door.close()
                caller.settimeout(None)
                answer(caller)
                os._exit(0)
            caller.close()
    shutil.rmtree(Path(path).parent)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@cache
def _door() -> str:
    """Where this test run's process listens: the first worker that needs it starts it. What it runs has its priority,
    so that workers of another one have a process of their own."""
    shared, prefix = os.environ.get("PYTEST_XDIST_TESTRUNUID"), "plantroom-forked-"
    if shared is None:
        folder, run = Path(tempfile.mkdtemp(prefix=prefix)), os.getpid()
    else:
        priority = os.getpriority(os.PRIO_PROCESS, 0)
        folder, run = Path(tempfile.gettempdir()) / f"{prefix}{shared}-{priority}", os.getppid()
        folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "door"
    with (folder / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not path.exists():
            _open_door(path, run)
    return str(path)


def _open_door(path: Path, run: int) -> None:
    # Not by ``-m``: usage errors would call the command by the module's name.
    code = "import sys, tests.forked; tests.forked.serve(sys.argv[1], int(sys.argv[2]))"
    own = subprocess.Popen([sys.executable, "-c", code, str(path), str(run)], stdin=subprocess.DEVNULL)
    end = time.monotonic() + BEGIN_S
    while not path.exists():
        assert own.poll() is None, "the process that runs commands has ended"
        assert time.monotonic() < end, "the process that runs commands does not begin"
        time.sleep(0.02)


def run_forked(arguments: list[str], environment: dict[str, str], seconds: float) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command; raises ``TimeoutError``."""
    with (
        _asked({"arguments": arguments, "environment": environment}, seconds) as caller,
        caller.makefile("rb") as stream,
    ):
        said = json.loads(stream.read())
    return said["code"], said["out"], said["err"]


def _asked(command: dict[str, Any], seconds: float) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX)
    caller.settimeout(seconds)
    caller.connect(_door())
    caller.sendall(json.dumps(command | {"folder": str(Path.cwd())}).encode() + b"\n")
    return caller


class Forked:
    """A command that goes on, as ``subprocess.Popen`` has it; all it says goes to ``log``."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self._caller = _asked({"arguments": arguments, "environment": environment, "log": str(log)}, BEGIN_S)
        self._answer = self._caller.makefile("rb")
        self.pid = int(self._answer.readline())
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code; ``None``: it runs."""
        return self._ended(0)

    def wait(self, seconds: float | None = None) -> int:
        """The exit code; raises ``subprocess.TimeoutExpired``."""
        code = self._ended(seconds)
        if code is None:
            raise subprocess.TimeoutExpired("plantroom", seconds or 0)
        return code

    def _ended(self, seconds: float | None) -> int | None:
        if self._code is None and select.select([self._caller], [], [], seconds)[0]:
            self._code = int(self._answer.readline())
            self._answer.close()
            self._caller.close()
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
