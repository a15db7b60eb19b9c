"""Port of the readings store, and the columns in which readings travel.

Readings are columnar from the decoder to the store: one ``ReadingBatch`` of NumPy arrays, never an object
per reading. The resolution of time is one millisecond, UTC.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEN_MINUTES_MS = 600_000
HOUR_MS = 3_600_000
"""The widths of stored aggregates; windows begin at full multiples since 1970 UTC."""

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class SeriesRef:
    """One point of one asset: where its readings live.

    ``equipment_class`` names the measurement (frozen once readings exist), ``asset`` is the asset's
    immutable key, ``point`` the point's key.
    """

    site: str
    equipment_class: str
    asset: str
    point: str


@dataclass(frozen=True, slots=True)
class ReadingBatch:
    """``n`` readings in columns.

    ``series`` is the table that ``series_id`` indexes. The readings of one message are adjacent and share
    asset and time; between messages any order is allowed. Where one series has two readings at one instant,
    the later position in the batch stands.

    Shapes: ``series_id`` (n,) int32, ``ts_ms`` (n,) int64 milliseconds since 1970 UTC, ``value`` (n,)
    float64, always finite, ``reason`` (n,) uint8 (``plantroom.domain.quality.Reason``).
    """

    series: Sequence[SeriesRef]
    series_id: NDArray[np.int32]
    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    reason: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.value)

    def only(self, kept: NDArray[np.bool_]) -> "ReadingBatch":
        """The readings that are ``kept`` (n,), of the same table."""
        return ReadingBatch(self.series, self.series_id[kept], self.ts_ms[kept], self.value[kept], self.reason[kept])


@dataclass(frozen=True, slots=True)
class RejectedReading:
    """A position of the batch that the store refuses for good, with the store's own words. ``too_old``: only because it
    is older than raw readings are kept."""

    position: int
    message: str
    too_old: bool = False


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a batch: all of it is durable except ``rejected``."""

    written: int
    rejected: Sequence[RejectedReading] = ()


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """Readings of one series in rising time: arrays of one length, ``reason`` as in the batch."""

    series: SeriesRef
    ts_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    reason: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class AggregatePage:
    """Aggregates of the good and uncertain readings of one series; ``ts_ms`` is the start of each window, ``last``
    the value of its latest reading."""

    series: SeriesRef
    ts_ms: NDArray[np.int64]
    mean: NDArray[np.float64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    count: NDArray[np.int64]
    last: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days raw readings and 10-minute aggregates are kept; 0: for ever, as hourly aggregates always are.

    What is older than ``raw_days`` is refused. What is stored stays ``SLACK_DAYS`` longer, so that every window that a
    late reading may still reach is whole in the store when it is computed again.
    """

    raw_days: int = 0
    ten_minute_days: int = 0

    def refused_before_ms(self, now_ms: int) -> int | None:
        """Readings observed before this are not taken any more; ``None``: all are."""
        return now_ms - self.raw_days * DAY_MS if self.raw_days else None

    def refused(self, readings: ReadingBatch, now_ms: int) -> list[RejectedReading]:
        """Those that are not taken any more; O(n)."""
        before_ms = self.refused_before_ms(now_ms)
        if before_ms is None or not len(readings):
            return []
        words = f"observed longer ago than the {self.raw_days} days that readings are kept"
        return [RejectedReading(int(i), words, too_old=True) for i in np.flatnonzero(readings.ts_ms < before_ms)]

    def raw_before_ms(self, now_ms: int) -> int | None:
        """Raw readings observed before this may be gone; ``None``: none are."""
        return now_ms - (self.raw_days + SLACK_DAYS) * DAY_MS if self.raw_days else None

    def ten_minutes_before_ms(self, now_ms: int) -> int | None:
        """10-minute aggregates from before this may be gone; ``None``: none are."""
        return now_ms - (self.ten_minute_days + SLACK_DAYS) * DAY_MS if self.ten_minute_days else None


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """What a look at a store found; all empty: it is as ``open`` would leave it."""

    missing: tuple[str, ...] = ()
    """What ``open`` would make, such as ``bucket 'plant'``."""
    out_of_reach: tuple[str, ...] = ()
    """Why stored aggregates cannot be used, where readings can."""
    other_rules: tuple[str, ...] = ()
    """What keeps its content for another time than it was told, and is left alone since it is not ours."""
    own_rules: tuple[str, ...] = ()
    """The same of what we made: whoever opens the store and expires it sets the rule, if it may."""


SLACK_DAYS = 1
FOR_EVER = Retention()


class RawReadings(ABC):
    """Time series of readings as they came. Safe to use from several threads.

    The constructor validates and connects to nothing; ``open`` connects. Every method but the constructor
    raises ``plantroom.errors.Unreachable`` (``NothingLeft`` when full) where waiting may help.
    """

    @abstractmethod
    def open(self) -> None:
        """Connect and create what is missing (file, tables, bucket)."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Which store it is, in the form of its setting and without any secret; the same for all who use that one."""

    @abstractmethod
    def look(self) -> StoreSeen:
        """See whether it answers and what is missing, without making or changing anything; it need not be open.

        Raises as ``ping`` does for what is there."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections. Closing twice is allowed."""

    @abstractmethod
    def ping(self) -> None:
        """Return when the store can take and give readings now, else raise."""

    @abstractmethod
    def write(self, batch: ReadingBatch) -> WriteResult:
        """Make the batch durable; when this returns, all but ``rejected`` survives a power cut.

        Writing the same batch again changes nothing. At one series and instant a later good value replaces
        an earlier one; a bad value never replaces a good one (it is kept beside it and not shown).
        """

    @abstractmethod
    def read(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        """Readings with ``start_ms <= ts < end_ms`` of series of ONE asset, a page each, in the given order.

        At most ``limit`` instants (over all the series together, earliest first); a caller pages on with
        ``start_ms = last instant + 1``. Series without readings give empty pages.
        """

    @abstractmethod
    def aggregate(
        self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, window_ms: int
    ) -> Sequence[AggregatePage]:
        """Windows aligned to multiples of ``window_ms`` since 1970 UTC; empty windows are left out."""

    @abstractmethod
    def latest(self, series: Sequence[SeriesRef]) -> Mapping[SeriesRef, tuple[int, float, int]]:
        """``(ts_ms, value, reason)`` of the newest reading of each series (any assets); those without: left out."""

    @abstractmethod
    def count(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int) -> int:
        """Number of distinct (asset, instant) rows that hold any reading of ``series`` in the span."""

    @abstractmethod
    def delete_before(self, before_ms: int, stopping: Callable[[], bool], *, held: bool = False) -> int:
        """Delete what was observed before ``before_ms``, in pieces between which writers get their turn (none waits for
        more than 100 ms), until all is gone or ``stopping()``. Number of rows, as far as the store knows it. ``held``:
        what lies behind ``before_ms`` is older than it is kept, but still waited for."""


class ReadingsStore(RawReadings):
    """Readings, and their aggregates over 10 minutes and an hour, each for as long as its ``Retention`` says."""

    @property
    @abstractmethod
    def retention(self) -> Retention:
        """For how long what is kept."""

    @abstractmethod
    def put_aggregates(self, pages: Sequence[AggregatePage], window_ms: int) -> None:
        """Make stored aggregates of these (any assets) durable; the same windows' earlier ones are replaced.

        ``window_ms`` is ``TEN_MINUTES_MS`` or ``HOUR_MS``. Writing the same again changes nothing.
        """

    @abstractmethod
    def read_aggregates(
        self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, window_ms: int
    ) -> Sequence[AggregatePage]:
        """What was put, of series of ONE asset with ``start_ms <= ts < end_ms``, a page each, in the given order."""

    @abstractmethod
    def expire(self, keep_from_ms: int | None, stopping: Callable[[], bool]) -> int:
        """Delete what is beyond its retention, but nothing observed from ``keep_from_ms`` on (``None``: no such bound).
        Number of rows, as far as the store knows it. ``stopping`` as in ``delete_before``."""
