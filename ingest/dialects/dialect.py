"""What a dialect of foreign devices sees and gives.

Unlike the ``json`` decoder, which is fed payloads of canonical topics, such a dialect sees topic and receive time,
may remember what devices said before (saved with the spool's cursor), and has words on presence and requests to
publish beside the samples.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.dialects.decoded import NO_SEQ, EventObject
from ingest.rejections import Rejection
from plantroom.domain.assets import Presence


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came in. ``prefix_levels``: how many levels of the topic its source's filter spells out;
    ``time_zone``: the IANA zone that the source gives for local times (empty: none)."""

    topic: str
    received_ms: int
    payload: bytes
    prefix_levels: int = 0
    time_zone: str = ""


@dataclass(slots=True)
class Sample:
    """Values of one message and instant by field, all finite.

    ``prefix`` and a field make its full name, by which a source may map it too (``pump1/`` + ``Speed``). ``ts_ms`` is
    ``NO_TIME`` where the device sent none. ``units`` are UCUM codes that the message itself states. ``historical``:
    not to be judged as live. ``relative``: ``ts_ms`` was counted from the receipt. ``bad``: fields whose value the
    sender itself calls bad, ``truths``: whose value is true or false. ``sent_unit``: what ``units`` were in the
    message, where they are called otherwise there. ``boot``, ``seq``, ``digest`` as in ``Decoded``.
    """

    message: int
    ts_ms: int
    values: Mapping[str, float]
    prefix: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    historical: bool = False
    relative: bool = False
    bad: Collection[str] = ()
    truths: Collection[str] = ()
    sent_unit: str = ""
    boot: str = ""
    seq: int = NO_SEQ
    digest: int = 0


@dataclass(frozen=True, slots=True)
class PresenceWord:
    """A publisher, or its last will, says where it stands. ``prefix`` names the device among those that its source
    covers (empty: all of the topic's), ``topic`` the device's own if it is another than the message's, ``fields`` what
    the device is known to send, without the prefix."""

    message: int
    presence: Presence
    prefix: str = ""
    topic: str = ""
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be published to a device."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class Heard:
    """What a batch of messages said. ``rejections`` with a ``part`` concern that field alone (its full name).
    ``understood`` are messages that carry nothing to store and are none the worse for it; ``unused`` and ``in_seconds``
    as in ``Decoded``."""

    samples: list[Sample] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    presence: list[PresenceWord] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    events: list[EventObject] = field(default_factory=list)
    understood: list[int] = field(default_factory=list)
    unused: list[tuple[int, str, int, int]] = field(default_factory=list)
    in_seconds: bool = False


@dataclass(frozen=True, slots=True)
class Hole:
    """What is missing of a sender that numbers its messages and is asked for all it has, not by number: ``missing`` of
    the numbers ``first`` to ``last``, since ``found_ms``. ``asked_ms``: when it was asked last (``None``: not yet).
    ``topic`` is one of those it is heard on."""

    sender: str
    topic: str
    missing: int
    first: int
    last: int
    found_ms: int
    asked_ms: int | None


class Dialect(ABC):
    """Reads the messages of one family of devices. One thread.

    Deterministic: after ``restore(snapshot())`` the same messages give the same again.
    """

    @property
    def gaps(self) -> int:
        """Messages that are known to be missing."""
        return sum(hole.missing for hole in self.holes())

    def holes(self) -> Sequence[Hole]:
        """What is missing of whom. Empty for a dialect whose numbers are listed as gaps, or that has none."""
        return ()

    def give_up(self, now_ms: int) -> Sequence[Hole]:  # noqa: ARG002 (most have none)
        """Forget the holes that nobody hopes to see filled any more; gives them."""
        return ()

    @abstractmethod
    def decode(self, messages: Sequence[Message]) -> Heard:
        """Decode a batch. Never raises; every message is among the samples, the rejections, the words on presence,
        the events or the understood."""

    def decode_again(self, messages: Sequence[Message]) -> Heard:
        """As ``decode``, for messages that came before and are replayed: what is remembered of devices is used as
        far as it held when they came, and nothing is remembered of them. A dialect that remembers overrides this."""
        return self.decode(messages)

    def follow(self, hears: Callable[[str], bool]) -> None:  # noqa: B027 (nothing to forget where nothing is remembered)
        """The sources are others now: ``hears`` says whether messages of a topic still come here. What is missing of
        senders that are not heard any more is nobody's business."""

    def events(self, messages: Sequence[Message]) -> Sequence[EventObject]:  # noqa: ARG002 (most have none)
        """The events alone, as ``decode`` finds them in the same messages later. Remembers nothing of them."""
        return ()

    def snapshot(self) -> bytes:
        """The whole state; empty for a dialect that remembers nothing."""
        return b""

    def hand_over(self) -> bytes:
        """What another process goes on from that has not heard the last messages."""
        return self.snapshot()

    def restore(self, state: bytes) -> None:  # noqa: B027 (nothing to restore where nothing is remembered)
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
