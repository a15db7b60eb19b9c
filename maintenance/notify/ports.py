"""Ports of the notification channels: what the ledger keeps, who opens an address, what carries a message."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from maintenance.notify.channels import Channel
from maintenance.notify.messages import Message
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


class Vault(Protocol):
    """Encrypts what nobody is to read in the ledger, its backups or its logs."""

    def seal(self, text: str) -> str:
        """Raises ``SettingError`` when there is no key and none can be made."""
        ...

    def open(self, sealed: str) -> str:
        """Raises ``SettingError`` when the key is missing or another one."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as a receiver gets it. ``id`` stays the same when it is sent again."""

    id: str
    title: str
    body: str
    payload: Mapping[str, object]
    urgent: bool = False
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a round has done: messages that arrived, attempts that failed, messages given up."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0

    def __add__(self, other: "Delivered") -> "Delivered":
        return Delivered(self.sent + other.sent, self.failed + other.failed, self.given_up + other.given_up)


class NotSent(Exception):
    """A message did not go out; the text says why and holds no secret."""


class Post(Protocol):
    """Carries a message to a channel's receiver and comes back within a bounded time. Raises ``NotSent``."""

    def __call__(self, channel: Channel, message: Outgoing) -> None:
        """Carry it."""
        ...


class Forgotten(NamedTuple):
    """Messages whose time is over: gone after they had arrived, gone after they had been taken back, and those of no
    ticket, of which the title stays."""

    delivered: int = 0
    withdrawn: int = 0
    cut: int = 0

    @property
    def all(self) -> int:
        """Together."""
        return self.delivered + self.withdrawn + self.cut


class ChannelRepository(ABC):
    """Channels."""

    @abstractmethod
    def add(self, channel: Channel) -> None:
        """``Conflict`` where the name is taken, ``NotFound`` for an unknown site."""

    @abstractmethod
    def get(self, channel_id: str) -> Channel: ...

    @abstractmethod
    def named(self, name: str) -> Channel | None: ...

    @abstractmethod
    def list(self, scope: Scope = EVERYTHING, site: str | None = None) -> Sequence[Channel]:
        """By name; of a site and those of every site. A scope that is not everything leaves out those of every site."""

    @abstractmethod
    def update(self, channel: Channel, expected_version: int) -> Channel:
        """What people set; how it goes is left as it is. ``VersionConflict``, ``Conflict`` as ``add``."""

    @abstractmethod
    def note(self, channel: Channel) -> None:
        """How it goes; what people set is left as it is."""

    @abstractmethod
    def remove(self, channel_id: str) -> None:
        """With the messages that went, or were to go, by it."""

    @abstractmethod
    def claim(self, holder: str, now: datetime, until: datetime, limit: int) -> Sequence[Channel]:
        """Active channels with a message that is due, that do not rest and that nobody else has claimed: now the
        holder's until then, also against others at the same moment."""

    @abstractmethod
    def release(self, channel_id: str, holder: str) -> None:
        """The holder is done with it."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Filters that are given must all hold."""

    scope: Scope = EVERYTHING
    channel: str | None = None
    state: str | None = None
    site: str | None = None
    work_order: str | None = None


class NotificationRepository(ABC):
    """The outbox: every message, until it has arrived and after."""

    @abstractmethod
    def add(self, messages: Sequence[Message]) -> int:
        """Add those whose channel has no message of the same ``dedup``; gives how many were new."""

    @abstractmethod
    def anything_due(self, now: datetime) -> bool:
        """Whether any channel has a message that is to be tried by now; one cheap query."""

    @abstractmethod
    def due(self, channel_id: str, now: datetime, limit: int) -> Sequence[Message]:
        """Those of a channel that are to be tried by now."""

    @abstractmethod
    def sent_alone(self, channel_id: str, since: datetime) -> int:
        """How many a channel has carried one by one since then."""

    @abstractmethod
    def get(self, message_id: str) -> Message: ...

    @abstractmethod
    def note(self, messages: Sequence[Message]) -> None:
        """What became of them. One that was withdrawn meanwhile stays so unless it was delivered."""

    @abstractmethod
    def postpone(self, channel_id: str, until: datetime, *, urgent: bool) -> None:
        """Those that wait are not tried before then; without ``urgent`` only the others."""

    @abstractmethod
    def withdraw(self, order_id: str, clocks: Sequence[str], now: datetime) -> int:
        """Take back what waits of an order's clocks (``kind:cycle``)."""

    @abstractmethod
    def withdraw_of(self, channel_id: str, now: datetime) -> int:
        """Take back all that waits for a channel."""

    @abstractmethod
    def list(self, filters: MessageFilter, page: PageRequest) -> Page[Message]:
        """Newest first."""

    @abstractmethod
    def forget(self, before: datetime, limit: int) -> Forgotten:
        """Of the messages that arrived or were taken back before then, as many as ``limit``: delete those of tickets,
        whose steps are on record; of the others body and payload, since ``dedup`` keeps them from being told again.
        What waits and what was given up stays."""

    @abstractmethod
    def waiting(self) -> int:
        """How many have not arrived yet."""
