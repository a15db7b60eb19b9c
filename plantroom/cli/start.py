"""The console script: Ctrl-C ends a command quietly, while it still loads, too."""

import gc
import signal
import sys

INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Run the command line. Interrupted, it exits with 130 and not a word; ``run``, ``collect`` and ``serve`` end in
    good order instead, by handlers of their own."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(INTERRUPTED))
    # Behind the handler: loading takes seconds. What is loaded stays, so nothing looks through it for garbage.
    gc.disable()
    from plantroom.cli.main import main as command_line

    gc.enable()
    command_line()
