"""Messages with values, in columns, before their values are looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.matching import AssetRoute
from ingest.receive_times import FirstCome
from plantroom.ports.spool import SpoolRecord


@dataclass(slots=True)
class Arrivals:
    """Messages with values, in columns: where each belongs, when it came and its position in the spool. ``with_event``:
    on an event topic, whose numbers are not those of the telemetry."""

    route: list[AssetRoute] = field(default_factory=list)
    received_ms: list[int] = field(default_factory=list)
    with_event: list[bool] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    first: Sequence[FirstCome] | None = None
    """When each came at first, of messages that are replayed."""
    retained: set[int] = field(default_factory=set)
    """Which of them the broker had kept from before: they prove no presence, measure no clock, are judged by nobody,
    and have nothing to store where they do not say of when it is."""

    again: set[int] = field(default_factory=set)
    """Which of them the broker has sent before, and heard of no acknowledgement: they may have come already."""

    sent: Sequence[int] | None = None
    publisher: Sequence[str] | None = None
    """Of messages that topic sources take, whose values may go to several assets: the number of the message that each
    is a part of, and whose numbers it has."""

    def numbered_by(self, message: int) -> str:
        """The publisher whose numbers it has, see ``ingest.publishers``."""
        return self.route[message].asset.key if self.publisher is None else self.publisher[message]

    def __len__(self) -> int:
        return len(self.route)

    def is_aside(self, message: int) -> bool:
        """Whether its values are judged by nobody, and its number is none of the telemetry's."""
        return self.with_event[message] or message in self.retained

    def add(self, route: AssetRoute, record: SpoolRecord, *, with_event: bool = False) -> None:
        """One more."""
        if record.retained:
            self.retained.add(len(self.route))
        if record.again:
            self.again.add(len(self.route))
        self.route.append(route)
        self.received_ms.append(record.received_ms)
        self.with_event.append(with_event)
        self.position.append(record.position)
