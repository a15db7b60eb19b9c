"""Dead letters, and their groups as ``CollectRepository.dead_letter_groups`` gives them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LETTERS_LOOKED_AT = 20_000
"""Newest letters that a summary looks at."""

REPLAY_ASKED = "replay_asked"
"""Code before the reason of a dead letter that somebody wants replayed: ``replay_asked: unknown_point``."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message (or a part of one) that could not be stored, with the reason and the raw bytes.

    ``id`` is derived from where it stood in the spool, so that processing again does not double it; up to its first
    dash it names the message, which has a letter for each reason. ``part`` names the values concerned when the rest of
    the message was stored (empty: the whole message). ``received_at`` is also the instant of its values that have none;
    where that is not when it came, the milliseconds between stand behind the second dash of ``id``.
    """

    id: str
    site: str
    received_at: datetime
    topic: str
    reason: str
    payload: bytes
    part: str = ""

    @property
    def message(self) -> str:
        """Names the message, whatever the reason."""
        return self.id.split("-")[0]

    @property
    def came_at(self) -> datetime:
        """When the message came, from which times count that are relative."""
        _, _, ahead_ms = self.id.partition("-")[2].partition("-")
        return self.received_at - timedelta(milliseconds=int(ahead_ms or "0"))

    def standing_at(self, instant: datetime) -> "DeadLetter":
        """The same letter with another instant of the values that have none, no earlier than it came."""
        ahead_ms = (instant - self.came_at) // timedelta(milliseconds=1)
        words = self.id.split("-")[:2]
        return replace(self, received_at=instant, id="-".join([*words, str(ahead_ms)] if ahead_ms > 0 else words))


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Dead letters of one site, topic and reason (its code, without the detail behind it): how many, the first and the
    last of them, and the newest itself."""

    site: str
    topic: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    newest: DeadLetter


@dataclass(frozen=True, slots=True)
class LetterSummary:
    """Groups among the newest ``looked_at`` of ``total`` letters, largest first; ``groups_left_out`` did not fit."""

    groups: Sequence[LetterGroup]
    total: int
    looked_at: int
    groups_left_out: int = 0
