"""Whether a broker takes us: a whole CONNECT, not only an open port."""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from plantroom.errors import Unreachable
from plantroom.settings import BrokerAddress
from plantroom.wire_tls import examine, plain_words, tls_context

TIMEOUT_S = 5.0
_PERHAPS_TLS = "; if that port speaks TLS, the address begins with mqtts:"


class RefusesUs(Unreachable):
    """The broker answers and will not have us: starting it helps nobody."""


def probe(broker: BrokerAddress) -> str:
    """Connect with the given credentials and go; what there is to say of the broker's certificate (empty: no TLS).

    Raises ``Unreachable``, and ``RefusesUs`` with the broker's own words.
    """
    where = f"broker {broker.host}:{broker.port}"
    answered = threading.Event()
    refusals: list[str] = []

    def on_connect(
        client: mqtt.Client, data: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, data, flags, properties
        if reason.is_failure:
            refusals.append(f"refuses the connection: {reason}")
        answered.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.on_connect = on_connect
    client.connect_timeout = TIMEOUT_S
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    certificate = ""
    if broker.tls:
        certificate = examine(broker)
        client.tls_set_context(tls_context(broker))
    try:
        client.connect(broker.host, broker.port)
    except OSError as error:
        raise Unreachable(where, plain_words(error)) from error
    client.loop_start()
    try:
        if not answered.wait(TIMEOUT_S):
            raise Unreachable(
                where, "is open but does not answer the MQTT CONNECT" + ("" if broker.tls else _PERHAPS_TLS)
            )
    finally:
        client.disconnect()
        client.loop_stop()
    if refusals:
        raise RefusesUs(where, refusals[0])
    return certificate
