"""The trial's broker: Mosquitto when the machine has it, else amqtt in this process."""

import socket
from abc import ABC, abstractmethod
from pathlib import Path

from plantroom.errors import Unreachable

LOOPBACK = "127.0.0.1"


class TrialBroker(ABC):
    """A broker on loopback that takes publishers without a password."""

    port: int
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


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_free(port: int) -> None:
    """Raise ``Unreachable`` with the way out when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise Unreachable(
                f"MQTT port {port}",
                f"{error.strerror}: another broker is running there. Use --mqtt-port with another number (0: a free"
                " one), or PLANTROOM_BROKER_URL to use that broker",
            ) from error


def trial_broker(port: int, folder: Path) -> TrialBroker:
    """Mosquitto when found, else amqtt; port 0 becomes a free one."""
    from gateway.broker.mosquitto import MosquittoBroker, find_mosquitto

    chosen = port or free_port()
    binary = find_mosquitto()
    if binary:
        return MosquittoBroker(binary, chosen, folder)
    from gateway.broker.embedded import EmbeddedBroker

    return EmbeddedBroker(chosen)
