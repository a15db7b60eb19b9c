"""Commands, each in a process of its own that finds the program loaded already.

Loading takes a short command most of its time; nothing else is left out. ``serve`` loads the program and listens as
long as whoever started it lives. A caller writes one JSON document
``{"arguments": [...], "environment": {...}, "folder": ...}``, ends its side, and reads ``{"code", "out", "err"}``.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

LOOK_S = 1.0
BEGIN_S = 60.0


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
    with (
        caller.makefile("rw", encoding="utf-8") as stream,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        command = json.loads(stream.readline())
        number = os.fork()
        if number == 0:
            become(command, out.fileno(), err.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        said = {}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            said[name] = file.read().decode()
        json.dump({"code": code, **said}, stream)


def serve(path: str) -> None:
    """Until the process that started this one is gone."""
    from plantroom.cli.main import MODULES, loaded
    from plantroom.storage import ledger  # noqa: F401 - most commands open it

    for module in MODULES.values():
        loaded(module)
    parent = os.getppid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{path}.new")
        door.listen(64)
        Path(f"{path}.new").rename(path)
        door.settimeout(LOOK_S)
        while os.getppid() == parent:
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


@cache
def _door() -> str:
    """Where this test run's own process listens."""
    path = Path(tempfile.mkdtemp(prefix="plantroom-forked-")) / "door"
    # Not by ``-m``: usage errors would call the command by the module's name.
    code = "import sys, tests.forked; tests.forked.serve(sys.argv[1])"
    own = subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.DEVNULL)
    end = time.monotonic() + BEGIN_S
    while not path.exists():
        assert own.poll() is None, "the process that runs commands has ended"
        assert time.monotonic() < end, "the process that runs commands does not begin"
        time.sleep(0.02)
    return str(path)


def run_forked(arguments: list[str], environment: dict[str, str], seconds: float) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command; raises ``TimeoutError``."""
    asked = {"arguments": arguments, "environment": environment, "folder": str(Path.cwd())}
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(seconds)
        caller.connect(_door())
        caller.sendall(json.dumps(asked).encode() + b"\n")
        with caller.makefile("rb") as stream:
            said = json.loads(stream.read())
    return said["code"], said["out"], said["err"]
