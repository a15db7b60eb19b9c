"""How a role manages its memory and its threads' turns."""

import gc
import sys

YOUNG_OBJECTS = 50_000
"""New containers before the collector of cycles looks at them: those of a few batches of messages, of which nothing is
left by then. With Python's 700 it looks twenty times a batch, in the middle of it, and finds nothing; that took a tenth
of the ingest's time, and a sixth of what it takes to make the orders of a year."""


def begin_loading() -> None:
    """Call before a role is loaded: what is loaded stays, and looking through all of it for garbage, again and again,
    is a tenth and more of a start. ``settle_memory`` ends that."""
    gc.disable()


def settle_memory() -> None:
    """Call once what a process starts with is loaded: it is never looked through for cycles again, not even once now.
    Looking takes a fifth of a second, in which nobody is answered, and finds some 2,000 objects among half a
    million."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)
    gc.enable()


TURN_S = 0.0005
"""How long a thread computes before another one that waits gets its turn. With Python's 5 ms a request that changes
threads, or asks the database, a dozen times waits that often for a job that assesses 100,000 machines beside it."""


def take_short_turns() -> None:
    """Call once in a process that answers people: they wait for what is computed in the background as little as may
    be."""
    sys.setswitchinterval(TURN_S)
