"""Port between the ingest and what publishes to devices."""

from abc import ABC, abstractmethod


class DeviceRequests(ABC):
    """Publishes what a dialect asks of a device (a Sparkplug node's rebirth)."""

    @abstractmethod
    def publish(self, topic: str, payload: bytes) -> None:
        """Publish as soon as there is a connection. Never raises and never waits; a request that cannot be published
        is given up in the end, since a dialect asks again while it lacks the answer. Any thread."""
