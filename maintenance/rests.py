"""Times in which a machine is out of use, and what they mean for the plan. Pure.

A rest begins when an asset is put out of service (or is scrapped) and ends when it comes back. What would have had its
last day on a day that the machine was out of use for from its first to its last instant is neither made nor missed; on
the days of the beginning and of the return it could have been done. Instants are aware UTC, days local to the site, so
that a day that DST makes 23 or 25 hours long is whole like any other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.plan import Occurrence, OccurrenceState
from maintenance.recurrence import local_day, shifted
from plantroom.domain.assets import AssetStatus

AT_REST = frozenset({AssetStatus.OUT_OF_SERVICE, AssetStatus.SCRAPPED})
"""Of such machines nothing is expected."""


SHORT_USE = timedelta(days=15)
"""Use that is shorter than this does not end a long time out of use before which a machine is inspected: else a click
to and fro would. A default of this project (D), not a number of the law."""


@dataclass(frozen=True, slots=True)
class Rest:
    """One time out of use; ``until`` of ``None``: it goes on."""

    id: str
    site: str
    asset: str
    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the machine was out of use up to an instant."""
        return self.since <= at and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True)
class Pause:
    """A rest that has ended, in local days: the whole ones are from ``since`` to the one before ``until``, the day of
    the return; there may be none. ``times`` are the days of the beginning and of the return of this time out of use and
    of those before it that only short use (``SHORT_USE``) lies between. ``asks``: the row is to be done before the
    machine is used again."""

    since: date
    until: date
    times: tuple[tuple[date, date], ...] = ()
    asks: bool = False

    @property
    def began(self) -> date:
        """When the time out of use began, short use left aside."""
        return self.times[0][0] if self.times else self.since

    def days_since(self, day: date) -> int:
        """For how many days the machine was out of use from ``day`` on, short use left aside."""
        return sum(max(0, (until - max(since, day)).days) for since, until in self.times)

    def holds(self, day: date) -> bool:
        """Whether the machine was out of use on the whole of a day."""
        return self.since <= day < self.until


def pauses_of(rests: Sequence[Rest], zone: ZoneInfo) -> tuple[Pause, ...]:
    """The rests that have ended, oldest first, also those without a whole day."""
    found: list[Pause] = []
    times: tuple[tuple[date, date], ...] = ()
    before: datetime | None = None
    for rest in sorted(rests, key=lambda one: one.since):
        if rest.until is None:
            continue
        if before is None or rest.since - before >= SHORT_USE:
            times = ()
        begin, before = local_day(rest.since, zone), rest.until
        times = (*times, (begin, local_day(rest.until, zone)))
        found.append(Pause(_first_whole(rest.since, zone), times[-1][1], times))
    return tuple(found)


def _first_whole(instant: datetime, zone: ZoneInfo) -> date:
    """The first local day that begins at an instant or behind it."""
    day = local_day(instant, zone)
    return day if local_day(instant - timedelta.resolution, zone) < day else shifted(day, 1)


def carried(last: date | None, gap: int | None, pause: Pause) -> date | None:
    """The day that the longest gap counts from behind a rest: where the law's last day was over during the rest, it is
    the day of the return. Nothing is gained but the days out of use; a gap that had run out before stays run out."""
    if last is None or gap is None or not pause.holds(shifted(last, gap)):
        return last
    return shifted(pause.until, -gap)


def as_if_done(latest: date, gap: int | None) -> date | None:
    """The day that the longest gap counts from with a last day as the law's: of what nobody has ever done before."""
    return None if gap is None else shifted(latest, -gap)


def lapsed_first(history: Iterable[Occurrence], gap: int | None, pauses: Sequence[Pause]) -> date | None:
    """The day that the longest gap of a row counts from of which nothing was ever done: where what it asked for first
    lapsed at rest, the last day of that was the law's."""
    for one in sorted(history, key=lambda o: o.key.cycle):
        if one.state is not OccurrenceState.WAIVED:
            return None
        if any(pause.holds(one.latest) for pause in pauses):
            return as_if_done(one.latest, gap)
    return None


def carried_through(last: date | None, gap: int | None, pauses: Iterable[Pause]) -> date | None:
    """As ``carried``, through several rests, oldest first."""
    for pause in pauses:
        last = carried(last, gap, pause)
    return last


def lapsed(
    history: Sequence[Occurrence], rests: Sequence[Rest], zone: ZoneInfo, now: datetime | None = None
) -> list[Occurrence]:
    """What is due still although its last day was over during a rest, each as waived. What was over before it, together
    with all that is still done in one go with it, stays missed. ``now``: also what has lapsed by then of a rest that
    goes on. O(due x rests)."""
    rests = [replace(one, until=one.until or now) for one in rests if one.until is not None or now is not None]
    if not rests:
        return []
    jobs: defaultdict[object, list[Occurrence]] = defaultdict(list)
    for one in history:
        if one.state is OccurrenceState.DUE:
            jobs[one.work_order or one.key].append(one)
    rests = sorted(rests, key=lambda one: one.since)
    spans = list(zip(rests, pauses_of(rests, zone), strict=True))
    found: dict[object, Occurrence] = {}
    for some in jobs.values():
        left = some
        for rest, pause in spans:
            if _begins_in(left, rest, pause):
                over = [one for one in left if _is_over(one, rest, pause)]
                found |= {one.key: replace(one, state=OccurrenceState.WAIVED) for one in over}
                left = [one for one in left if one.key not in found]
    return list(found.values())


def without_lapsed(history: Sequence[Occurrence], rests: Sequence[Rest], zone: ZoneInfo) -> Sequence[Occurrence]:
    """The history with what has lapsed as waived."""
    waived: Mapping[object, Occurrence] = {one.key: one for one in lapsed(history, rests, zone)}
    return [waived.get(one.key, one) for one in history] if waived else history


def _begins_in(some: Iterable[Occurrence], rest: Rest, pause: Pause) -> bool:
    """Whether nothing that is done in one go was over before a rest."""
    return all(one.latest >= pause.since if one.due_at is None else one.due_at >= rest.since for one in some)


def _is_over(one: Occurrence, rest: Rest, pause: Pause) -> bool:
    if one.due_at is not None:
        return rest.holds(one.due_at)
    return pause.holds(one.latest)
