"""What was said about a ticket that its clocks listen to, in the order of the events themselves. Pure.

Steps of the ticket's life say most of it. What is no step is a ``Mark``: an arrival, an interim measure, how severe it
is, and every word of a tablet, since a word that comes late takes no step any more and was said all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from maintenance.work_orders import State, Transition
from plantroom.domain.assets import Severity


class Said(StrEnum):
    """What a word says; in the order in which words of one instant count. Of a hold and of work in the same instant the
    work is later: in doubt the clock runs."""

    ACKNOWLEDGED = "acknowledged"
    ARRIVED = "arrived"
    INTERIM = "interim"
    HELD = "held"
    WORKED = "worked"
    DONE = "done"
    SENT_BACK = "sent_back"
    REJECTED = "rejected"
    ENDED = "ended"
    SEVERITY = "severity"


_RANK = {one: place for place, one in enumerate(Said)}

MARKS = (Said.ACKNOWLEDGED, Said.ARRIVED, Said.INTERIM, Said.HELD, Said.WORKED, Said.DONE, Said.SEVERITY)
"""What a mark may say."""

_OF_STEP = {
    State.ACKNOWLEDGED: Said.ACKNOWLEDGED,
    State.IN_PROGRESS: Said.WORKED,
    State.ON_HOLD: Said.HELD,
    State.EVIDENCE_PENDING: Said.DONE,
    State.COMPLETED: Said.DONE,
    State.REJECTED: Said.REJECTED,
    State.CANCELLED: Said.ENDED,
    State.BYPASSED: Said.ENDED,
    State.DEFERRED: Said.ENDED,
    State.MISSED: Said.ENDED,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A word on an order that is no step of its life. ``at`` is when it was so (event time, by our clock),
    ``recorded_at`` when we learned of it; ``code``: of a hold why, of a severity which; ``text``: what was done."""

    work_order: str
    said: Said
    at: datetime
    recorded_at: datetime
    by: str
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, without when we learned of it: that decides nothing."""

    said: Said
    at: datetime
    code: str = ""


@dataclass(slots=True)
class Round:
    """From one opening of a ticket to the next: from its event time, of one that comes back from when people were told
    of that. ``anew``: its work had been done before, so that everything is promised again; else it only calls for
    somebody once more, out of a hold."""

    opened_at: datetime
    anew: bool
    words: list[Word] = field(default_factory=list)


def rounds_of(transitions: Sequence[Transition], marks: Iterable[Mark] = ()) -> list[Round]:
    """The rounds of a ticket, each with its words in the order of their instants.

    ``transitions`` come in the order in which they were stored, ``marks`` in any. A step belongs to the opening before
    it. A mark belongs to the last opening that people had been told of by then: what was done before speaks of the work
    before. No word is earlier than its round. O(n log n)."""
    rounds: list[Round] = []
    before: State | None = None
    for step in transitions:
        if step.to is before:
            continue
        if step.to is State.OPEN:
            anew = before is not State.ON_HOLD
            rounds.append(Round(step.recorded_at if rounds else step.at, anew))
        elif rounds and (said := _said(step, before)) is not None:
            rounds[-1].words.append(Word(said, step.at, step.code))
        before = step.to
    for mark in marks:
        if rounds and mark.said is not Said.SEVERITY:
            owner = next((one for one in reversed(rounds) if one.opened_at <= mark.at), rounds[0])
            owner.words.append(Word(mark.said, mark.at, mark.code))
    for one in rounds:
        one.words = [Word(w.said, max(w.at, one.opened_at), w.code) for w in one.words]
        one.words.sort(key=lambda word: (word.at, _RANK[word.said], word.code))
    return rounds


def _said(step: Transition, before: State | None) -> Said | None:
    if step.to is State.IN_PROGRESS and before in (State.COMPLETED, State.EVIDENCE_PENDING, State.VERIFIED):
        return Said.SENT_BACK
    return _OF_STEP.get(step.to)


def got_milder(marks: Iterable[Mark]) -> bool:
    """Whether somebody has corrected a severity downwards: clocks that there were may be none any more."""
    order, said = list(Severity), [severity for _, severity in severities_of(marks, Severity.INFO)]
    return any(order.index(after) > order.index(before) for before, after in pairwise(said))


def severities_of(marks: Iterable[Mark], otherwise: Severity) -> list[tuple[datetime | None, Severity]]:
    """How severe a ticket was since when, in that order; what was first so counts from its opening (``None``).
    ``otherwise``: of a ticket on which nothing was marked."""
    said = [(mark.at, Severity(mark.code)) for mark in marks if mark.said is Said.SEVERITY]
    if not said:
        return [(None, otherwise)]
    # Of one instant the worst counts.
    said.sort(key=lambda pair: (pair[0], -list(Severity).index(pair[1])))
    return [(None if place == 0 else at, severity) for place, (at, severity) in enumerate(said)]
