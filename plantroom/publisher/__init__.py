"""The reference publisher: messages are numbered, on the disk before they are sent, and there to be sent again.

For whoever connects sensors, and for the simulators. Standard library and paho only; docs/publishing.md says what it
promises.
"""

from plantroom.publisher.broker import Broker
from plantroom.publisher.outbox import Limits, OutboxInUse
from plantroom.publisher.publisher import Publisher

__all__ = ["Broker", "Limits", "OutboxInUse", "Publisher"]
