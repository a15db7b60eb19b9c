"""The trial's broker: Mosquitto when the machine has it, else amqtt in this process."""

import errno
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.broker.files import Address
from plantroom.errors import SettingError, Unreachable
from plantroom.ports.devices import Device
from plantroom.settings import EXPECTED

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class OtherAddress:
    """A further address of the trial's broker, not loopback: TLS, and a credential for every publisher.

    ``devices`` gives the ledger's credentials. Port 0: a free one.
    """

    host: str
    port: int
    devices: Callable[[], Sequence[Device]]


class TrialBroker(ABC):
    """A broker on loopback that takes publishers without a password."""

    port: int
    other: Address | None = None
    """Where publishers with a credential come in, when there is such an address."""
    known_as = "trial"
    """See ``BrokerAddress``."""
    note: str
    """What the user should know of this broker, in one sentence."""

    @abstractmethod
    def start(self) -> None:
        """Return when the broker takes connections. Raises ``Unreachable`` (a port in use, no start)."""

    @abstractmethod
    def keep_alive(self) -> None:
        """Start the broker again when it has ended by itself; to be called now and then from the main thread."""

    @abstractmethod
    def stop(self) -> None:
        """End the broker; queued messages are kept where the broker can."""


def free_port(host: str = LOOPBACK) -> int:
    """A port that nobody listens on now."""
    with _socket(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)


def require_free(port: int, host: str = LOOPBACK) -> None:
    """Raise ``Unreachable`` with the way out when somebody listens on the port already, ``SettingError`` for an
    address that is none of this machine's."""
    with _socket(host) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                problem = f"{host}: {error.strerror}"
                raise SettingError("PLANTROOM_MQTT_HOST", problem, EXPECTED["mqtt_host"]) from error
            raise Unreachable(
                f"MQTT port {port}",
                f"{error.strerror}: another broker is running there. Use --mqtt-port with another number (0: a free"
                " one), or PLANTROOM_BROKER_URL to use that broker",
            ) from error


def trial_broker(port: int, folder: Path, other: OtherAddress | None = None) -> TrialBroker:
    """Mosquitto when found, else amqtt; port 0 becomes a free one.

    Raises ``SettingError`` for another address than loopback when there is no Mosquitto.
    """
    from gateway.broker.mosquitto import MosquittoBroker, find_mosquitto

    chosen = port or free_port()
    binary = find_mosquitto()
    if binary:
        return MosquittoBroker(binary, chosen, folder, other)
    if other is not None:
        problem = f"{other.host}: needs Mosquitto, which is not on this machine (`apt-get install mosquitto`)"
        raise SettingError("PLANTROOM_MQTT_HOST", problem, f"{LOOPBACK}, or an address once Mosquitto is there")
    from gateway.broker.embedded import EmbeddedBroker

    return EmbeddedBroker(chosen)
