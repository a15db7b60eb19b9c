"""Whether a broker keeps what it has acknowledged, tried out beside whatever else it does.

A session of its own subscribes below ``plantroom/$check`` (``$check`` can be no site, and the topics have another depth
than those that unknown sites are looked for by), goes away, a thousand and some small messages are published, and it
comes back, on the next node of a cluster when there is one. What cannot be seen that way: a limit beyond what is
tried, and what a kill does to the broker. Of RabbitMQ its management says that much; of Mosquitto its configuration,
where it can be read (``gateway.broker.saving``).
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.broker.rabbitmq import LosesMessages, require_quorum
from gateway.broker.saving import require_saving
from plantroom.errors import Unreachable
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT
from plantroom.wire_tls import plain_words, tls_context

TRIAL_MESSAGES = 1_200
"""More than the 1,000 beyond which Mosquitto and EMQX throw away as they come."""

FORGET_TRIES = 3
ANSWER_S = 5.0
QUIET_S = 2.0
"""So long without another message: the rest does not come. On a machine that has more to do than it can, longer."""

MOST_QUIET_S = 20.0

REFUSED = 0x80


@dataclass(slots=True)
class _Seen:
    """What a client of ours heard."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    connected: bool = False
    present: bool = False
    refusal: str | None = None
    granted: int | None = None
    acknowledged: int = 0
    numbers: set[int] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    lowest_qos: int = 1
    last_at: float = 0.0

    @property
    def kept(self) -> int:
        """How many of the messages have come, the last one, which has a topic of its own, included."""
        return len(self.numbers) + (len(self.topics) > 1)

    @property
    def complete(self) -> bool:
        """Whether all that was published has come: which broker it is shows in the last one alone."""
        return self.kept > TRIAL_MESSAGES


def require_keeping(broker: BrokerAddress, admin: str | None) -> str:
    """Say in a few words what was found. Raises ``LosesMessages``, and ``Unreachable`` in plain words.

    ``admin`` is ``PLANTROOM_BROKER_ADMIN_URL``, for a RabbitMQ.
    """
    client_id = f"plantroom-check-{secrets.token_hex(6)}"
    base = f"{ROOT}/$check/{client_id[-12:]}"
    try:
        _subscribe(broker, client_id, f"{base}/#")
        _publish(broker, base)
        seen = _come_back(broker.at(1), client_id)
        _judge(seen)
        words = f"kept {TRIAL_MESSAGES} messages for a client that was away"
        if f"{base}/a/b" in seen.topics:
            return f"{words}; RabbitMQ: {require_quorum(admin, client_id)}"
        saving = require_saving(broker)
        if saving is None:
            return f"{words} (a limit beyond that, and how often it saves, cannot be seen)"
        return f"{words}; {saving}" if saving else words
    finally:
        _forget(broker, client_id)


def _judge(seen: _Seen) -> None:
    if not seen.present:
        raise LosesMessages(
            "forgets the session of a client that is away, and what came meanwhile",
            "use a broker that keeps sessions (Mosquitto, RabbitMQ, EMQX); in EMQX set mqtt.session_expiry_interval",
        )
    if not seen.complete:
        raise LosesMessages(
            f"acknowledged {TRIAL_MESSAGES + 1} messages for a client that was away and kept {seen.kept} of them",
            "Mosquitto: max_queued_messages 0 and a memory_limit (`plantroom broker config` writes both); EMQX:"
            " mqtt.max_mqueue_len = infinity",
        )
    if seen.lowest_qos < 1:
        raise LosesMessages(
            "delivers what was published with QoS 1 with QoS 0, so nothing is acknowledged",
            "allow QoS 1 there (Mosquitto: max_qos 2; EMQX: mqtt.max_qos_allowed = 2)",
        )


def _subscribe(broker: BrokerAddress, client_id: str, topic_filter: str) -> None:
    client, seen = _client(broker.at(0), client_id)
    try:
        client.subscribe(topic_filter, 1)
        _wait(broker, seen, lambda: seen.granted is not None, ANSWER_S, "does not answer the SUBSCRIBE")
    finally:
        _leave(client)
    if seen.granted == REFUSED:
        raise LosesMessages(
            f"refuses us the topics {ROOT}/$check/#",
            f"let Plantroom's user read and write {ROOT}/# (`plantroom broker config` writes such rules)",
        )
    if seen.granted == 0:
        raise LosesMessages("grants only QoS 0, so nothing is acknowledged", "allow QoS 1 there")


