"""Shapes of dead letters."""

import base64
from typing import Self

from api.shapes import Instant, ListQuery, Payload, Shape
from plantroom.ports.letters import DeadLetter as DomainLetter


class DeadLetter(Shape):
    """A message, or a part of one, that could not be stored; ``part`` names the values concerned when the
    rest was stored. ``payload_base64`` holds the raw bytes. A reason that begins with ``replay_asked: `` waits to be
    taken up by the site's collector."""

    id: str
    site: str
    received_at: Instant
    topic: str
    reason: str
    payload_base64: str
    part: str

    @classmethod
    def of(cls, letter: DomainLetter) -> Self:
        """From the ledger's record."""
        return cls(
            id=letter.id,
            site=letter.site,
            received_at=letter.received_at,
            topic=letter.topic,
            reason=letter.reason,
            payload_base64=base64.b64encode(letter.payload).decode(),
            part=letter.part,
        )


class DeadLetterList(Shape):
    """A page of dead letters, newest first."""

    items: list[DeadLetter]
    next_cursor: str | None


class DeadLetterQuery(ListQuery):
    """Filters of dead letters."""

    site: str | None = None
    reason: str | None = None


class ReplayRequest(Payload):
    """Which dead letters to replay: all that fit what is given (nothing: all of the caller's sites)."""

    site: str | None = None
    reason: str | None = None


class ReplayAsked(Shape):
    """How many letters the collectors were asked to take up; those that were asked for before are not counted."""

    asked: int
