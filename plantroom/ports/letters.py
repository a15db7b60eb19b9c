"""Port of the dead letters: what could not be stored, one by one and in groups."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plantroom.ports.paging import Page, PageRequest, Scope

LETTERS_LOOKED_AT = 20_000
"""Newest letters that a summary looks at."""

REPLAY_ASKED = "replay_asked"
"""Code before the reason of a dead letter that somebody wants replayed: ``replay_asked: unknown_point``."""


def message_of(letter_id: str) -> str:
    """Names the message that a letter is about."""
    return letter_id.partition("-")[0]


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
        return message_of(self.id)

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
    last of them, and the newest itself. ``parts`` are up to three of the ``part_count`` different parts that they
    name, those that were named last first."""

    site: str
    topic: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    newest: DeadLetter
    parts: Sequence[str] = ()
    part_count: int = 0


@dataclass(frozen=True, slots=True)
class LetterSummary:
    """Groups among the newest ``looked_at`` of ``total`` letters, largest first; ``groups_left_out`` did not fit."""

    groups: Sequence[LetterGroup]
    total: int
    looked_at: int
    groups_left_out: int = 0


class LetterRepository(ABC):
    """The dead letters of all sites."""

    @abstractmethod
    def add_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Those whose id is there already are left as they are."""

    @abstractmethod
    def dead_letters(
        self,
        scope: Scope,
        page: PageRequest,
        site: str | None = None,
        reason: str | None = None,
        topic: str | None = None,
    ) -> Page[DeadLetter]:
        """Newest first. ``reason`` is the reason's code, with or without the detail behind it (``code: detail``)."""

    @abstractmethod
    def count_dead_letters(
        self, scope: Scope, site: str | None = None, reason: str | None = None, topic: str | None = None
    ) -> int:
        """How many ``dead_letters`` has on all its pages."""

    @abstractmethod
    def dead_letter_groups(
        self, scope: Scope, limit: int, site: str | None = None, since: datetime | None = None
    ) -> LetterSummary:
        """At most ``limit`` groups of what arrived from ``since`` on. Looks at the newest ``LETTERS_LOOKED_AT`` letters
        (of a scope that names sites: of each site its share of as many), so that half a million cost no more."""

    @abstractmethod
    def dead_letter(self, letter_id: str) -> DeadLetter:
        """``NotFound`` for an unknown id."""

    @abstractmethod
    def discard_dead_letters(self, ids: Sequence[str]) -> int:
        """Throw these away, waiting for a replay or not; gives how many there were."""

    @abstractmethod
    def discard_fitting(self, site: str | None = None, reason: str | None = None, topic: str | None = None) -> int:
        """Throw all away that fit and that nobody wants replayed; gives how many."""

    @abstractmethod
    def ask_replay(
        self,
        scope: Scope,
        ids: Sequence[str] | None = None,
        site: str | None = None,
        reason: str | None = None,
        topic: str | None = None,
    ) -> int:
        """Have the collectors take these letters up again (without ``ids``: all that fit), if the ledger has their
        site; gives how many were not asked for yet."""

    @abstractmethod
    def letters_without_site(
        self, scope: Scope, reason: str | None = None, topic: str | None = None
    ) -> Mapping[str, int]:
        """How many letters ``ask_replay`` leaves for want of their site, by the code that the ledger does not have."""

    @abstractmethod
    def letters_to_replay(self, site: str, limit: int, most_bytes: int = 1 << 62) -> Sequence[DeadLetter]:
        """Letters that were asked for, oldest first, with the reasons that they had before: so many, and (but for the
        first) with payloads of so many bytes altogether, at most."""

    @abstractmethod
    def letters_of(self, messages: Sequence[str]) -> Sequence[DeadLetter]:
        """Every letter of these messages (ids up to the first dash), asked for or not, in the order in which they came,
        with the reasons that they had before."""

    @abstractmethod
    def letters_to_ask(
        self,
        scope: Scope,
        ids: Sequence[str] | None = None,
        site: str | None = None,
        reason: str | None = None,
        topic: str | None = None,
    ) -> Sequence[str]:
        """Ids of the letters that ``ask_replay`` would ask for now."""

    @abstractmethod
    def asked_letters(self) -> Sequence[str]:
        """Ids of all letters that were asked for."""

    @abstractmethod
    def letter_reasons(self, messages: Sequence[str]) -> Mapping[str, str]:
        """The reason of every letter of these messages, as it stands, by the letter's id."""

    @abstractmethod
    def letters_beyond(self, keep: int, keep_bytes: int, most: int) -> Mapping[str, Sequence[str]]:
        """Letters, at most ``most``, of each site that has more letters or bytes of payload than it may keep, by site.
        Letters of event topics count for themselves: neither kind takes the other's room. The oldest go first, of the
        topic and reason that has most; of events those that came in the same minute on a topic behind another one.
        Letters asked for again neither go nor count. Sums all letters (a second or some for half a million): not for a
        transaction that writes."""

    @abstractmethod
    def let_letters_go(self, ids: Sequence[str]) -> int:
        """Take these letters away but for those that were asked for again meanwhile; gives how many (and counts)."""

    @abstractmethod
    def letters_let_go(self, since: datetime) -> Mapping[str, int]:
        """How many letters were let go from the hour of ``since`` on (the ledger's clock), by site."""

    @abstractmethod
    def discard_messages(self, messages: Sequence[str]) -> None:
        """Take away every letter of these messages (ids up to the first dash)."""
