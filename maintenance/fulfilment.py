"""Occurrences that readings fulfil: a run of the jockey pump seen in the data credits its test. Pure.

Samples are good readings in rising time. Windows are local days of the site, whole from midnight to midnight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maintenance.hours import instant
from maintenance.meters import Sample
from maintenance.schedules import FulfilledBy

_TRUE_ABOVE = 0.5


@dataclass(frozen=True, slots=True)
class Credit:
    """The reading that fulfils an occurrence, and what is kept of it."""

    at: datetime
    value: float
    evidence: Mapping[str, object]


def days_of(earliest: date, latest: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants from the first local day's midnight to the end of the last one (exclusive)."""
    end = datetime.combine(latest + timedelta(days=1), time())
    return instant(datetime.combine(earliest, time()), zone), instant(end, zone)


def credit_of(
    wanted: FulfilledBy, samples: Sequence[Sample], start: datetime, end: datetime, behind: datetime | None = None
) -> Credit | None:
    """The first reading with ``start <= ts < end`` that makes the condition true, after ``behind`` (what was credited
    before). A start is a change from false to true between two readings; a counter that falls was set back, which is
    no increase. O(n)."""
    begin = start if behind is None or behind < start else behind
    counted, before = 0.0, None
    for sample in samples:
        if sample.ts >= end:
            break
        if before is not None and sample.ts >= begin and sample.ts != behind:
            counted += _step(wanted, before, sample)
            if counted >= wanted.by:
                return Credit(sample.ts, sample.value, _evidence(wanted, sample, counted))
        before = sample
    return None


def _step(wanted: FulfilledBy, before: Sample, sample: Sample) -> float:
    if wanted.when == "starts":
        return float(before.value <= _TRUE_ABOVE < sample.value)
    return max(0.0, sample.value - before.value)


def _evidence(wanted: FulfilledBy, sample: Sample, counted: float) -> Mapping[str, object]:
    return {
        "source": "reading",
        "point": wanted.point,
        "is": wanted.when,
        "by": counted,
        "ts": sample.ts.isoformat(),
        "value": sample.value,
    }
