"""The publisher: what a sensor program calls."""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from plantroom.errors import BadData
from plantroom.publisher.broker import Broker, checked, tls_context
from plantroom.publisher.connection import Connection
from plantroom.publisher.moments import measured, milliseconds, system_clock
from plantroom.publisher.outbox import Encoder, Limits, Outbox
from plantroom.publisher.sender import Sender
from plantroom.wire import Channel, encode_event, encode_telemetry, replay_topic, status_topic, topic_for

WINDOW = 100
"""Messages on their way at most: wider windows slow paho down."""

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
        self._broker = checked(Broker.parse(broker) if isinstance(broker, str) else broker)
        self._topics = {(a, c.value): topic_for(site, a, c) for a in self.assets for c in Channel}
        replay_topics = {replay_topic(site, a): a for a in self.assets}
        self._client_id = client_id
        context = tls or (tls_context(ca, cert, key) if self._broker.tls else None)
        announces = tuple(status_topic(site, a) for a in self.assets) if announce else ()
        self._connection = Connection(self._broker, context, session=session, window=window, announces=announces)
        self._clock = clock or system_clock
        self._limits = limits or Limits()
        self._outbox = Outbox(Path(folder), self._limits, sync=sync)
        self._sender = Sender(
            site,
            self._outbox,
            self._connection,
            replay_topics,
            window=window,
            clock=self._clock,
            loses=loses or _loses_nothing,
        )

    @property
    def acked(self) -> int:
        """Messages that the broker has acknowledged since the start, replays included."""
        return self._sender.acked

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
        """Messages at which the broker ends the connection, as is proven: kept, and tried again alone, after a minute,
        two and so on, at most an hour, and after the next start."""
        return self._outbox.aside

    @property
    def in_vain(self) -> int:
        """Of those that wait: messages at which connections ended whenever they were sent, again and again and alone,
        while nothing else was there to prove that it is their doing."""
        return self._sender.in_vain

    def problem(self) -> str | None:
        """Why nothing is being sent now, what is kept back or put aside, and why requests for replays do not come, in
        plain words, or ``None``."""
        return "; ".join([*self._connection.troubles, *self._sender.troubles]) or None

    def start(self) -> None:
        """Open the outbox and begin to connect. Raises ``OutboxInUse``, ``NothingLeft`` and ``Unreachable`` for the
        outbox; a broker that is away is no error. Not to be started twice."""
        self._outbox.open()
        self._sender.start(self._client_id or f"publisher-{self.boot}")

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits for at most so long, say ``offline``, end. The rest is sent after the next start. Closing
        twice, before the start, or in a fork of the process (where nothing is done) is allowed."""
        if not self._connection.started or self._sender.stopping or self._outbox.inherited:
            return
        sends = self._connection.problem is None or self._connection.connecting
        self.wait_sent(timeout_s if sends else 0.0)
        self._sender.stop()
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
        milliseconds since 1970), without it now. Raises ``NothingLeft`` when there is no room (also for a new outbox in
        the place of a damaged one: the next call tries again), ``Unreachable`` when the outbox cannot be read or
        written, before ``start`` and after ``close``, ``ValueError`` for NaN, for no values and for more than the
        broker takes at once (``Limits.packet_bytes``), ``OutboxInUse`` in a fork of the process that called ``start``:
        no number is used up then."""
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
            if time.monotonic() >= end or self._sender.stopping:
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
        self._sender.wake(event=channel is Channel.EVENT)
        return first


def _within(room: int, encoder: Encoder, boot: str, seq: int) -> bytes:
    payload = encoder(boot, seq)
    if len(payload) > room:
        raise ValueError(f"a message of {len(payload)} bytes; the broker takes {room}")
    return payload


def _loses_nothing(_asset: str, _channel: str, _seq: int) -> bool:
    return False
