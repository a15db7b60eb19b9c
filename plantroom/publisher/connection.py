"""The connection to the broker, through paho: made again whenever it breaks; what is said when it begins and ends."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from plantroom.errors import Unreachable
from plantroom.publisher.broker import Broker

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
LONGEST_PAUSE_S = 30
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
    behind is handed over until the subscription is answered, which paho reads after it has sent those again."""

    def __init__(
        self, broker: Broker, tls: ssl.SSLContext | None, *, session: bool, window: int, announces: tuple[str, ...]
    ) -> None:
        self._broker, self._tls = broker, tls
        self._session, self._window, self._announces = session, window, announces
        self._client: mqtt.Client | None = None
        self._client_id = ""
        self._topics: Collection[str] = ()
        self._told: Told | None = None
        self.problem: str | None = NOT_YET
        self.closings = 0
        """How often a connection that the broker had taken was ended, by whomever but us. One that went silent is
        ended by us."""
        self.failed = False
        self._refused = False
        self._caught_up = False
        self._order = threading.Lock()
        """Held while something is handed over behind the rest, so that no new connection begins meanwhile."""

    def start(self, client_id: str, topics: Collection[str], told: Told) -> None:
        """Begin to connect, and listen on ``topics``."""
        self._client_id, self._topics, self._told = client_id, topics, told
        self._begin()

    def _begin(self) -> None:
        client = self._client = self._make_client()
        client.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        client.loop_start()

    def begin_again(self) -> None:
        """With nothing on its way: what the broker has not acknowledged is forgotten here."""
        old = self._now
        old.on_disconnect = None
        old.disconnect()
        old.loop_stop()
        self._fall_behind()
        self.problem = self.problem or NOT_YET
        self._begin()

    def end(self) -> None:
        """Say ``offline`` and leave."""
        client = self._now
        self._say_goodbye(client)
        client.disconnect()
        client.loop_stop()

    @property
    def started(self) -> bool:
        """Whether ``start`` was called."""
        return self._client is not None

    @property
    def _tell(self) -> Told:
        assert self._told is not None
        return self._told

    def publish(self, topic: str, payload: bytes) -> int:
        """Hand a message of QoS 1 to paho; gives its packet id. After a new connection it may overtake others."""
        return self._now.publish(topic, payload, qos=1).mid

    @property
    def caught_up(self) -> bool:
        """Whether what is on its way has been sent over this connection, so that more may come behind it."""
        return self._caught_up

    def publish_behind(self, topic: str, payload: bytes) -> int | None:
        """As ``publish``, behind all that was handed over before; ``None``: not now, there is no connection that has
        ``caught_up``."""
        with self._order:
            return self.publish(topic, payload) if self._caught_up else None

    def _fall_behind(self, *_: object) -> None:
        with self._order:
            self._caught_up = False

    @property
    def _now(self) -> mqtt.Client:
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

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
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
        end = time.monotonic() + 2.0
        while not all(one.is_published() for one in said) and time.monotonic() < end and client.is_connected():
            time.sleep(0.005)

    # paho's thread.

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self.problem, self._refused = str(reason), True
            log.warning("broker %s:%s refuses the connection: %s", self._broker.host, self._broker.port, reason)
            return
        self.problem, self._refused, self.failed = None, False, False
        client.subscribe([(topic, 1) for topic in self._topics])
        for topic in self._announces:
            client.publish(topic, ONLINE, qos=1, retain=True)
        self._tell.connected()

    def _on_subscribe(self, *_: object) -> None:
        self._caught_up = True
        self._tell.connected()

    def _on_connect_fail(self, *_: object) -> None:
        self.failed = True

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._fall_behind()
        if self.problem is None:
            self.problem = "connection lost"
            self.closings += reason.is_failure and reason != _SILENCE

    def _on_publish(self, _client: object, _data: object, mid: int, _reason: object, _properties: object) -> None:
        self._tell.acknowledged(mid)

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self._tell.heard(message.topic, bytes(message.payload))
