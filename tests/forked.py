"""Many short commands, each in a process of its own that finds the program loaded already.

``python -m tests.forked`` reads ``[{"arguments": [...], "environment": {...}}, ...]`` and writes
``[{"code": ..., "out": ..., "err": ...}, ...]``. Loading takes a command most of its time; nothing else is left out.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from plantroom.cli.main import main as _loaded  # noqa: F401 - for the processes that are forked
from plantroom.cli.start import main


def begin(folder: Path, command: dict[str, Any]) -> int:
    """Process number of a command whose output goes to ``out`` and ``err`` in the folder."""
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        for target, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), target)
        os.environ.clear()
        os.environ.update(command["environment"])
        sys.argv = ["plantroom", *command["arguments"]]
        code = run()
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run() -> int:
    """The exit code of the command line."""
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def run_all(commands: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """As many at a time as there are cores."""
    waiting, under_way = list(enumerate(commands)), dict[int, int]()
    codes: dict[int, int] = {}
    while waiting or under_way:
        while waiting and len(under_way) < (os.cpu_count() or 1):
            place, command = waiting.pop(0)
            own = folder / str(place)
            own.mkdir()
            under_way[begin(own, command)] = place
        number, status = os.wait()
        codes[under_way.pop(number)] = os.waitstatus_to_exitcode(status)
    return [
        {"code": codes[place], **{name: (folder / str(place) / name).read_text() for name in ("out", "err")}}
        for place in range(len(commands))
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        found = run_all(json.load(sys.stdin), Path(made))
    sys.stdout.write(json.dumps(found))
