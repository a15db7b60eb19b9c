"""Ctrl-C at any moment of a command: exit code 130 and not a word."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.product import CLI, environment


@pytest.mark.parametrize("seconds", [0.3, 0.5, 0.8])
def test_an_interrupted_command_ends_without_a_traceback(tmp_path: Path, seconds: float) -> None:
    command = [str(CLI), "gaps", "list", "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})) as process:
        time.sleep(seconds)
        interrupted = process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    ended = (0, b"no gaps\n", b"")
    assert (process.returncode, out, err) in ([(130, b"", b""), (130, *ended[1:]), ended] if interrupted else [ended])
