"""The publisher: what a sensor program calls, and the thread that sends from the outbox."""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from plantroom.errors import BadData
from plantroom.publisher.broker import Broker, tls_context
from plantroom.publisher.connection import NOT_YET, Connection, Told
from plantroom.publisher.culprit import Culprit
from plantroom.publisher.moments import measured, milliseconds, system_clock
from plantroom.publisher.outbox import Encoder, Kept, Limits, Outbox
from plantroom.publisher.replays import Replays
from plantroom.publisher.window import Sent, Window
from plantroom.wire import (
    Channel,
    encode_event,
    encode_telemetry,
    parse_replay_request,
    replay_topic,
    status_topic,
    topic_for,
)

log = logging.getLogger(__name__)

WINDOW = 100
"""Messages on their way at most: wider windows slow paho down."""

CHUNK = 200
"""Messages read from the outbox at a time."""

REPLAYED_AT_ONCE = 50
EVENTS_AT_ONCE = 50
TIDY_S = 1.0
POLL_S = 0.2
PACKET_HEAD = 9
"""Bytes of an MQTT packet beside topic and payload, at most (MQTT 3.1.1, 2.2 and 3.3)."""

Values = Mapping[str, float | bool]


class Publisher:
    """Publishes for one asset, or for several over one connection, from an outbox in ``folder``.

    ``broker`` is ``mqtt://user:password@host:port`` or ``mqtts://...``; ``ca``, ``cert`` and ``key`` are PEM files
    for the latter, or ``tls`` is a context. ``sync``: every call returns only once its messages would survive a power
    cut (an fsync each); without, they survive a kill of the process. ``announce``: say ``online`` and, at the end or as
    the last will, ``offline`` (the will is about the first asset, since a connection has one). ``session``: the broker
    keeps requests while we are away. ``clock`` gives milliseconds since 1970. ``loses`` is for simulators: a wire that
    swallows the messages (asset, channel, number) that it says, once. Thread-safe. The constructor validates, ``start``
    (or ``with``) opens the outbox and begins to connect; a broker that is away is waited for, for as long as it takes.
    """

    def __init__(
        self,
        broker: str | Broker,
        site: str,
        asset: str | Sequence[str],
        folder: Path | str,
        *,
        limits: Limits | None = None,
        sync: bool = True,
        announce: bool = True,
        session: bool = True,
        window: int = WINDOW,
        client_id: str | None = None,
        ca: Path | str | None = None,
        cert: Path | str | None = None,
        key: Path | str | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], int] | None = None,
        loses: Callable[[str, str, int], bool] | None = None,
    ) -> None:
        self.assets = (asset,) if isinstance(asset, str) else tuple(asset)
        if not self.assets:
            raise BadData("a publisher needs an asset")
        if not 1 <= window <= 65_535:
            raise ValueError("window must be from 1 to 65535 messages")
        self.site = site
        self._broker = Broker.parse(broker) if isinstance(broker, str) else broker
        self._topics = {(a, c.value): topic_for(site, a, c) for a in self.assets for c in Channel}
        self._replay_topics = {replay_topic(site, a): a for a in self.assets}
        self._window = window
        self._client_id = client_id
        checked = tls or (tls_context(ca, cert, key) if self._broker.tls else None)
        announces = tuple(status_topic(site, a) for a in self.assets) if announce else ()
        self._connection = Connection(self._broker, checked, session=session, window=window, announces=announces)
        self._clock = clock or system_clock
        self._loses = loses or _loses_nothing
        self._limits = limits or Limits()
        self._outbox = Outbox(Path(folder), self._limits, sync=sync)
        self._replays = Replays(self._outbox)
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._on_the_way = Window(window)
        self._culprit = Culprit()
        self._closings = self._generation = 0
        self._answers: list[int] = []
        """Messages whose replay was cut off."""
        self._aside: str | None = None
        self._read = self._events_read = 0
        self._ahead: set[int] = set()
        """Events that were sent before their turn."""
        self._tidied = 0.0

    @property
    def acked(self) -> int:
        """Messages that the broker has acknowledged since the start, replays included."""
        return self._on_the_way.acked

    @property
    def boot(self) -> str:
        """The word that the numbers go with; the same after each restart on the same outbox."""
        return self._outbox.boot

    @property
    def waiting(self) -> int:
        """Messages that the broker has not acknowledged, without those that were put aside."""
        return self._outbox.waiting

    @property
    def aside(self) -> int:
        """Messages at which the broker ended the connection again and again: kept, and tried once more, behind
        everything else, after the next start."""
        return self._outbox.aside

    def problem(self) -> str | None:
        """Why nothing is being sent now, or what was put aside, in plain words, or ``None``."""
        return self._connection.problem or self._aside

    def start(self) -> None:
        """Open the outbox and begin to connect. Raises ``OutboxInUse``, ``NothingLeft`` and ``Unreachable`` for the
        outbox; a broker that is away is no error. Not to be started twice."""
        self._outbox.open()
        self._read, self._generation = self._outbox.acked, self._outbox.generation
        told = Told(self._acknowledged, self._heard, self._wake.set)
        self._connection.start(self._client_id or f"publisher-{self.boot}", self._replay_topics, told)
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits for at most so long, say ``offline``, end. The rest is sent after the next start. Closing
        twice, before the start, or in a fork of the process (where nothing is done) is allowed."""
        if not self._connection.started or self._stop.is_set() or self._outbox.inherited:
            return
        problem = self._connection.problem
        connecting = problem == NOT_YET and not self._connection.failed
        self.wait_sent(timeout_s if connecting or problem is None else 0.0)
        self._stop.set()
        self._wake.set()
        self._thread.join(5)
        self._connection.end()
        self._outbox.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def telemetry(self, values: Values, ts: datetime | int | None = None, asset: str | None = None) -> int:
        """Keep one message of values and have it sent; gives its number. ``ts``: when they were measured (aware, or
        milliseconds since 1970), without it now. Raises ``NothingLeft`` when there is no room, ``ValueError`` for NaN,
        for no values and for more than the broker takes at once (``Limits.packet_bytes``), ``OutboxInUse`` in a fork of
        the process that called ``start``: no number is used up then."""
        return self.telemetry_batch([(ts, values)], asset)

    def telemetry_batch(self, rows: Iterable[tuple[datetime | int | None, Values]], asset: str | None = None) -> int:
        """As ``telemetry`` for many, in one transaction: all or none. Gives the first one's number."""
        now_ms = self._clock()
        encoders: list[Encoder] = []
        for ts, values in rows:
            if not values:
                raise ValueError("a message without values")
            encoders.append(partial(encode_telemetry, measured(ts, now_ms), values))
        return self._put(Channel.TELEMETRY, encoders, now_ms, asset)

    def event(
        self,
        event: str,
        severity: str | None = None,
        data: Mapping[str, object] | None = None,
        ts: datetime | int | None = None,
        asset: str | None = None,
    ) -> int:
        """Keep one event and have it sent; gives its number among the asset's events. Raises as ``telemetry``."""
        now_ms = self._clock()
        encoder = partial(encode_event, milliseconds(ts, now_ms), event, severity, data)
        return self._put(Channel.EVENT, [encoder], now_ms, asset)

    def wait_connected(self, timeout_s: float) -> None:
        """Return once the broker has taken the connection. Raises ``Unreachable`` when it refuses it or does not
        answer in time, ``OutboxInUse`` in a fork."""
        self._outbox.check_own()
        self._connection.wait_connected(timeout_s)

    def wait_sent(self, timeout_s: float, below: int = 1) -> bool:
        """Wait until fewer than ``below`` messages wait for the broker; ``False`` when the time is over before. Raises
        ``OutboxInUse`` in a fork."""
        self._outbox.check_own()
        end = time.monotonic() + timeout_s
        while self._outbox.waiting >= below:
            if time.monotonic() >= end or self._stop.is_set():
                return False
            time.sleep(0.01)
        return True

    def next_number(self, channel: Channel = Channel.TELEMETRY, asset: str | None = None) -> int:
        """The number that the asset's next message gets."""
        return self._outbox.next_number(self._chosen(asset), channel.value)

    def _chosen(self, asset: str | None) -> str:
        chosen = asset if asset is not None else self.assets[0]
        if chosen not in self.assets or (asset is None and len(self.assets) > 1):
            raise BadData(f"asset {asset!r}: say one of {', '.join(self.assets)}")
        return chosen

    def _put(self, channel: Channel, encoders: Sequence[Encoder], at_ms: int, asset: str | None) -> int:
        chosen = self._chosen(asset)
        room = self._limits.packet_bytes - PACKET_HEAD - len(self._topics[chosen, channel.value].encode())
        first = self._outbox.append(chosen, channel.value, [partial(_within, room, one) for one in encoders], at_ms)
        self._wake.set()
        return first

    # The sending thread.

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if not self._turn():
                    self._wake.wait(POLL_S)
                    self._wake.clear()
            except Exception:  # outermost loop of the thread: the next turn tries again
                log.exception("publisher turn failed")
                self._stop.wait(1.0)
        self._note_acks()
        self._outbox.tidy(self._clock())

    def _turn(self) -> bool:
        """Send some of what waits and some of what was asked for; ``False`` when there was nothing to do."""
        if self._outdated:
            self._begin_again()
        if not self._send_events_first():
            return True
        fresh = self._outbox.after(self._read, CHUNK)
        for message in fresh:
            if message.id in self._ahead:
                self._ahead.discard(message.id)
            elif self._loses(message.asset, message.channel, message.seq):
                self._on_the_way.skipped(message.id)
            elif not self._send(message):
                return True
            self._on_the_way.in_turn(message.id, len(message.payload))
            self._read = message.id
        if not self._answer_once_more():
            return True
        again = self._replays.next(self._read, REPLAYED_AT_ONCE)
        for message in again.messages:
            if not self._send(message, again=True):
                return True
        for asset, payload in again.gone:
            self._connection.publish(self._topic_of(asset, Channel.STATUS.value), payload)
        self._note_acks()
        if time.monotonic() - self._tidied >= TIDY_S:
            self._tidied = time.monotonic()
            self._outbox.tidy(self._clock())
        return bool(fresh or again.messages or again.gone)

    def _send_events_first(self) -> bool:
        """An event never waits behind a backlog of values; ``False``: told to stop."""
        self._events_read = max(self._events_read, self._read)
        for message in self._outbox.events_after(self._events_read, EVENTS_AT_ONCE):
            if self._loses(message.asset, message.channel, message.seq):
                self._on_the_way.skipped(message.id)
            elif not self._send(message):
                return False
            self._ahead.add(message.id)
            self._events_read = message.id
        return True

    def _answer_once_more(self) -> bool:
        """``False``: as ``_send``."""
        while self._answers:
            message = self._outbox.get(self._answers[0])
            if message is not None and not self._send(message, again=True):
                return False
            self._answers.pop(0)
        return True

    @property
    def _outdated(self) -> bool:
        """Whether what is on its way must be sent anew: from another outbox, or one by one."""
        return self._outbox.generation != self._generation or (self._culprit.alone and self._on_the_way.size > 1)

    def _begin_again(self) -> None:
        self._generation = self._outbox.generation
        self._connection.begin_again()
        self._answers = self._on_the_way.answers + self._answers
        self._on_the_way = Window(1 if self._culprit.alone else self._window, self._on_the_way.acked)
        self._read = self._events_read = self._outbox.acked
        self._ahead.clear()

    def _topic_of(self, asset: str, channel: str) -> str:
        """An asset that this publisher no longer has may still have messages in the outbox."""
        return self._topics.get((asset, channel)) or topic_for(self.site, asset, Channel(channel))

    def _send(self, message: Kept, *, again: bool = False) -> bool:
        """``False``: while waiting for room in the window told to stop, or to begin again."""
        while self._on_the_way.full:
            self._wake.clear()
            if not self._on_the_way.unsettled:
                self._wake.wait(POLL_S)
            self._note_acks()
            if self._stop.is_set() or self._outdated:
                return False
        topic = self._topic_of(message.asset, message.channel)
        packet = self._connection.publish(topic, message.payload)
        self._on_the_way.sent(packet, message.id, again=again)
        return True

    def _note_acks(self) -> None:
        reached = self._on_the_way.settle()
        if reached is not None:
            self._outbox.acknowledge(*reached, self._generation)
        if self._closings != (now := self._connection.closings):
            self._closings = now
            found = self._culprit.closed(self._on_the_way.front, self._on_the_way.acked)
            if found is not None:
                self._put_aside(found)
        elif self._culprit.calm(self._on_the_way.acked):
            self._on_the_way.size = self._window

    def _put_aside(self, found: Sent) -> None:
        message = self._outbox.put_aside(found.message)
        if message is None:
            return
        what = f"{message.channel} {message.seq} of {message.asset} ({len(message.payload)} bytes)"
        self._aside = f"put aside: {self.aside}, the last one {what}: the broker ends the connection at it"
        log.error("%s put aside: the broker ends the connection at it; what is behind it goes on", what)

    # paho's thread.

    def _acknowledged(self, packet: int) -> None:
        self._on_the_way.acknowledged(packet)
        self._wake.set()

    def _heard(self, topic: str, payload: bytes) -> None:
        asset, request = self._replay_topics.get(topic), parse_replay_request(payload)
        if asset is not None and request is not None:
            self._replays.ask(asset, request)
            self._wake.set()


def _within(room: int, encoder: Encoder, boot: str, seq: int) -> bytes:
    payload = encoder(boot, seq)
    if len(payload) > room:
        raise ValueError(f"a message of {len(payload)} bytes; the broker takes {room}")
    return payload


def _loses_nothing(_asset: str, _channel: str, _seq: int) -> bool:
    return False
