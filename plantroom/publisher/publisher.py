"""The publisher: what a sensor program calls, and the thread that sends from the outbox."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from plantroom.errors import BadData, Unreachable
from plantroom.publisher.broker import Broker, tls_context
from plantroom.publisher.moments import milliseconds, system_clock
from plantroom.publisher.outbox import Encoder, Kept, Limits, Outbox
from plantroom.publisher.replays import Replays
from plantroom.publisher.window import Window
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
KEEPALIVE_S = 30
LONGEST_PAUSE_S = 30
POLL_S = 0.2
ONLINE, OFFLINE = b"online", b"offline"
NOT_YET = "not connected yet"

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
        self._announce = announce
        self._window = window
        self._client_id = client_id
        self._tls = tls or (tls_context(ca, cert, key) if self._broker.tls else None)
        self._clock = clock or system_clock
        self._session = session
        self._loses = loses or _loses_nothing
        self._outbox = Outbox(Path(folder), limits or Limits(), sync=sync)
        self._replays = Replays(self._outbox)
        self._client: mqtt.Client | None = None
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._on_the_way = Window(window)
        self._read = self._events_read = 0
        self._ahead: set[int] = set()
        """Events that were sent before their turn."""
        self._tidied = 0.0
        self._problem: str | None = NOT_YET
        self._refused = self._failed = False

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
        """Messages that the broker has not acknowledged."""
        return self._outbox.waiting

    def problem(self) -> str | None:
        """Why nothing is being sent now, in plain words, or ``None``."""
        return self._problem

    def start(self) -> None:
        """Open the outbox and begin to connect. Raises ``OutboxInUse``, ``NothingLeft`` and ``Unreachable`` for the
        outbox; a broker that is away is no error. Not to be started twice."""
        self._outbox.open()
        self._read = self._outbox.acked
        self._client = self._make_client()
        self._client.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._client.loop_start()
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what waits for at most so long, say ``offline``, end. The rest is sent after the next start. Closing
        twice, or before the start, is allowed."""
        client = self._client
        if client is None or self._stop.is_set():
            return
        connecting = self._problem == NOT_YET and not self._failed
        self.wait_sent(timeout_s if connecting or self._problem is None else 0.0)
        self._stop.set()
        self._wake.set()
        self._thread.join(5)
        self._say_goodbye(client)
        client.disconnect()
        client.loop_stop()
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
        milliseconds since 1970), without it now. Raises ``NothingLeft`` when there is no room, ``ValueError`` for NaN
        and for no values: no number is used up then."""
        return self.telemetry_batch([(ts, values)], asset)

    def telemetry_batch(self, rows: Iterable[tuple[datetime | int | None, Values]], asset: str | None = None) -> int:
        """As ``telemetry`` for many, in one transaction: all or none. Gives the first one's number."""
        now_ms = self._clock()
        encoders: list[Encoder] = []
        for ts, values in rows:
            if not values:
                raise ValueError("a message without values")
            encoders.append(partial(encode_telemetry, milliseconds(ts, now_ms), values))
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
        answer in time."""
        where = f"MQTT broker {self._broker.host}:{self._broker.port}"
        end = time.monotonic() + timeout_s
        while (problem := self._problem) is not None:
            if self._refused:
                raise Unreachable(where, problem)
            if self._failed:
                self._try(where)
            if time.monotonic() > end:
                raise Unreachable(where, f"no answer within {timeout_s:.0f} s")
            time.sleep(0.01)

    def _try(self, where: str) -> None:
        """paho does not say why a connection failed; one of our own does."""
        try:
            with socket.create_connection((self._broker.host, self._broker.port), KEEPALIVE_S) as plain:
                if self._tls is not None:
                    self._tls.wrap_socket(plain, server_hostname=self._broker.host).close()
        except OSError as error:
            raise Unreachable(where, error.strerror or str(error)) from error
        self._failed = False

    def wait_sent(self, timeout_s: float, below: int = 1) -> bool:
        """Wait until fewer than ``below`` messages wait for the broker; ``False`` when the time is over before."""
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
        first = self._outbox.append(self._chosen(asset), channel.value, encoders, at_ms)
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
        again = self._replays.next(self._read, REPLAYED_AT_ONCE)
        for message in again.messages:
            if not self._send(message, again=True):
                return True
        for asset, payload in again.gone:
            self._client_now.publish(self._topic_of(asset, Channel.STATUS.value), payload, qos=1)
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

    @property
    def _client_now(self) -> mqtt.Client:
        assert self._client is not None
        return self._client

    def _topic_of(self, asset: str, channel: str) -> str:
        """An asset that this publisher no longer has may still have messages in the outbox."""
        return self._topics.get((asset, channel)) or topic_for(self.site, asset, Channel(channel))

    def _send(self, message: Kept, *, again: bool = False) -> bool:
        """``False``: told to stop while waiting for room in the window."""
        while self._on_the_way.full:
            self._wake.clear()
            if not self._on_the_way.unsettled:
                self._wake.wait(POLL_S)
            self._note_acks()
            if self._stop.is_set():
                return False
        topic = self._topic_of(message.asset, message.channel)
        packet = self._client_now.publish(topic, message.payload, qos=1).mid
        self._on_the_way.sent(packet, 0 if again else message.id)
        return True

    def _note_acks(self) -> None:
        reached = self._on_the_way.settle()
        if reached is not None:
            self._outbox.acknowledge(*reached)

    # paho's thread.

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id or f"publisher-{self.boot}",
            clean_session=not self._session,
            protocol=mqtt.MQTTv311,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if self._announce:
            client.will_set(status_topic(self.site, self.assets[0]), OFFLINE, qos=1, retain=True)
        client.max_inflight_messages_set(self._window)
        client.reconnect_delay_set(1, LONGEST_PAUSE_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _say_goodbye(self, client: mqtt.Client) -> None:
        if not self._announce or not client.is_connected():
            return
        said = [client.publish(status_topic(self.site, a), OFFLINE, qos=1, retain=True) for a in self.assets]
        end = time.monotonic() + 2.0
        while not all(one.is_published() for one in said) and time.monotonic() < end and client.is_connected():
            time.sleep(0.005)

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._problem, self._refused = str(reason), True
            log.warning("broker %s:%s refuses the connection: %s", self._broker.host, self._broker.port, reason)
            return
        self._problem, self._refused, self._failed = None, False, False
        client.subscribe([(topic, 1) for topic in self._replay_topics])
        for asset in self.assets if self._announce else ():
            client.publish(status_topic(self.site, asset), ONLINE, qos=1, retain=True)
        self._wake.set()

    def _on_connect_fail(self, *_: object) -> None:
        self._failed = True

    def _on_disconnect(self, *_: object) -> None:
        if self._problem is None:
            self._problem = "connection lost"

    def _on_publish(self, _client: object, _data: object, mid: int, _reason: object, _properties: object) -> None:
        self._on_the_way.acknowledged(mid)
        self._wake.set()

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        asset, request = self._replay_topics.get(message.topic), parse_replay_request(bytes(message.payload))
        if asset is not None and request is not None:
            self._replays.ask(asset, request)
            self._wake.set()


def _loses_nothing(_asset: str, _channel: str, _seq: int) -> bool:
    return False
