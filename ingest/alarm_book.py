"""Where the alarms of a site stand, for all its lanes: an alarm belongs to its point, not to the lane.

A point moves from one lane to the other when its source is made a safety source, or no longer one. Whichever lane
hears it then takes its alarms over as they stand, so that nothing stays raised behind and nothing is raised twice.
Each lane saves the alarms that it holds with its own cursor; of two saved states of one alarm the newer one counts.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum

Key = tuple[str, str, str]
"""Asset, point, level."""

Row = Sequence[str | int | float | bool | None]
"""A key and the saved fields of its state."""


class Phase(IntEnum):
    """Where an alarm stands."""

    IDLE = 0
    PENDING = 1
    ACTIVE = 2
    CLEARING = 3


RAISED = (Phase.ACTIVE, Phase.CLEARING)


class HeldElsewhere(Exception):
    """The alarm is another lane's and cannot be taken over with the reading at hand."""


@dataclass(slots=True)
class AlarmState:
    """State of one level: ``since_ms`` is when the phase began, ``last_ms`` the newest judged instant (both observed
    time), ``heard_ms`` when we received that."""

    phase: Phase = Phase.IDLE
    since_ms: int = 0
    last_ms: int = 0
    raised_ms: int = 0
    mode: str = ""
    """Failure mode under which it was raised."""
    heard_ms: int = 0
    limit: float | None = None
    deadband: float | None = None
    """What it was judged by last; ``None``: an earlier version did not say."""
    safety: bool = False
    """Whether it was raised as a safety alarm."""
    moved: bool = False
    """Taken over from another lane once: it is remembered even when idle, so that a restart does not go back to what
    the other lane had saved."""
    lane: str = ""
    turn: int = 0
    """How often the lane had told everything before the alarm was last raised or cleared."""
    before: "AlarmState | None" = None
    """As the other lane had it, until that is certain to be over."""


_SAVED = 10
"""How many fields of a state are saved: up to ``moved``."""


class AlarmBook:
    """All alarms of one site that are not idle. Any thread, each within ``of_lane``."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._states: dict[Key, AlarmState] = {}
        self._turns: dict[str, int] = {}
        self._changed: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)

    @contextmanager
    def of_lane(self, lane: str, *, told: bool = False) -> Iterator[None]:
        """Hold the book for a lane. ``told``: all that the lane has found until now has reached the ledger."""
        with self._lock:
            self._turns[lane] = self._turns.get(lane, 0) + told
            yield

    def get(self, lane: str, key: Key, heard_ms: int) -> AlarmState | None:
        """The state of an alarm for the lane that hears its point now (taken over if it was another's), or ``None``.

        Raises ``HeldElsewhere`` when the other lane has heard the point later, or may not yet have told what it found:
        then it must not be judged here now.
        """
        state = self._states.get(key)
        if state is None or state.lane == lane:
            return state
        if heard_ms < state.heard_ms or state.turn == self._turns.get(state.lane, 0):
            raise HeldElsewhere
        taken = replace(state, lane=lane, moved=True, turn=0, before=replace(state, before=None))
        self._states[key] = taken
        return taken

    def peek(self, key: Key) -> AlarmState | None:
        """The state of an alarm, whosever it is; not to be changed by another lane than its own."""
        return self._states.get(key)

    def open(self, lane: str, key: Key) -> AlarmState:
        """A new alarm of the lane."""
        state = self._states[key] = AlarmState(lane=lane)
        self._note(lane, key)
        return state

    def note_turn(self, state: AlarmState) -> None:
        """It was raised or cleared just now, which is not yet told."""
        state.turn = self._turns[state.lane]

    def close(self, key: Key) -> None:
        """The alarm is idle: forgotten, unless it was taken over from another lane."""
        state = self._states[key]
        if not state.moved:
            del self._states[key]
            self._note(state.lane, key)

    def drop(self, key: Key) -> None:
        """The alarm is no more."""
        state = self._states.pop(key)
        self._note(state.lane, key)

    def of(self, lane: str) -> list[tuple[Key, AlarmState]]:
        """The alarms that a lane holds."""
        return [(key, state) for key, state in self._states.items() if state.lane == lane]

    def changed_by_others(self, lane: str) -> set[tuple[str, str]]:
        """Points (asset, point) whose alarms came or went in another lane since the last call."""
        return self._changed.pop(lane, set())

    def save(self, lane: str) -> list[Row]:
        """The alarms of a lane in the form that ``restore`` takes."""
        return [(*key, *_fields(state)) for key, state in self.of(lane)]

    def restore(self, lane: str, rows: Sequence[Row]) -> None:
        """Go on from saved alarms. What the lane took over since then belongs to the other lane again; an alarm that
        another lane has heard of later stays there. Raises ``TypeError`` or ``ValueError`` for other rows."""
        saved: dict[Key, AlarmState] = {}
        for asset, point, level, phase, *rest in rows:
            key = (str(asset), str(point), str(level))
            saved[key] = replace(AlarmState(Phase(phase), *rest[: _SAVED - 1]), lane=lane)  # type: ignore[arg-type]
        for key, state in self.of(lane):
            self.drop(key)
            if state.before is not None and state.before.lane != lane and key not in saved:
                self._states[key] = state.before
        for key, state in saved.items():
            known = self._states.get(key)
            if known is None or known.heard_ms < state.heard_ms:
                state.moved = state.moved or known is not None
                self._states[key] = state
                self._note(lane, key)

    def _note(self, lane: str, key: Key) -> None:
        for other in self._turns:
            if other != lane:
                self._changed[other].add(key[:2])


def _fields(state: AlarmState) -> tuple[str | int | float | bool | None, ...]:
    names = tuple(AlarmState.__dataclass_fields__)[:_SAVED]
    return tuple(getattr(state, name) for name in names)
