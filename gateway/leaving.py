"""When a lane may leave a topic to the other one.

What the broker queued for a lane before the other's subscription stood came to this lane alone. So a lane leaves a
topic only when its own queue has been emptied once since then. The proof is a mark: a message that the collector
publishes to itself once the other lane's subscription (or a change of the rules) has stood for ``SETTLE_S``. A
session's queue is in order: when the mark is durable, all that was queued before it is. It must come by both lanes'
sessions, so that they are known to be at one broker, and counts for the two connections it came by: whatever answers
after them may be another broker, or the same one with an older image of its sessions. A lane whose session the broker
knew nothing of needs no mark for what stood before: its queue began empty. Until there is a proof both lanes take the
topic. Time here is ``next_in_order``: it says what came first.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from gateway.order import next_in_order
from gateway.owning import TopicRules
from plantroom.ports.spool import Lane

SETTLE_S = 1.0
"""So long a broker of several nodes may have a message under way that it took before the subscription."""

AGAIN_S, AGAIN_MAX_S = 5.0, 300.0
"""When a mark that has not come (it waits behind a backlog, or was lost) is published again; doubles."""

MARKS_MAX = 16
"""Marks that have not come and may still prove something: half of them the first ones, which a queue brings first, half
the newest, for the first ones may be lost."""

RULES_MAX = 50
"""Changes that no mark has followed yet; beyond it both lanes take everything until one has."""

MARK_BYTES = 8
MARK = re.compile(rf"[0-9a-f]{{{2 * MARK_BYTES}}}")
"""A mark's name. What else is published where marks are is a message: publishers may have a way to write there."""

ANSWER = re.compile(rf"({MARK.pattern})-came")
"""Name of an answer to a mark of the session for all sites (``gateway.stray_leaving``)."""


def answer_to(name: str) -> str:
    """How the answer to a mark is called."""
    return f"{name}-came"


OTHER: Mapping[Lane, Lane] = {Lane.NORMAL: Lane.SAFETY, Lane.SAFETY: Lane.NORMAL}


