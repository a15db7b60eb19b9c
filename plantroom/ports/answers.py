"""Port of answers that are kept for a time, so that a request that is sent again is not done again."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ANSWERS_KEPT = timedelta(hours=24)
"""How long an answer is given again (project default)."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to a request that has a key. ``account`` is who sent it (kind and id), ``request`` its method,
    path and query, ``body_sha256`` what was sent, ``body`` the JSON text of the answer, ``at`` when it was given."""

    account: str
    key: str
    request: str
    body_sha256: str
    status: int
    body: str
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class AnswerRepository(ABC):
    """Answers by account and key."""

    @abstractmethod
    def kept_answer(self, account: str, key: str, now: datetime) -> KeptAnswer | None:
        """What was answered within ``ANSWERS_KEPT``. Nobody else asks for that key until a writing transaction ends, so
        that of two requests at the same moment the second one sees the answer to the first."""

    @abstractmethod
    def keep_answer(self, answer: KeptAnswer) -> None:
        """Keep it beside what it answers. An older one of that key is gone."""

    @abstractmethod
    def forget_answers(self, now: datetime) -> int:
        """Delete those whose time is over; gives how many."""
