"""The clocks of a repair ticket, from what was said about it. Pure.

They run on event time: when something was done, whenever we heard of it, so that the same words give the same clocks in
whatever order they come. Spans are elapsed time; DST does not matter. A word before its ticket's opening counts as at
the opening, and no span is negative, whatever a clock was set to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from maintenance.episode_rules import LOOP_TEST
from maintenance.sla.policy import AWAITING_VERIFICATION, OTHER, ClockKind, ClockRule, Policies
from maintenance.sla.words import Mark, Round, Said, Word, rounds_of, severities_of
from maintenance.work_orders import Kind, Transition, WorkOrder
from plantroom.domain.assets import Severity

NOTHING = timedelta(0)


class ClockState(StrEnum):
    """How a clock stands. ``void``: its ticket ended without work (cancelled, deferred, bypassed) before the limit, so
    it says nothing about anybody."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which the clock stood still; ``until`` is ``None`` while it does."""

    code: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock as it stands at an instant. ``cycle`` counts those of its kind on the ticket, from 0.

    ``target_at`` and ``limit_at`` are later by what pauses took before them; while it is paused they move on.
    ``counts_from`` is where the tightest promise begins: ``started_at``, or when the ticket became more severe.
    """

    kind: ClockKind
    cycle: int
    severity: Severity
    started_at: datetime
    target_at: datetime
    limit_at: datetime
    state: ClockState
    remaining_s: float
    paused_s: float = 0.0
    stopped_at: datetime | None = None
    counts_from: datetime | None = None
    target_s: int = 0
    limit_s: int = 0
    pauses: tuple[Pause, ...] = ()

    @property
    def running(self) -> bool:
        """Whether it has not stopped; a paused one stands still and runs on later."""
        return self.stopped_at is None

    @property
    def paused_since(self) -> datetime | None:
        """Since when it stands still; ``None``: it does not."""
        return self.pauses[-1].since if self.running and self.pauses and self.pauses[-1].until is None else None

    @property
    def target_met(self) -> bool | None:
        """Whether it stopped within its target; ``None`` while that is open, and of a void one."""
        if self.state is ClockState.VOID or self.stopped_at is None:
            return False if self.state is ClockState.BREACHED else None
        return self.stopped_at <= self.target_at

    def instant_at(self, share: float) -> datetime | None:
        """When it will have used that share of its limit, by the pauses that are known; ``None`` while it is paused
        before that."""
        return _reached(self.counts_from or self.started_at, timedelta(seconds=self.limit_s * share), self.pauses)


@dataclass(slots=True)
class _Span:
    """A clock in the making; ``opened``: what its ticket was opened for, then."""

    start: datetime
    opened: datetime
    stop: datetime | None = None
    void: bool = False
    pauses: list[Pause] = field(default_factory=list)


_ATTENDED = (Said.ACKNOWLEDGED, Said.ARRIVED, Said.INTERIM, Said.WORKED, Said.DONE, Said.REJECTED)
_STOPS = {
    ClockKind.ACKNOWLEDGE: _ATTENDED,
    ClockKind.RESPOND: _ATTENDED,
    ClockKind.ARRIVE: (Said.ARRIVED, Said.INTERIM, Said.WORKED, Said.DONE, Said.REJECTED),
    ClockKind.INTERIM: (Said.INTERIM, Said.DONE, Said.REJECTED),
}
"""What each clock waits for. Putting a ticket on hold stops none of them."""


def has_clocks(order: WorkOrder) -> bool:
    """Whether anything is promised: of repair tickets, except of those of a loop test."""
    return order.kind is Kind.CORRECTIVE and LOOP_TEST not in order.tags


def clocks(
    order: WorkOrder, transitions: Sequence[Transition], policies: Policies, now: datetime, marks: Sequence[Mark] = ()
) -> list[Clock]:
    """The clocks of a ticket at ``now``, by kind and cycle. ``transitions`` as they are stored, ``marks`` in any order;
    resolving has no clock before somebody has accepted the ticket."""
    if not has_clocks(order):
        return []
    rounds, severities = rounds_of(transitions, marks), severities_of(marks, order.severity)
    found: list[Clock] = []
    for kind in ClockKind:
        spans = _resolving(rounds) if kind is ClockKind.RESOLVE else _attending(rounds, kind)
        for span in spans:
            cycle = sum(one.kind is kind for one in found)
            made = _clock(kind, span, order, severities, policies, now, cycle)
            found += [] if made is None else [made]
    return found


def due_of(
    order: WorkOrder, transitions: Sequence[Transition], policies: Policies, now: datetime, marks: Sequence[Mark] = ()
) -> datetime | None:
    """By when a repair ticket has to be resolved: the limit of its resolve clock, of a pause that lasts as it began.
    Before anybody has accepted the ticket, what it would be if it had been accepted at its opening: a ticket that
    nobody takes is overdue, and not timeless. ``None``: nothing is promised."""
    rounds = rounds_of(transitions, marks)
    if not rounds:
        return None
    opened = next(one for one in reversed(rounds) if one.anew or one is rounds[0])
    spans = _resolving(rounds)
    last = spans[-1] if spans and spans[-1].start >= opened.opened_at else _Span(opened.opened_at, opened.opened_at)
    closed = [one for one in last.pauses if one.until is not None]
    span = _Span(last.start, last.opened, last.stop, pauses=closed)
    made = _clock(ClockKind.RESOLVE, span, order, severities_of(marks, order.severity), policies, now)
    return None if made is None else made.limit_at


def _attending(rounds: Sequence[Round], kind: ClockKind) -> list[_Span]:
    """A clock that goes on until somebody attends. A ticket that comes back while nobody has begins no second one."""
    spans: list[_Span] = []
    calls = kind in (ClockKind.ACKNOWLEDGE, ClockKind.ARRIVE)
    for one in rounds:
        if not spans or (spans[-1].stop is not None and (one.anew or calls)):
            spans.append(_Span(one.opened_at, one.opened_at))
        span = spans[-1]
        for word in one.words:
            if span.stop is None and word.said in (*_STOPS[kind], Said.ENDED):
                span.stop, span.void = max(word.at, span.start), word.said is Said.ENDED
    return spans


def _resolving(rounds: Sequence[Round]) -> list[_Span]:
    spans: list[_Span] = []
    teller: _Resolving | None = None
    for one in rounds:
        if teller is None or one.anew:
            teller = _Resolving(spans, one.opened_at)
        else:
            teller.goes_on(one.opened_at)
        for word in one.words:
            teller.hears(word)
    return spans


class _Resolving:
    """The resolve clock of one life of a ticket, word by word."""

    def __init__(self, spans: list[_Span], opened: datetime) -> None:
        self._spans = spans
        self._opened = opened
        self._span: _Span | None = None
        self._held: Pause | None = None
        self._done = False

    def hears(self, word: Word) -> None:
        """One more word, not earlier than those before."""
        if word.said is Said.SENT_BACK:
            self._sent_back(word.at)
            return
        if self._done:
            return
        if word.said is Said.HELD:
            self._hold(word)
            return
        if word.said is not Said.ENDED and self._span is None:
            self._span = _Span(word.at, self._opened)
            self._spans.append(self._span)
            if self._held is not None:
                self._held = Pause(self._held.code, max(self._held.since, word.at))
        if word.said in (Said.WORKED, Said.DONE, Said.REJECTED, Said.ENDED):
            self.goes_on(word.at)
        if word.said in (Said.DONE, Said.REJECTED, Said.ENDED):
            self._done = True
            if self._span is not None:
                self._span.stop, self._span.void = word.at, word.said is Said.ENDED

    def goes_on(self, at: datetime) -> None:
        """A hold, if there is one, is over."""
        if self._held is not None and self._span is not None and self._held.since < at:
            self._span.pauses.append(Pause(self._held.code, self._held.since, at))
        self._held = None
        self._lasting()

    def _hold(self, word: Word) -> None:
        code = word.code or OTHER
        if self._held is not None and self._held.code == code:
            return
        self.goes_on(word.at)
        self._held = Pause(code, word.at)
        self._lasting()

    def _lasting(self) -> None:
        """The span knows of the pause that lasts."""
        if self._span is None:
            return
        self._span.pauses = [one for one in self._span.pauses if one.until is not None]
        if self._held is not None:
            self._span.pauses.append(self._held)

    def _sent_back(self, at: datetime) -> None:
        """What was told done was not: the clock goes on, without the time in which everybody took it for done."""
        span = self._span
        if span is None or span.stop is None:
            return
        if span.stop < at:
            span.pauses.append(Pause(AWAITING_VERIFICATION, span.stop, at))
        span.stop, span.void, self._done = None, False, False


Severities = Sequence[tuple[datetime | None, Severity]]


def _promised(
    kind: ClockKind, span: _Span, order: WorkOrder, severities: Severities, policies: Policies
) -> list[tuple[datetime, ClockRule]]:
    """Each promise that holds for a clock, from when on. Becoming more severe promises more from then on, and takes
    back nothing; a severity that was corrected to a milder one is what it always was."""
    policy = policies.at(span.start)
    found: list[tuple[datetime, ClockRule]] = []
    before: Severity | None = None
    for at, severity in severities:
        since = span.start if at is None else max(at, span.start)
        if before is not None and span.stop is not None and since > span.stop:
            break
        if before is None or at is None or at < span.opened or _ORDER[severity] > _ORDER[before]:
            found, since = [], span.start
        rule = policy.rule(kind, severity, order.origin)
        if rule is not None:
            found.append((since, rule))
        before = severity
    return found


_ORDER = {severity: place for place, severity in enumerate(Severity)}


def _clock(
    kind: ClockKind,
    span: _Span,
    order: WorkOrder,
    severities: Severities,
    policies: Policies,
    now: datetime,
    cycle: int = 0,
) -> Clock | None:
    promised = _promised(kind, span, order, severities, policies)
    if not promised:
        return None
    pauses = sorted(span.pauses, key=lambda one: one.since)
    until = now if span.stop is None else span.stop
    moved = [Pause(one.code, one.since, one.until or max(now, one.since)) for one in pauses]
    began = min(since for since, _ in promised)
    tightest = min(promised, key=lambda one: (_end(one[0], one[1].limit, moved), one[0]))
    target = min(_end(since, rule.target, moved) for since, rule in promised)
    limit = _end(tightest[0], tightest[1].limit, moved)
    paused = sum((min(one.until or until, until) - one.since for one in moved if one.since < until), NOTHING)
    lasting = bool(pauses) and span.stop is None and pauses[-1].until is None
    return Clock(
        kind=kind,
        cycle=cycle,
        severity=tightest[1].severity,
        started_at=began,
        target_at=target,
        limit_at=limit,
        state=_state(span, limit, until, lasting=lasting),
        remaining_s=(limit - max(until, began)).total_seconds(),
        paused_s=paused.total_seconds(),
        stopped_at=None if span.stop is None else max(span.stop, began),
        counts_from=tightest[0],
        target_s=tightest[1].target_s,
        limit_s=tightest[1].limit_s,
        pauses=tuple(pauses),
    )


def _state(span: _Span, limit: datetime, until: datetime, *, lasting: bool) -> ClockState:
    if until > limit:
        return ClockState.BREACHED
    if span.void:
        return ClockState.VOID
    if span.stop is not None:
        return ClockState.MET
    return ClockState.PAUSED if lasting else ClockState.RUNNING


def _end(since: datetime, span: timedelta, pauses: Sequence[Pause]) -> datetime:
    """When a span from ``since`` is used up; pauses that have ended move it on as far as they begin before that. What
    has passed is not undone by a pause after it."""
    end = since + span
    for one in pauses:
        if one.until is None or one.since >= end:
            continue
        end += max(one.until - max(one.since, since), NOTHING)
    return end


def _reached(since: datetime, span: timedelta, pauses: Sequence[Pause]) -> datetime | None:
    end = since + span
    for one in pauses:
        if one.since >= end:
            break
        if one.until is None:
            return None
        end += max(one.until - max(one.since, since), NOTHING)
    return end