class Line(Protocol):
    """What has to be known of a lane's session; any thread may ask."""

    def held(self) -> Mapping[str, int]:
        """Filters that the broker holds for it, and since when without a break."""

    def begun(self) -> int:
        """When the broker knew nothing of the session; 0: when it connected last it did."""

    def connects(self) -> int:
        """How often it has connected."""

    def acknowledged(self) -> int:
        """How many messages it has acknowledged: they are durable, with all that came before them."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """``moment``: what stood by then is proven. ``connects``: of each lane when it was published; a lane that has
    connected again since may get what came before it after it."""

    moment: int
    connects: Mapping[Lane, int]
    came: dict[Lane, int] = field(default_factory=dict)
    """How many messages each lane had acknowledged when it came."""


class Leaving:
    """What each lane of a site may leave to the other. ``leaves`` and ``mark_came`` are called in the sessions'
    threads, the rest by one thread at a time."""

    def __init__(self, rules: TopicRules, lines: Mapping[Lane, Line]) -> None:
        self._lines = lines
        self._rules: tuple[tuple[int, TopicRules], ...] = ((next_in_order(), rules),)
        self._emptied: dict[Lane, tuple[int, int]] = dict.fromkeys(Lane, (0, 0))
        """By lane, connection and moment: its queue has been emptied on it of all that was taken before this moment."""
        self._floor = 0
        """A lane whose queue was not emptied since then leaves nothing."""
        self._marks: dict[str, _Mark] = {}
        self._seen: object = None
        self._moment = 0
        self._next_at = 0.0
        self._again_s = AGAIN_S

    @property
    def rules(self) -> TopicRules:
        """The rules of now."""
        return self._rules[-1][1]

    def change(self, rules: TopicRules) -> None:
        """These rules hold from now on."""
        since = next_in_order()
        if len(self._rules) < RULES_MAX:
            self._rules = (*self._rules, (since, rules))
        else:
            self._floor, self._rules = since, ((since, rules),)

    def leaves(self, lane: Lane, topic: str) -> bool:
        """Whether all of the topic that comes to the lane comes to the other one, too, which keeps it."""
        other, emptied = OTHER[lane], self._emptied_by(lane)
        owner = self.rules.owner(topic)
        if emptied < self._floor or owner is None or owner.lane is not other:
            return False
        granted = self._lines[other].held().get(owner.by)
        if granted is None or granted > emptied:
            return False
        for since, rules in reversed(self._rules):
            owner = rules.owner(topic)
            if owner is None or owner.lane is not other:
                return False
            if since <= emptied:
                break
        return True

    def _emptied_by(self, lane: Lane) -> int:
        line, (connects, moment) = self._lines[lane], self._emptied[lane]
        return max(moment if connects == line.connects() else 0, line.begun())

    def unproven(self, lane: Lane) -> bool:
        """Whether the lane needs a mark."""
        latest = max([self._rules[-1][0], *self._lines[OTHER[lane]].held().values()])
        return latest > self._emptied_by(lane)

    def mark_came(self, lane: Lane, name: str) -> None:
        """In the lane's thread: a mark came by its session."""
        mark, line = self._marks.get(name), self._lines[lane]
        if mark is not None and mark.connects[lane] == line.connects():
            mark.came.setdefault(lane, line.acknowledged())

    def answers(self, lane: Lane, name: str) -> bool:
        """In the lane's thread: whether this mark is another session's, and says that all which the broker takes of the
        site from it on comes here: the lane that is subscribed to all topics has been emptied since its subscription
        stood, on this connection."""
        if lane is not Lane.NORMAL or name in self._marks:
            return False
        line, (connects, moment) = self._lines[lane], self._emptied[lane]
        return connects == line.connects() and line.held().get(self.rules.all, inf) <= moment

    def turn(self, now_s: float) -> str | None:
        """What the marks that came prove; gives the name of one to publish now, if any. ``now_s`` is monotonic."""
        for mark in list(self._marks.values()):
            for lane, line in self._lines.items():
                # In this order: a connection that came later has counted itself before it acknowledges anything.
                durable = line.acknowledged() > mark.came.get(lane, inf)
                if durable and len(mark.came) == len(self._lines) and self._stands(mark):
                    before = self._emptied_by(lane)
                    self._emptied[lane] = mark.connects[lane], max(before, mark.moment)
        self._forget()
        return self._publish(now_s) if any(self.unproven(lane) for lane in self._lines) else None

    def _stands(self, mark: _Mark) -> bool:
        """Whether both lanes are on the connections that it was published under."""
        return all(line.connects() == mark.connects[lane] for lane, line in self._lines.items())

    def _forget(self) -> None:
        """Marks that can prove nothing any more, and rules that no message can come under."""
        emptied = {lane: self._emptied_by(lane) for lane in self._lines}
        useful = {
            name: mark
            for name, mark in self._marks.items()
            if self._stands(mark) and mark.moment > min(emptied.values())
        }
        if len(useful) < len(self._marks):
            self._marks = useful
        past = [at for at, (since, _) in enumerate(self._rules) if since <= min(emptied.values())]
        if past and past[-1]:
            self._rules = self._rules[past[-1] :]

    def _publish(self, now_s: float) -> str | None:
        held = {lane: dict(line.held()) for lane, line in self._lines.items()}
        connects = {lane: line.connects() for lane, line in self._lines.items()}
        seen = held, connects, self._rules[-1][0]
        if seen != self._seen:
            self._seen, self._moment = seen, next_in_order()
            self._next_at, self._again_s = now_s + SETTLE_S, AGAIN_S
        if now_s < self._next_at:
            return None
        self._next_at = now_s + self._again_s
        self._again_s = min(AGAIN_MAX_S, 2 * self._again_s)
        name = secrets.token_hex(MARK_BYTES)
        kept = list(self._marks.items())
        if len(kept) >= MARKS_MAX:
            del kept[MARKS_MAX // 2]
        self._marks = {**dict(kept), name: _Mark(self._moment, connects)}
        return name
