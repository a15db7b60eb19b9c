"""Quality of a reading and the reason for it.

A reason code is one byte: 0 is good, 1-99 uncertain (the value stands, with a remark), 100 and above bad
(the value is kept, but apart: it never reaches an aggregate, a limit or a model).
"""

from datetime import datetime
from enum import IntEnum

from plantroom.domain.assets import Point, Source, SourceClock


class Quality(IntEnum):
    """What a reading is worth, as the API shows it."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Reason(IntEnum):
    """Why a reading is not plainly good.

    ``SPIKE`` and ``UNKNOWN_UNIT`` are reserved: stored codes keep their meaning for ever, and nothing sets these
    two yet. Staleness is no reason code, since it is not a reading that is stale but the silence after it.
    """

    GOOD = 0
    RECEIVE_TIME = 1
    """The device sent no time; the spool's receive time stands in."""
    MANUAL = 2
    """Taken by a person on a round, not by the point's sensor."""
    OUT_OF_RANGE = 100
    """Outside what the point can physically show."""
    STUCK = 101
    """The same value for longer than the point's ``stuck_after_s``."""
    SPIKE = 102
    UNKNOWN_UNIT = 103
    SAID_BAD = 104
    """The sender itself says that the value is bad, or only the last one that it knew."""


FIRST_BAD = 100


def quality_of(reason: int) -> Quality:
    """Quality of a reason code."""
    if reason == Reason.GOOD:
        return Quality.GOOD
    return Quality.BAD if reason >= FIRST_BAD else Quality.UNCERTAIN


def is_stale(point: Point, source: Source | None, last: datetime | None, now: datetime) -> bool:
    """Whether the newest reading of a point, observed at ``last``, is older than its ``stale_after_s`` at ``now``.

    Never for recorded (simulated) sources, for points without ``stale_after_s``, nor before the first reading.
    """
    after_s = point.template.stale_after_s
    if last is None or after_s is None or (source is not None and source.clock is SourceClock.SIMULATED):
        return False
    return (now - last).total_seconds() > after_s
