"""Requests to devices, by a connection of their own, so that the sessions that receive never wait for one."""

import secrets
import threading
from collections import deque

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.client import ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from plantroom.ports.requests import DeviceRequests
from plantroom.settings import BrokerAddress
from plantroom.wire import is_mark
from plantroom.wire_tls import tls_context

log = structlog.get_logger()

WAITING = 1_000
"""Requests that are kept while there is no connection; beyond it the oldest is given up."""

RETRY_MAX_S = 30


class BrokerRequests(DeviceRequests):
    """Publishes at QoS 0, as Sparkplug wants commands, or 1 where an acknowledgement is wanted. Connects with the first
    request, in a thread of its own, and reconnects for ever."""

    def __init__(self, broker: BrokerAddress) -> None:
        self._broker = broker
        self._node = 0
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, bytes, int]] = deque(maxlen=WAITING)
        self._client: mqtt.Client | None = None
        self._connected = False
        self._stopped = False

    def publish(self, topic: str, payload: bytes, *, acknowledged: bool = False) -> None:
        """As the port says."""
        with self._lock:
            if self._stopped:
                return
            self._waiting.append((topic, payload, int(acknowledged)))
            if self._client is None:
                self._client = self._connect()
            if self._connected:
                self._flush(self._client)
        if is_mark(topic):
            log.debug("mark_sent", topic=topic)
        else:
            log.info("device_asked", topic=topic)

    def stop(self) -> None:
        """Disconnect; nothing is published any more. Stopping twice is allowed."""
        with self._lock:
            self._stopped = True
            client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _connect(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"plantroom-requests-{secrets.token_hex(4)}")
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set_context(tls_context(self._broker))
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._next_node
        client.reconnect_delay_set(1, RETRY_MAX_S)
        client.max_queued_messages_set(WAITING)
        client.connect_async(self._broker.host, self._broker.port)
        client.loop_start()
        return client

    def _flush(self, client: mqtt.Client) -> None:
        while self._waiting:
            topic, payload, qos = self._waiting.popleft()
            client.publish(topic, payload, qos=qos)

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del userdata, flags, properties
        with self._lock:
            self._connected = not reason.is_failure
            if self._connected:
                self._flush(client)
            else:
                log.warning("requests_refused", problem=str(reason))

    def _on_disconnect(self, client: mqtt.Client, *_: object) -> None:
        with self._lock:
            self._connected = False
        self._next_node(client)

    def _next_node(self, client: mqtt.Client, *_: object) -> None:
        """The next attempt goes to the next node."""
        if len(self._broker.nodes) > 1 and not self._stopped:
            self._node += 1
            node = self._broker.at(self._node)
            client.connect_async(node.host, node.port)