def _publish(broker: BrokerAddress, base: str) -> None:
    client, seen = _client(broker.at(0), f"plantroom-check-{secrets.token_hex(6)}", clean=True)
    try:
        for number in range(TRIAL_MESSAGES):
            client.publish(f"{base}/n", str(number), 1)
        client.publish(f"{base}/a.b", b"", 1)  # RabbitMQ alone makes a/b of it
        words = f"stops acknowledging what is published; may Plantroom's user write {ROOT}/#?"
        while seen.acknowledged <= TRIAL_MESSAGES:
            before = seen.acknowledged
            _wait(broker, seen, partial(_more_than, seen, before), ANSWER_S, words)
    finally:
        _leave(client)


def _come_back(broker: BrokerAddress, client_id: str) -> _Seen:
    client, seen = _client(broker, client_id)
    quiet_s = _quiet_s()
    try:
        seen.last_at = time.monotonic()
        with seen.changed:
            while seen.present and not seen.complete and time.monotonic() - seen.last_at < quiet_s:
                seen.changed.wait(0.1)
    finally:
        _leave(client)
    return seen


def _quiet_s() -> float:
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(MOST_QUIET_S, QUIET_S * max(1.0, busy))


def _forget(broker: BrokerAddress, client_id: str) -> None:
    """Take the session away again; a broker that is gone meanwhile keeps it until its own time is over."""
    for _ in range(FORGET_TRIES):
        with suppress(Unreachable):
            client, _seen = _client(broker.at(0), client_id, clean=True)
            _leave(client)
            return


def _client(broker: BrokerAddress, client_id: str, *, clean: bool = False) -> tuple[mqtt.Client, _Seen]:
    """A connected client. Raises ``Unreachable``."""
    seen = _Seen()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, protocol=mqtt.MQTTv311)
    client.connect_timeout = ANSWER_S
    client.max_inflight_messages_set(100)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set_context(tls_context(broker))
    _listen(client, seen)
    try:
        client.connect(broker.host, broker.port)
    except OSError as error:
        raise Unreachable(_where(broker), plain_words(error)) from error
    client.loop_start()
    try:
        _wait(broker, seen, lambda: seen.connected, ANSWER_S, "does not answer the CONNECT")
    except Unreachable:
        _leave(client)
        raise
    return client, seen


def _listen(client: mqtt.Client, seen: _Seen) -> None:
    def connected(
        _: mqtt.Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        with seen.changed:
            seen.connected, seen.present = not reason.is_failure, flags.session_present
            seen.refusal = f"refuses the connection: {reason}" if reason.is_failure else None
            seen.changed.notify_all()

    def subscribed(_: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _p: Properties | None) -> None:
        with seen.changed:
            seen.granted = codes[0].value
            seen.changed.notify_all()

    def published(*_: object) -> None:
        with seen.changed:
            seen.acknowledged += 1
            seen.changed.notify_all()

    def came(_: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with seen.changed:
            seen.topics.add(message.topic)
            if message.payload.isdigit():
                seen.numbers.add(int(message.payload))
            seen.lowest_qos = min(seen.lowest_qos, message.qos)
            seen.last_at = time.monotonic()
            seen.changed.notify_all()

    client.on_connect, client.on_subscribe = connected, subscribed
    client.on_publish, client.on_message = published, came


def _more_than(seen: _Seen, before: int) -> bool:
    return seen.acknowledged > before


def _wait(broker: BrokerAddress, seen: _Seen, done: Callable[[], bool], seconds: float, problem: str) -> None:
    with seen.changed:
        reached = seen.changed.wait_for(lambda: done() or seen.refusal is not None, seconds)
    if seen.refusal is not None or not reached:
        raise Unreachable(_where(broker), seen.refusal or problem)


def _leave(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


def _where(broker: BrokerAddress) -> str:
    return f"broker {broker.host}:{broker.port}"
