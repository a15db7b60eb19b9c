"""Port between the ingest and what publishes to devices."""

from abc import ABC, abstractmethod


class DeviceRequests(ABC):
    """Publishes what is asked of devices: a Sparkplug node's rebirth, messages that are missing."""

    @abstractmethod
    def publish(self, topic: str, payload: bytes, *, acknowledged: bool = False) -> None:
        """Publish as soon as there is a connection; ``acknowledged``: again until the broker has it. Never raises and
        never waits; a request that cannot be published is given up in the end, since whoever asks asks again while the
        answer is lacking. Any thread."""
