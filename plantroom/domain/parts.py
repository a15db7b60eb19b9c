"""Spare parts of a site, and sensors of points with their calibration. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from plantroom.domain.assets import LocalName


@dataclass(frozen=True, slots=True)
class Part:
    """A spare part in the store of a site. ``number`` is the maker's or the store's own, unique within the site.

    ``stock`` and ``minimum`` count ``unit`` (piece, m, kg), ``unit_cost`` is in CNY. ``classes`` and ``assets`` (keys)
    say what it fits. ``version`` counts changes."""

    key: str
    site: str
    number: str
    name: LocalName
    unit: str = "pcs"
    stock: float = 0.0
    minimum: float = 0.0
    unit_cost: float | None = None
    classes: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    place: str = ""
    version: int = 1

    @property
    def below_minimum(self) -> bool:
        """Whether some has to be bought."""
        return self.stock < self.minimum


@dataclass(frozen=True, slots=True)
class PointSensor:
    """The sensor behind a point. ``interval_days``: how long a calibration holds; ``None``: it is not calibrated."""

    asset: str
    point: str
    serial: str = ""
    calibrated_on: date | None = None
    interval_days: int | None = None
    certificate: str = ""
    version: int = 1

    @property
    def due_on(self) -> date | None:
        """The last day on which the calibration holds; ``None`` when it needs none, or was never calibrated."""
        if self.interval_days is None or self.calibrated_on is None:
            return None
        try:
            return self.calibrated_on + timedelta(days=self.interval_days)
        except OverflowError:
            return date.max

    def is_due(self, on: date) -> bool:
        """Whether it has to be calibrated by that day: the time is over, or nobody has ever done it."""
        if self.interval_days is None:
            return False
        due = self.due_on
        return due is None or due <= on


def due_sensors(sensors: Iterable[PointSensor], on: date) -> list[PointSensor]:
    """Those that have to be calibrated by a day, never calibrated ones first, then the longest overdue."""
    return sorted((s for s in sensors if s.is_due(on)), key=lambda s: (s.due_on or date.min, s.asset, s.point))
