"""The connection to the broker, through paho: made again whenever it breaks; what is said when it begins and ends."""

import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from plantroom.errors import Unreachable
from plantroom.publisher.broker import Broker
from plantroom.publisher.client import Client
from plantroom.publisher.listening import Listening

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
LONGEST_PAUSE_S = 30
FAREWELL_S = 2.0
"""How long the broker is given for our last words, and again to take the end of the connection."""

ONLINE, OFFLINE = b"online", b"offline"
NOT_YET = "not connected yet"
_SILENCE = ReasonCode(PacketTypes.DISCONNECT, "Keep alive timeout")


class Told(NamedTuple):
    """What is called in paho's thread: with a packet id that the broker has, with topic and payload of what came, and
    when the broker has taken the connection."""

    acknowledged: Callable[[int], None]
    heard: Callable[[str, bytes], None]
    connected: Callable[[], None]


class Connection:
    """``announces``: status topics on which ``online`` and ``offline`` are said, the last will being about the first.
    The constructor validates, ``start`` begins to connect.

    paho keeps what the broker has not acknowledged, and sends it again once the next connection is taken. What is
    handed to it from the moment when it opens the socket it sends at once, before all that. So nothing that must come
    behind is handed over until paho has dealt with the broker's word, and sent those again; nor until the subscription
    is answered (see ``listening``), so that a broker that ends the connection at that accuses no message."""

    def __init__(
        self, broker: Broker, tls: ssl.SSLContext | None, *, session: bool, window: int, announces: tuple[str, ...]
    ) -> None:
        self._broker, self._tls = broker, tls
        self._session, self._window, self._announces = session, window, announces
        self._client: Client | None = None
        self._client_id = ""
        self._listening = Listening(())
        self._told: Told | None = None
        self.problem: str | None = NOT_YET
        """What the connection is, in place of being there."""
        self._why: str | None = None
        self.closings = 0
        """How often a connection that the broker had taken was ended, by whomever but us. One that went silent is
        ended by us."""
        self.failed = False
        self._refused = False
        self._sent_again = False
        self._said: str | None = None
        self._order = threading.Lock()
        """Held while something is handed over behind the rest, so that no new connection begins meanwhile."""

    def start(self, client_id: str, topics: Collection[str], told: Told) -> None:
        """Begin to connect, and listen on ``topics``."""
        self._client_id, self._listening, self._told = client_id, Listening(topics), told
        self._begin()

    def _begin(self) -> None:
        client = self._client = self._make_client()
        client.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        client.loop_start()

    def begin_again(self) -> None:
        """With nothing on its way: what the broker has not acknowledged is forgotten here."""
        old = self._now
        old.on_disconnect = None
        _leave(old)
        self._fall_behind()
        self.problem = self.problem or NOT_YET
        self._begin()

    def end(self) -> None:
        """Say ``offline`` and leave."""
        client = self._now
        self._say_goodbye(client)
        _leave(client)

    @property
    def started(self) -> bool:
        """Whether ``start`` was called."""
        return self._client is not None

    @property
    def connecting(self) -> bool:
        """Whether a connection is to be expected: none has failed yet, or only for the subscription."""
        return not self.failed and (self.problem == NOT_YET or self._listening.left_out_next)

    @property
    def _tell(self) -> Told:
        assert self._told is not None
        return self._told

    def publish(self, topic: str, payload: bytes) -> int:
        """Hand a message of QoS 1 to paho; gives its packet id. After a new connection it may overtake others."""
        while True:
            handed = self._now.publish(topic, payload, qos=1)
            if handed.rc != mqtt.MQTT_ERR_QUEUE_SIZE:  # which says that the packet id is still another one's
                return handed.mid

    @property
    def caught_up(self) -> bool:
        """Whether what is on its way has been sent over this connection, so that more may come behind it."""
        return self._sent_again and not self._listening.awaited(time.monotonic())

    @property
    def troubles(self) -> list[str]:
        """Why there is no connection, and why requests for replays do not come, in plain words."""
        away, why, deaf = self.problem, self._why, self._deaf
        words = None if away is None else f"{away}: {why}" if why else away
        return [one for one in (words, deaf) if one is not None]

    @property
    def _deaf(self) -> str | None:
        return self._listening.problem(time.monotonic())

    def publish_behind(self, topic: str, payload: bytes) -> int | None:
        """As ``publish``, behind all that was handed over before; ``None``: not now, there is no connection that has
        ``caught_up``."""
        with self._order:
            return self.publish(topic, payload) if self.caught_up else None

    def _fall_behind(self, *_: object) -> None:
        with self._order:
            self._sent_again = False

    @property
    def _now(self) -> Client:
        assert self._client is not None
        return self._client

    def wait_connected(self, timeout_s: float) -> None:
        """Return once the broker has taken the connection. Raises ``Unreachable`` when it refuses it or does not
        answer in time."""
        where = f"MQTT broker {self._broker.host}:{self._broker.port}"
        end = time.monotonic() + timeout_s
        while (problem := self.problem) is not None:
            if self._refused:
                raise Unreachable(where, problem)
            if self.failed:
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
        self.failed = False

    def _make_client(self) -> Client:
        client = Client(
            self._on_turn,
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=not self._session,
            protocol=mqtt.MQTTv311,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        if self._announces:
            client.will_set(self._announces[0], OFFLINE, qos=1, retain=True)
        client.max_inflight_messages_set(self._window)
        client.reconnect_delay_set(1, LONGEST_PAUSE_S)
        client.on_pre_connect = self._fall_behind
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _say_goodbye(self, client: mqtt.Client) -> None:
        if not client.is_connected():
            return
        said = [client.publish(topic, OFFLINE, qos=1, retain=True) for topic in self._announces]
        end = time.monotonic() + FAREWELL_S
        while not all(one.is_published() for one in said) and time.monotonic() < end and client.is_connected():
            time.sleep(0.005)

    # paho's thread.

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._why = None
        if reason.is_failure:
            self.problem, self._refused = str(reason), True
            log.warning("broker %s:%s refuses the connection: %s", self._broker.host, self._broker.port, reason)
            return
        self.problem, self._refused, self.failed = None, False, False
        self._subscribe(client, self._listening.begun(time.monotonic()))
        for topic in self._announces:
            client.publish(topic, ONLINE, qos=1, retain=True)
        self._tell.connected()

    def _on_turn(self) -> None:
        if self.problem is not None:
            return
        if not self._sent_again:
            self._sent_again = True
            self._tell.connected()
        self._subscribe(self._now, self._listening.due(time.monotonic()))
        self._note_deafness()

    def _subscribe(self, client: mqtt.Client, pieces: Sequence[tuple[str, ...]]) -> None:
        for piece in pieces:
            _, packet = client.subscribe([(topic, 1) for topic in piece])
            if packet is not None:
                self._listening.asked(packet, piece)

    def _on_subscribe(
        self, _client: object, _data: object, mid: int, reasons: Sequence[ReasonCode], _properties: object
    ) -> None:
        self._listening.answered(mid, [reason.is_failure for reason in reasons])
        self._note_deafness()
        self._tell.connected()

    def _on_connect_fail(self, *_: object) -> None:
        """paho tells nothing with it, and calls this while it handles the error."""
        error = sys.exception()
        self._why = getattr(error, "strerror", None) or str(error or "") or None
        self.failed = True

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._fall_behind()
        if self.problem is None:
            self.problem = "connection lost"
            by_broker = reason.is_failure and reason != _SILENCE
            self.closings += self._listening.ended(time.monotonic(), by_broker=by_broker)
            self._note_deafness()

    def _note_deafness(self) -> None:
        if (deaf := self._deaf) != self._said and deaf is not None:
            log.warning("%s", deaf)
        self._said = deaf

    def _on_publish(self, _client: object, _data: object, mid: int, _reason: object, _properties: object) -> None:
        self._listening.acknowledged()
        self._tell.acknowledged(mid)

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self._tell.heard(message.topic, bytes(message.payload))


def _leave(client: mqtt.Client) -> None:
    """End the connection and paho's thread. A broker that takes nothing more is not waited for long: paho would, for
    as long as the keepalive."""
    client.disconnect()
    end = time.monotonic() + FAREWELL_S
    while (way := client.socket()) is not None and time.monotonic() < end:
        time.sleep(0.005)
    if isinstance(way, socket.socket):
        with suppress(OSError):
            socket.socket.shutdown(way, socket.SHUT_RDWR)
    client.loop_stop()
