"""One MQTT session of a site's lane: persistent, QoS 1, acknowledged only after the spool's fsync.

The session runs paho's network loop in a thread of its own. That thread also appends to the spool, syncs when
the socket has nothing more to read (at the latest after 1,000 messages, 4 MiB or 20 ms), and then
acknowledges in order; no message is handed between threads. Acknowledgements that belong to an earlier
connection are dropped: the broker sends those messages again.
"""

import errno
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.connecting import KEEPALIVE_S, RETRY_MAX_S, ConnectGate, Connections, always_open, full_jitter
from gateway.counts import SessionCounts
from gateway.packets import PacketClient, PacketSocket
from gateway.spool.spool import Spool
from gateway.subscriptions import Subscriptions, in_packets
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.errors import NothingLeft, Unreachable
from plantroom.ports.clock import Clock, SystemClock, now_ms
from plantroom.settings import BrokerAddress
from plantroom.wire_tls import plain_words, tls_context

log = structlog.get_logger()

SYNC_MESSAGES = 1_000
SYNC_BYTES = 4 << 20
SYNC_SECONDS = 0.020
CONNECT_TIMEOUT_S = 5.0
GATE_POLL_S = 0.2


class Session:
    """A lane's connection to the broker, reconnecting for ever.

    ``owns`` says whether a topic belongs to this lane; a message that does not is acknowledged and left to
    the other lane. ``filters`` may be changed at any time (``subscribe``). ``on_fresh`` is called, in the session's
    thread and before any message, when the broker knew nothing of this session: it may have lost others too.
    ``casual`` filters are asked for with QoS 0: the broker queues nothing of theirs while nobody is there. ``owns`` is
    asked once for the messages of a topic that come together, and for every message of QoS 0. ``gate`` is asked before
    every attempt to connect, with how often it has connected so far: the reason not to now, or ``None``. ``clock`` says
    when a message was received.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        spool: Spool,
        filters: Sequence[str],
        owns: Callable[[str], bool],
        rng: random.Random | None = None,
        on_fresh: Callable[[], None] = lambda: None,
        casual: Collection[str] = (),
        gate: ConnectGate = always_open,
        clock: Clock | None = None,
        longest_pause_s: float = RETRY_MAX_S,
    ) -> None:
        self._broker, self._longest_pause_s = broker, longest_pause_s
        self._node = 0
        self._gate = gate
        self._connections = Connections()
        self._clock = clock or SystemClock()
        self._spool = spool
        self._subscriptions = Subscriptions(client_id, filters)
        self._owns = owns
        self._on_fresh = on_fresh
        self._casual = frozenset(casual)
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._client_id = client_id
        self._stop = threading.Event()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{client_id}", daemon=True)
        self._unacknowledged: list[int] = []
        self._first_pending_at = 0.0
        self._connected = False
        self._link_problem: str | None = "not connected yet"
        self._refused, self._refusal = False, ""
        self._spool_problem: str | None = None
        self._spool_full = False
        self.counts = SessionCounts()
        self._client = self._make_client()

    def _make_client(self) -> PacketClient:
        client = PacketClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set_context(tls_context(self._broker))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        book = self._subscriptions
        client.on_subscribe = lambda _client, _data, mid, codes, _rest: book.answered(mid, [one.value for one in codes])
        client.on_unsubscribe = lambda _client, _data, mid, _codes, _rest: book.let_go(mid)
        return client

    def start(self) -> None:
        """Begin to connect, in the session's own thread."""
        self._thread.start()

    def stop(self) -> None:
        """Sync and acknowledge what was received, disconnect, end the thread."""
        self._stop.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(5)
        self._wake_r.close()
        self._wake_w.close()

    def subscribe(self, filters: Sequence[str]) -> None:
        """Use these topic filters from now on (on this connection and all later ones)."""
        self._subscriptions.want(filters)
        self._wake()

    def granted(self) -> frozenset[str]:
        """Filters that the broker holds for this session, see ``Subscriptions.granted``."""
        return self._subscriptions.granted()

    @property
    def subscriptions(self) -> Subscriptions:
        """What the broker holds for this session, and since when."""
        return self._subscriptions

    def doubt(self) -> None:
        """The broker may have lost this session: have it confirm every filter once more (any thread)."""
        self._subscriptions.doubt()
        self._wake()

    def trouble(self, site: str, lane: str = "") -> Trouble | None:
        """Why the session is not taking the messages of ``site`` now; ``None``: connected, and its topics granted."""
        if refused := self._subscriptions.refused():
            words = f"the broker refuses the subscription to {', '.join(refused)}"
            return Trouble(TroubleKind.BROKER_REFUSES_TOPICS, words, site, lane)
        if words := self._spool_problem or "":
            kind = TroubleKind.SPOOL_FULL if self._spool_full else TroubleKind.SPOOL_UNUSABLE
            return Trouble(kind, words, site, lane)
        if self._connections.taken():
            words = f"{self._connections.brief} connections in a row ended soon: another client uses {self._client_id}?"
            return Trouble(TroubleKind.CLIENT_ID_SHARED, words, site, lane)
        if words := self._link_problem or self._subscriptions.unanswered():
            kind = TroubleKind.BROKER_REFUSES if self._refused else TroubleKind.BROKER_AWAY
            return Trouble(kind, words, site, lane)
        return None

    def problem(self) -> str | None:
        """The same in plain words."""
        trouble = self.trouble("")
        return None if trouble is None else trouble.words

    def _wake(self) -> None:
        # Where there is no room for another word, the thread has some to read.
        with suppress(BlockingIOError):
            self._wake_w.send(b"w")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if (closed := self._gate(self.counts.connects)) is not None:
                    self._forget_connection()
                    self._link_problem = closed
                    self._stop.wait(GATE_POLL_S)
                    continue
                self._connect()
                self._serve()
                if not self._connections.ended() and not self._stop.is_set():
                    self._pause(self._link_problem or "connection lost")
            except Unreachable as error:
                self._connections.ended()
                self._refused = bool(self._refusal)
                self._link_problem = str(error)
                self._node += 1
                self._pause(error.problem)
            except Exception as error:  # outermost loop of the thread: it must never end by itself
                self._connections.ended()
                self.counts.failures += 1
                self._link_problem = f"internal error: {error}"
                log.exception("session_failed", client=self._client_id)
                self._pause(str(error))
        self._finish()

    def _pause(self, problem: str) -> None:
        # All nodes of a cluster are tried before the pauses grow.
        wait_s = full_jitter(self._connections.attempt // len(self._broker.nodes), self._rng, self._longest_pause_s)
        self._connections.attempt += 1
        log.warning("broker_unreachable", client=self._client_id, problem=problem, retry_s=round(wait_s, 2))
        self._stop.wait(wait_s)

    def _connect(self) -> None:
        where, node = self._where, self._broker.at(self._node)
        self._forget_connection()
        self._refusal = ""
        try:
            self._client.connect(node.host, node.port, KEEPALIVE_S)
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(where, plain_words(error)) from error
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._connected and not self._stop.is_set():
            self._turn(0.2)
            if time.monotonic() > deadline:
                raise Unreachable(where, self._refusal or "did not answer the CONNECT")
        self._subscribe_missing()

    @property
    def _where(self) -> str:
        node = self._broker.at(self._node)
        return f"broker {node.host}:{node.port}"

    def _serve(self) -> None:
        while self._connected and not self._stop.is_set():
            self._turn(1.0)
            self._subscribe_missing()

    def _turn(self, timeout_s: float) -> None:
        """Wait for the socket once, read what is there, sync and acknowledge when it is time."""
        packets = self._client.packets
        if self._client.socket() is None or packets is None:
            self._connected = False
            raise Unreachable(self._where, self._link_problem or "connection lost")
        at_once = self._waiting() or packets.pending() > 0
        ready = self._poll(packets, 0.0 if at_once else timeout_s)
        if self._wake_r.fileno() in ready:
            self._drain_wake()
        flags = ready.get(packets.fileno(), 0)
        if flags & select.POLLOUT:
            self._check(self._client.loop_write())
            packets.flush()
        got = bool(flags & ~select.POLLOUT) or packets.pending() > 0
        if got:
            self._receive(packets)
        if self._waiting() and (not got or self._sync_is_due()):
            self._sync_and_acknowledge(packets)
        self._check(self._client.loop_misc())

    def _receive(self, packets: PacketSocket) -> None:
        """One read of the socket: what is for paho first (a CONNACK says what the messages behind it are worth)."""
        messages = packets.receive()
        while packets.for_paho and self._client.socket() is not None:
            self._check(self._client.loop_read())
        if not messages:
            return
        if not self._waiting():
            self._first_pending_at = time.monotonic()
        received_ms = now_ms(self._clock)
        owned: dict[bytes, bool] = {}
        for topic, payload, mid, retained, again in messages:
            mine = owned.get(topic)
            if mine is None or not mid:
                mine = owned[topic] = self._owns(topic.decode("utf-8", "replace"))
            if mine:
                self._spool.put(topic, payload, received_ms, retained, again)
                self.counts.received += 1
            if mid:
                self._unacknowledged.append(mid)

    def _poll(self, packets: PacketSocket, timeout_s: float) -> dict[int, int]:
        """Readiness by file descriptor; ``poll`` and not ``select``, which ends at descriptor 1,023."""
        poller = select.poll()
        wants_out = packets.unsent or self._client.want_write()
        poller.register(packets.fileno(), select.POLLIN | (select.POLLOUT if wants_out else 0))
        poller.register(self._wake_r.fileno(), select.POLLIN)
        return dict(poller.poll(timeout_s * 1000))

    def _drain_wake(self) -> None:
        with suppress(BlockingIOError):
            self._wake_r.recv(4096)

    def _waiting(self) -> bool:
        """Whether anything received is not durable yet (messages of QoS 0 have nothing to acknowledge)."""
        return bool(self._unacknowledged) or self._spool.pending_bytes > 0

    def _sync_is_due(self) -> bool:
        return (
            len(self._unacknowledged) >= SYNC_MESSAGES
            or self._spool.pending_bytes >= SYNC_BYTES
            or time.monotonic() - self._first_pending_at >= SYNC_SECONDS
        )

    def _check(self, code: MQTTErrorCode) -> None:
        if code not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_AGAIN):
            self._connected = False
            self._link_problem = self._refusal or mqtt.error_string(code)

    def _sync_and_acknowledge(self, packets: PacketSocket) -> None:
        """Durable first, then acknowledged, in order. A full disk: nothing is acknowledged until there is room."""
        waiting, self._unacknowledged = self._unacknowledged, []
        while True:
            try:
                self._spool.sync()
                break
            except OSError as error:
                self._hold_back(error)
                if self._stop.is_set() or not self._connected:
                    self._forget_connection()
                    return
        if self._spool_problem is not None:
            self._spool_problem = None
            log.info("spool_writable_again", client=self._client_id)
        if not self._connected:
            self.counts.dropped_acks += len(waiting)
            return
        packets.acknowledge(waiting)
        self.counts.acknowledged += len(waiting)

    def _hold_back(self, error: OSError) -> None:
        self._connections.by_us = True
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        words = NothingLeft("spool", "the disk is full; make room") if full else Unreachable("spool", str(error))
        if self._spool_problem != str(words):
            log.error("spool_not_writable", client=self._client_id, problem=str(words))
        self._spool_problem, self._spool_full = str(words), full
        self._check(self._client.loop_misc())
        self._stop.wait(0.5)

    def _subscribe_missing(self) -> None:
        if not self._connected:
            return
        for names in in_packets(self._subscriptions.missing()):
            self.counts.asked_ms = now_ms(self._clock)
            code, mid = self._client.subscribe([(name, 0 if name in self._casual else 1) for name in names])
            self._check(code)
            if mid is not None:
                self._subscriptions.asked(mid, names)
        for names in in_packets(self._subscriptions.gone()):
            code, mid = self._client.unsubscribe(list(names))
            self._check(code)
            if mid is not None:
                self._subscriptions.letting_go(mid, names)

    def _forget_connection(self) -> None:
        self.counts.dropped_acks += len(self._unacknowledged)
        self._unacknowledged = []
        self._spool.forget_pending()
        self._subscriptions.disconnected()
        self._connected = False

    def _finish(self) -> None:
        packets = self._client.packets
        if self._waiting() and self._connected and packets is not None:
            self._sync_and_acknowledge(packets)
        if self._connected:
            self._client.disconnect()
            self._client.loop_write()

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, properties
        self._refused = reason.is_failure
        if reason.is_failure:
            self._link_problem = self._refusal = f"the broker refuses the connection: {reason}"
            return
        self._connected = True
        self._connections.stands()
        self._link_problem = None
        self._subscriptions.connected(session_present=flags.session_present)
        if not flags.session_present:
            self._on_fresh()
        self.counts.connects += 1
        log.info("broker_connected", client=self._client_id, session_present=flags.session_present)

    def _on_disconnect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        self._connected = False
        if not self._stop.is_set() and self._link_problem is None:
            self._link_problem = f"connection lost: {reason}"
