"""A publisher that notes everything the broker does to it."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

SETTLE_S = 0.4
"""What has not come by then does not come: both ends are on this machine."""


def eventually(what: Callable[[], object], seconds: float = 8) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return bool(what())


class Stranger:
    """One connection, not made again when it is lost."""

    def __init__(
        self,
        port: int,
        username: str | None = None,
        password: str | None = None,
        *,
        ca: Path | None = None,
        cert: tuple[Path, Path] | None = None,
        client_id: str = "",
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.refusal: str | None = None
        self.lost = False
        self.session_present = False
        self.heard: list[tuple[str, bytes]] = []
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        if username is not None:
            self._client.username_pw_set(username, password)
        if ca is not None:
            context = ssl.create_default_context(cafile=ca)
            if cert is not None:
                context.load_cert_chain(*cert)
            self._client.tls_set_context(context)
        if will is not None:
            self._client.will_set(*will, qos=1)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = lambda _c, _d, message: self.heard.append((message.topic, bytes(message.payload)))
        try:
            self._client.connect(host, port)
        except OSError as error:
            self.refusal = str(error)
            return
        self._client.loop_start()
        eventually(lambda: self.refusal is not None or self.lost)

    def _on_connect(self, _client: object, _data: object, flags: Any, reason: Any, _properties: object) -> None:
        self.session_present = flags.session_present
        self.refusal = str(reason) if reason.is_failure else ""

    def _on_disconnect(self, *_: object) -> None:
        self.lost = True

    @property
    def admitted(self) -> bool:
        """Whether the broker took the connection and holds it."""
        return self.refusal == "" and not self.lost

    def say(self, topic: str, payload: bytes = b"1", retain: bool = False) -> bool:
        """Publish with QoS 1; whether it was acknowledged."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            return False
        eventually(lambda: sent.is_published() or self.lost, 3)
        return sent.is_published()

    def listen(self, *filters: str) -> Self:
        """Subscribe, whatever the broker answers."""
        answered: list[int] = []
        self._client.on_subscribe = lambda *_: answered.append(1)
        for name in filters:
            self._client.subscribe(name, 1)
        eventually(lambda: len(answered) == len(filters) or self.lost, 3)
        return self

    def topics(self) -> list[str]:
        """Topics heard, after a while for what may still come; the broker's own figures left out."""
        time.sleep(SETTLE_S)
        return [topic for topic, _ in self.heard if not topic.startswith("$SYS")]

    def vanish(self) -> None:
        """Lose the connection without a word, so that the last will is due."""
        self._client.loop_stop()
        sock = self._client.socket()
        assert sock is not None
        sock.close()

    def go(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()
