"""When finished work was entered, beside when it says that it was done. Pure. Instants are aware UTC.

Whoever completes an order may say that it was done earlier (``at`` of a step, ``captured_at`` of a tablet): work
without a signal is entered when there is one again. Nobody but ourselves says when we learned of it (``recorded_at`` of
the step). An order that waits for its files was entered when it began to wait.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.work_orders import Operation, State, Transition

RECORDED_LATE = timedelta(hours=24)
"""Work that was entered longer after it was done is shown as entered later. No law and none of the user's tables names
a figure. A tablet takes along what a shift needs, and every shift ends within a day where there is a signal: what is
older was not held back by a basement, but written down from memory."""

ENTERED_BY = (State.EVIDENCE_PENDING, State.COMPLETED)
"""Steps with which somebody says that the work is done."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Work that was entered late. ``device``: the tablet by whose own clock (as it stood when it sent) it was done at
    ``done_at``; ``None``: somebody has said so. Both are a person's word."""

    done_at: datetime
    recorded_at: datetime
    device: str | None = None

    @property
    def hours(self) -> float:
        """How much later it was entered, hours."""
        return (self.recorded_at - self.done_at) / timedelta(hours=1)


def is_late(done_at: datetime | None, recorded_at: datetime | None) -> bool:
    """Whether it was entered longer after it was done than ``RECORDED_LATE``. Unknown is not late."""
    return done_at is not None and recorded_at is not None and recorded_at - done_at > RECORDED_LATE


def entered_late(
    done_at: datetime | None, steps: Iterable[Transition], operations: Sequence[Operation] = ()
) -> Entered | None:
    """How late an order's completion was entered; ``None``: it was not late, or there is none."""
    said = [one.recorded_at for one in steps if one.to in ENTERED_BY and one.at == done_at]
    if done_at is None or not said or not is_late(done_at, min(said)):
        return None
    sent = (one.device for one in operations if one.type == "complete" and one.done_at == done_at)
    return Entered(done_at, min(said), next(sent, None))
