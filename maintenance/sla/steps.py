"""Which steps of escalation a clock calls for, and when the next one is due. Pure.

Every step has a key, so that each is taken once whoever takes it: its name, of a repeated one its name and number. What
is due after an outage is the last of a row of repetitions, not each of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.sla.clocks import Clock, ClockState
from maintenance.sla.policy import SlaPolicy, Step

BREACHED, CORRECTED = "breached", "corrected"
"""Keys of records: the limit has passed; a word that came late says that it was kept all the same."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step, a breach or its correction, as it is recorded. ``messages``: how many went out for it."""

    work_order: str
    kind: str
    cycle: int
    step: str
    due_at: datetime
    recorded_at: datetime
    messages: int = 0


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step that is due. ``step`` is ``None`` for the record of a breach, which tells nobody by itself."""

    key: str
    at: datetime
    step: Step | None = None


def breach_key(done: Collection[str]) -> str:
    """The key of a clock's next breach: after a correction it may be breached anew."""
    return _numbered(BREACHED, sum(key.partition("#")[0] == CORRECTED for key in done))


def correction_key(done: Collection[str]) -> str | None:
    """The key of the correction of a recorded breach; ``None``: no breach stands."""
    breaches, corrections = (sum(key.partition("#")[0] == word for key in done) for word in (BREACHED, CORRECTED))
    return _numbered(CORRECTED, corrections) if breaches > corrections else None


def due_steps(clock: Clock, policy: SlaPolicy, done: Collection[str], now: datetime) -> list[DueStep]:
    """What is due at ``now`` and not done, in the order in which it came due. ``clock`` is as of ``now``."""
    found = []
    if clock.state is ClockState.BREACHED and breach_key(done) not in done:
        found.append(DueStep(breach_key(done), clock.limit_at))
    if clock.running:
        for step in policy.steps_of(clock.kind, clock.severity):
            first = first_at(clock, step)
            if first is None or first > now:
                continue
            last = _last_turn(step, first, now)
            if last.key not in done:
                found.append(last)
    return sorted(found, key=lambda one: (one.at, one.key))


def wake_at(clock: Clock, policy: SlaPolicy, done: Collection[str], now: datetime) -> datetime | None:
    """When the clock has to be looked at next; ``None``: nothing comes by itself."""
    if not clock.running:
        return None
    waits = []
    if clock.state is ClockState.RUNNING:
        # At its limit it is not breached yet.
        waits.append(clock.limit_at + timedelta(microseconds=1))
    for step in policy.steps_of(clock.kind, clock.severity):
        first = first_at(clock, step)
        if first is None:
            continue
        last = _last_turn(step, first, now)
        if last.at > now or last.key not in done:
            waits.append(last.at)
        elif step.repeat_s is not None:
            waits.append(last.at + timedelta(seconds=step.repeat_s))
    if clock.state is ClockState.BREACHED and breach_key(done) not in done:
        waits.append(clock.limit_at)
    return min(waits, default=None)


def _last_turn(step: Step, first: datetime, now: datetime) -> DueStep:
    """The last turn of a step up to ``now``; before its first one, that."""
    times = 0 if step.repeat_s is None else max(int((now - first).total_seconds() // step.repeat_s), 0)
    return DueStep(_numbered(step.step, times), first + timedelta(seconds=(step.repeat_s or 0) * times), step)


def first_at(clock: Clock, step: Step) -> datetime | None:
    """When a step is due first; ``None`` while the clock is paused before that."""
    reached = clock.instant_at(step.percent / 100)
    return None if reached is None else reached + timedelta(seconds=step.after_s)


def _numbered(word: str, number: int) -> str:
    return word if number == 0 else f"{word}#{number}"
