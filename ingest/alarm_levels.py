"""The limits of a point as alarms, and how one of them moves: ``idle > pending > active > clearing > idle``."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ingest.alarm_book import AlarmState, Key, Phase
from plantroom.domain.alarms import is_alarm_level
from plantroom.domain.assets import AlarmPriority, Limits, Severity
from plantroom.ports.readings import SeriesRef

PATIENCE = 2
"""A silence within so many of a publisher's usual ones says nothing against what was heard before it."""


@dataclass(frozen=True, slots=True)
class Level:
    """One limit of one point: ``side`` is 1 for a high limit, -1 for a low one."""

    name: str
    limit: float
    side: int
    deadband: float
    on_delay_ms: float
    off_delay_ms: float
    priority: AlarmPriority | None = None
    """As people set it; ``None``: it follows from the failure mode."""

    @property
    def is_alarm(self) -> bool:
        """Whether it is more than a warning."""
        return is_alarm_level(self.name)

    def calm(self, raised: bool) -> tuple[float, float]:
        """The least and the greatest value that changes nothing while the alarm stands, or does not; a hair less than
        all of them, so that what rounding may make of the edge is looked at."""
        if not raised:
            return (-np.inf, self.limit) if self.side > 0 else (self.limit, np.inf)
        hair = 1e-9 * (abs(self.limit) + self.deadband)
        edge = float(np.nextafter(self.limit - self.side * (self.deadband - hair), self.side * np.inf))
        return (edge, np.inf) if self.side > 0 else (-np.inf, edge)

    def beyond(self, value: float) -> bool:
        """Outside the limit."""
        return self.side * (value - self.limit) > 0

    def back_inside(self, value: float) -> bool:
        """Inside the limit by the deadband."""
        return self.side * (value - self.limit) <= -self.deadband


@dataclass(frozen=True, slots=True)
class Watched:
    """A point with limits, ready to be judged."""

    ref: SeriesRef
    mode: str
    severity: Severity
    safety: bool
    maintenance: bool
    stale_ms: float
    levels: tuple[Level, ...]
    keys: tuple[Key, ...]
    """Of each level: its alarm in the book."""


class Heard(NamedTuple):
    """A reading to be judged: when it was observed and received, and how long its publisher is silent now and then
    (``ingest.silences``)."""

    ts_ms: int
    value: float
    received_ms: int
    usual_ms: int


def levels_of(limits: Limits) -> tuple[Level, ...]:
    """The alarms that a point's limits define."""
    on_warning, on_alarm, off = (1000 * s for s in (limits.warning_delay_s, limits.alarm_delay_s, limits.off_delay_s))
    warning, alarm = limits.warning_priority, limits.alarm_priority
    table = (
        ("warning_low", limits.warning_low, -1, on_warning, warning),
        ("warning_high", limits.warning_high, 1, on_warning, warning),
        ("alarm_low", limits.alarm_low, -1, on_alarm, alarm),
        ("alarm_high", limits.alarm_high, 1, on_alarm, alarm),
    )
    return tuple(
        Level(name, limit, side, limits.deadband, delay, off, priority)
        for name, limit, side, delay, priority in table
        if limit is not None
    )


def rebase(state: AlarmState, level: Level) -> None:
    """A delay that ran against another limit says nothing about this one."""
    changed = state.limit is not None and (state.limit, state.deadband) != (level.limit, level.deadband)
    if changed and state.phase is Phase.PENDING:
        state.phase = Phase.IDLE
    elif changed and state.phase is Phase.CLEARING:
        state.phase = Phase.ACTIVE
    state.limit, state.deadband = level.limit, level.deadband


def settled(state: AlarmState, level: Level, watched: Watched) -> bool:
    """Whether only a value that leaves ``Level.calm`` can change something."""
    same = (state.limit, state.deadband) == (level.limit, level.deadband)
    told = state.safety or not (watched.safety and level.is_alarm)
    return state.phase is Phase.IDLE or (state.phase is Phase.ACTIVE and same and told)


def becomes_safety(state: AlarmState, level: Level, watched: Watched, value: float) -> bool:
    """Whether an alarm that was raised as an ordinary one is a safety alarm by now: people have to be told."""
    return (
        state.phase is Phase.ACTIVE and watched.safety and level.is_alarm and not state.safety and level.beyond(value)
    )


def step(state: AlarmState, level: Level, watched: Watched, heard: Heard) -> Phase | None:
    """Move one alarm on; ``ACTIVE`` when it is raised now, ``CLEARING`` when it is cleared now.

    A clock that was set back begins the delay anew: it would run until the old time is reached again.
    """
    ts_ms, value = heard.ts_ms, heard.value
    if ts_ms < state.last_ms and state.phase in (Phase.PENDING, Phase.CLEARING):
        state.since_ms = min(state.since_ms, ts_ms)
    if state.phase in (Phase.IDLE, Phase.PENDING):
        if not level.beyond(value):
            state.phase = Phase.IDLE
            return None
        if state.phase is Phase.IDLE or ts_ms - state.last_ms > _patience_ms(level, watched, heard.usual_ms):
            state.phase, state.since_ms = Phase.PENDING, ts_ms
        if ts_ms - state.since_ms < level.on_delay_ms:
            return None
        state.phase, state.raised_ms, state.mode = Phase.ACTIVE, ts_ms, watched.mode
        state.safety = watched.safety and level.is_alarm
        return Phase.ACTIVE
    if not level.back_inside(value):
        state.phase = Phase.ACTIVE
        return None
    if state.phase is Phase.ACTIVE:
        state.phase, state.since_ms = Phase.CLEARING, ts_ms
    if ts_ms - state.since_ms < level.off_delay_ms:
        return None
    state.phase = Phase.IDLE
    return Phase.CLEARING


def _patience_ms(level: Level, watched: Watched, usual_ms: int) -> float:
    """After a longer silence than this nobody can say that the value was beyond the limit all the time."""
    return max(watched.stale_ms, level.on_delay_ms, PATIENCE * usual_ms)
