"""Dead letters, and their groups as ``CollectRepository.dead_letter_groups`` gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LETTERS_LOOKED_AT = 20_000
"""Newest letters that a summary looks at."""

REPLAY_ASKED = "replay_asked"
"""Code before the reason of a dead letter that somebody wants replayed: ``replay_asked: unknown_point``."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message (or a part of one) that could not be stored, with the reason and the raw bytes.

    ``id`` is derived from where it stood in the spool, so that processing again does not double it; up to its first
    dash it names the message, which has a letter for each reason. ``part`` names the values concerned when the rest of
    the message was stored (empty: the whole message). ``received_at`` is also the instant of its values that have none.
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
