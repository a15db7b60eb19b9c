"""Doing something for each of several things, so that one at fault stops none of the others."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

from plantroom.errors import Unreachable
from plantroom.ports.ledger import Contended

T = TypeVar("T")


class OneByOne:
    """Does it for one after the other, each in its own transaction. ``failures`` counts those that failed; ``event`` is
    what the log says of one."""

    def __init__(self, event: str) -> None:
        self._event = event
        self.failures = 0

    def each(self, things: Iterable[T], do: Callable[[T], int]) -> int:
        """Gives the sum of what was done. Raises ``Unreachable`` and ``Contended``, which are waited out; one that
        raises anything else is logged, counted, and tried again at the next call."""
        done = 0
        for thing in things:
            try:
                done += do(thing)
            except (Unreachable, Contended):
                raise
            except Exception as error:  # noqa: BLE001 (a fence of docs/decisions/0006: logged and counted)
                self.failures += 1
                structlog.get_logger().error(self._event, of=str(thing), exc_info=error)
        return done
