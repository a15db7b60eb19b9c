"""Times in which a machine is out of use, and what they mean for the plan. Pure.

A rest begins when an asset is put out of service (or is scrapped) and ends when it comes back. What would have had its
last day during a rest is neither made nor missed. Instants are aware UTC, days local to the site: a rest that ends on
the local day on which it began is none for rows by the day. DST moves nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.plan import Occurrence, OccurrenceState
from maintenance.recurrence import local_day, shifted
from plantroom.domain.assets import AssetStatus

AT_REST = frozenset({AssetStatus.OUT_OF_SERVICE, AssetStatus.SCRAPPED})
"""Of such machines nothing is expected."""


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
    """A rest that has ended, in local days: ``until`` is the day of the return. ``asks``: the row is to be done before
    the machine is used again."""

    since: date
    until: date
    asks: bool = False

    @property
    def days(self) -> int:
        """How long it was."""
        return (self.until - self.since).days

    def holds(self, day: date) -> bool:
        """Whether a last day is over during the rest: that of the return is not."""
        return self.since <= day < self.until


def pauses_of(rests: Sequence[Rest], zone: ZoneInfo) -> tuple[Pause, ...]:
    """The rests that have ended, oldest first, without those of less than a day."""
    found = [Pause(local_day(r.since, zone), local_day(r.until, zone)) for r in rests if r.until is not None]
    return tuple(sorted((p for p in found if p.since < p.until), key=lambda p: (p.since, p.until)))


def carried(last: date | None, gap: int | None, pause: Pause) -> date | None:
    """The day that the longest gap counts from behind a rest: that of the return, where the law's last day was over
    during the rest. A gap that had run out before it stays run out."""
    if last is None or gap is None or not pause.holds(shifted(last, gap)):
        return last
    return pause.until


def carried_through(last: date | None, gap: int | None, pauses: Iterable[Pause]) -> date | None:
    """As ``carried``, through several rests, oldest first."""
    for pause in pauses:
        last = carried(last, gap, pause)
    return last


def lapsed(
    history: Sequence[Occurrence], rests: Sequence[Rest], zone: ZoneInfo, now: datetime | None = None
) -> list[Occurrence]:
    """What is due still although its last day was over during a rest, each as waived. What was over before it, together
    with all that is done in one go with it, stays missed. ``now``: also what has lapsed by then of a rest that goes on.
    O(due x rests)."""
    rests = [replace(one, until=one.until or now) for one in rests if one.until is not None or now is not None]
    if not rests:
        return []
    jobs: defaultdict[object, list[Occurrence]] = defaultdict(list)
    for one in history:
        if one.state is OccurrenceState.DUE:
            jobs[one.work_order or one.key].append(one)
    spans = [(rest, Pause(local_day(rest.since, zone), local_day(rest.until, zone))) for rest in rests if rest.until]
    found: dict[object, Occurrence] = {}
    for some in jobs.values():
        for rest, pause in spans:
            if min(one.latest for one in some) >= pause.since:
                over = [one for one in some if _is_over(one, rest, pause)]
                found |= {one.key: replace(one, state=OccurrenceState.WAIVED) for one in over}
    return list(found.values())


def without_lapsed(history: Sequence[Occurrence], rests: Sequence[Rest], zone: ZoneInfo) -> Sequence[Occurrence]:
    """The history with what has lapsed as waived."""
    waived: Mapping[object, Occurrence] = {one.key: one for one in lapsed(history, rests, zone)}
    return [waived.get(one.key, one) for one in history] if waived else history


def _is_over(one: Occurrence, rest: Rest, pause: Pause) -> bool:
    if one.due_at is not None:
        return rest.holds(one.due_at)
    return pause.holds(one.latest)
