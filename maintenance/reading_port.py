"""Port of the readings that the plan goes by: meters, and what credits an occurrence.

Only good readings of the machine itself count: neither bad ones, nor those with a remark (taken by hand, or without a
time of their own), nor those of a source whose clock is simulated.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from maintenance.meters import Sample
from plantroom.domain.assets import Asset


class PointReadings(ABC):
    """Readings of single points, rising in time. A store that is away has none (or those seen before)."""

    @abstractmethod
    def meter(self, asset: Asset, point: str, now: datetime) -> Sequence[Sample]:
        """A counter over the last years, about one reading an hour or fewer."""

    @abstractmethod
    def changes(self, asset: Asset, point: str, start: datetime, end: datetime) -> Sequence[Sample]:
        """The readings with ``start <= ts < end`` that differ from the one before, and the last one before ``start``
        when it is near (within a day)."""


class NoReadings(PointReadings):
    """A store without any."""

    def meter(self, asset: Asset, point: str, now: datetime) -> Sequence[Sample]:  # noqa: ARG002 (port)
        """None."""
        return ()

    def changes(
        self,
        asset: Asset,  # noqa: ARG002 (port)
        point: str,  # noqa: ARG002 (port)
        start: datetime,  # noqa: ARG002 (port)
        end: datetime,  # noqa: ARG002 (port)
    ) -> Sequence[Sample]:
        """None."""
        return ()


NO_READINGS = NoReadings()
"""For callers without a readings store."""
