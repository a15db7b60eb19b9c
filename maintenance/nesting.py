"""Jobs from plan rows: deeper rows absorb the shallower ones they contain. Pure.

A containing row (yearly over half-yearly, quarterly, half-monthly) takes the nearest occurrence of each contained row
whose window overlaps its own: one job inside the overlap, due by the earliest latest day, every occurrence credited.
Where no window overlaps, a row that the law counts from completion to completion (``max_gap_days``, or layer law) may
be done early, so the job goes to the nearest visit before; other rows then stand alone, because nothing may leave its
tolerance window. No job goes back to or before the day on which one of its rows was done last: its cycles keep their
turn.

The jobs are computed forward in time from one state, each counting on the planned day of the job before, or on the last
day of one that is over: so it is counted once it is on record. The grouping does not depend on how far ahead is asked
for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from maintenance.fulfilling import depth_days, goes_by, stood_for
from maintenance.handing import NOTHING, Handed
from maintenance.plan import Layer, Occurrence, PlanRow, Roll
from maintenance.recurrence import LAST_DAY, Grid, Series, Window, every_day, longest_days, shifted, window
from maintenance.rests import Pause, as_if_done, carried
from maintenance.rolling import IsWorkingDay, rolled


@dataclass(frozen=True, slots=True)
class Planned:
    """One occurrence of a job: the row, its own window, the day of the job before that the law counts from, and where
    the dates come from that do not go by an interval alone. ``pause``: the time out of use because of which it is asked
    for, or from whose end the law counts."""

    row: PlanRow
    window: Window
    counted_from: date | None
    grid: Grid | None = None
    pause: Pause | None = None
    slack: int = 0
    """By how many days the law leaves longer behind that day: it was done of a row with a longer gap."""
    length: int | None = None
    """``Track.length``, where it is not that of the row's own interval."""
    run_out: bool = False
    """Whether the law's longest gap had run out when what it counts from was entered."""

    @property
    def depth(self) -> int:
        """The days of the interval: of what is done in one go the longest leads."""
        return longest_days(self.row.interval) if self.length is None else self.length


@dataclass(frozen=True, slots=True)
class Job:
    """Occurrences done in one go; the first is the deepest row (``leader``).

    ``due`` is the planned day of a single occurrence and the earliest latest day of several; ``placed_early`` says
    that windows did not overlap and the law's leave to be early was used.
    """

    occurrences: tuple[Planned, ...]
    earliest: date
    latest: date
    due: date
    placed_early: bool = False

    @property
    def leader(self) -> Planned:
        """The deepest occurrence."""
        return self.occurrences[0]


def joined(occurrences: Sequence[Planned], is_working_day: IsWorkingDay = every_day) -> Job:
    """The job of these occurrences, deepest row first. The earliest latest day always stands. Off a holiday the job
    does not go back to the day on which one of its rows was done last."""
    ordered = tuple(sorted(occurrences, key=lambda p: (-p.depth, p.row.code)))
    latest = min(p.window.latest for p in ordered)
    reachable = [p.window.earliest for p in ordered if p.window.earliest <= latest]
    earliest = max(reachable)
    if len(ordered) == 1:
        return Job(ordered, earliest, latest, ordered[0].window.planned)
    roll = ordered[0].row.roll
    back = Roll.NONE if roll is Roll.NONE else Roll.BACK
    behind = max((shifted(p.counted_from, 1) for p in ordered if p.counted_from is not None), default=earliest)
    due = rolled(latest, back, min(max(earliest, behind), latest), latest, is_working_day)
    return Job(ordered, earliest, latest, due, placed_early=len(reachable) < len(ordered))


@dataclass(slots=True)
class Track:
    """Where one row stands while jobs are computed: the next cycle and the planned day of the one before.
    ``standing`` are the nominal and last days of what it has due already, ``today`` the day from which jobs are to
    come: what ends before it is counted as missed. ``pauses`` are the times out of use that it has not come to yet:
    what would have had its last day in one is left out, and the numbers go on without it."""

    series: Series
    next_cycle: int
    last: date | None
    contains: frozenset[str] = frozenset()
    calendar: IsWorkingDay = field(default=every_day)
    standing: tuple[tuple[date, date], ...] = ()
    today: date = date.min
    pauses: tuple[Pause, ...] = ()
    resumed: Pause | None = None
    """The last pause that it went on behind."""
    asked: bool = False
    """Whether the next occurrence is the one that ``resumed`` asks for."""
    back: date | None = None
    """The day of the return on which the law has the row done, while nothing of it is planned since."""
    rests: tuple[Pause, ...] = ()
    """All pauses, those that it has come by, too."""
    newest: date | None = None
    """The nominal date of the cycle before the next one, as long as there are ``pauses`` to come to."""
    reuses: tuple[Pause, ...] = ()
    """The pauses so long that the row was or is to be done before the machine is used again."""
    handed: Handed = NOTHING
    """What was done of a row that this one stands for, or of one that stood for it."""
    history: Sequence[Occurrence] = ()
    """What is on record of the row."""
    stood: date | None = None
    """The day that what stands of it counts as, as far as it has been looked at."""

    @property
    def row(self) -> PlanRow:
        """The plan row."""
        return self.series.row

    @property
    def length(self) -> int:
        """Days of the longest interval: what contains what goes by it."""
        return longest_days(goes_by(self.row, self.series.interval))

    @property
    def early_is_legal(self) -> bool:
        """Whether the row may be done before its window (the next one then moves forward)."""
        return self.series.max_gap_days is not None or self.row.layer is Layer.LAW

    def peek(self) -> Planned:
        """The next occurrence by itself."""
        self.settle()
        if self.asked and self.resumed is not None:
            day, law = self.resumed.until, self.counting_from()
            asked = Window(self.next_cycle, day, day, day, day, pulled=law is not None)
            return Planned(self.row, asked, None if law is None else self.last, None, self.resumed, 0, self.length)
        pause = self.counting_from()
        found = not_before(pause, window(self.series, self.next_cycle, self.last, self.calendar))
        return Planned(
            self.row, found, self.counted_from, self.series.grid, pause, self.slack, self.length, self.has_run_out
        )

    @property
    def slack(self) -> int:
        """How many days later than it was done the work counts that the law counts from."""
        day = self.counted_from
        return 0 if day is None or self.last is None else (self.last - day).days

    @property
    def counted_from(self) -> date | None:
        """The day of the work that the law counts from. ``last`` is another one where that was done of a row with a
        longer gap."""
        return self.handed.done if self.last == self.handed.counts else self.last

    @property
    def has_run_out(self) -> bool:
        """Whether it counts from what was done before Plantroom, and its longest gap had run out by then."""
        return self.handed.run_out and self.last == self.handed.counts

    def counting_from(self) -> Pause | None:
        """The pause on whose return the law's last day is, if it is."""
        gap, pause = self.series.max_gap_days, self.resumed
        if pause is None or gap is None or self.last is None:
            return None
        return pause if self.last == shifted(pause.until, -gap) else None

    def settle(self) -> None:
        """Go on behind the pauses that the next occurrence would end in or after."""
        while self.pauses and not self.asked:
            pause = self.pauses[0]
            found, gap = window(self.series, self.next_cycle, self.last, self.calendar), self.series.max_gap_days
            if found.latest < pause.since:
                return
            counts = as_if_done(found.latest, gap) if self.last is None and pause.holds(found.latest) else self.last
            last = carried(counts, gap, pause)
            if last != self.last:
                self.last, self.back = last, pause.until
            self.pauses, self.resumed = self.pauses[1:], pause
            self.asked = pause.asks or (self.back == pause.until and self._has_law_of_its_own(pause.until))
            self.series = self.series.resumed(self.next_cycle, pause.until)

    def _has_law_of_its_own(self, day: date) -> bool:
        """Whether what the law asks for on the day of a return is a date of its own. Where the calendar moves with what
        is done, or where a date that lies behind the return was done already, the next date is done that early
        instead. A row that runs in a season has no date outside of it."""
        grid = self.series.grid
        if self.row.shift_percent or (self.newest is not None and self.newest >= day):
            return False
        if grid is None:
            return True
        first, end = grid.span(day)
        return not grid.floats and first <= day <= end and self.last is not None and grid.counts_from(day) <= self.last

    @property
    def ended(self) -> bool:
        """Whether the row has no date any more."""
        asks = self.asked or any(pause.asks for pause in self.pauses)
        return not asks and self.series.nominal(self.next_cycle) > LAST_DAY

    def advance(self, cycle: int, job: Job) -> None:
        """Go on behind a cycle that is done with a job."""
        self.go_on(cycle, self.counted(job.due, job.latest))

    def go_on(self, cycle: int, counted: date) -> None:
        """Go on behind a cycle that counts on a day."""
        self.settle()
        if self.pauses:
            self.newest = self.resumed.until if self.asked and self.resumed is not None else self.series.nominal(cycle)
        if self.asked and self.resumed is not None:
            # What may be early by then is done with it.
            self.series = self.series.strictly_behind(cycle, shifted(self.resumed.until, self.row.early_days))
            self.asked = False
        self.next_cycle = cycle + 1
        # What is made up for may have been over before other work of the row was done; and a job may take an occurrence
        # with it from behind a rest to before it.
        last = counted if self.last is None else max(self.last, counted)
        self.carry(last, [one for one in self.rests if not self.pauses or one.until <= self.pauses[0].since])

    def carry(self, last: date | None, rests: Sequence[Pause]) -> None:
        """Count from a day, or have the law ask for it on the return behind which that holds no more."""
        self.last, self.back = last, None
        for pause in rests:
            last = carried(self.last, self.series.max_gap_days, pause)
            if last != self.last:
                self.last, self.resumed, self.back = last, pause, pause.until

    def counted(self, due: date, latest: date) -> date:
        """The day on which work counts that is planned for ``due``: its last day when that is over."""
        return latest if latest < self.today else due

    def alone(self) -> Iterator[Planned]:
        """The occurrences to come as if nothing absorbed them."""
        track = replace(self)
        while not (found := track.peek()).window.is_end:
            yield found
            track.go_on(track.next_cycle, track.counted(found.window.planned, found.window.latest))


def not_before(pause: Pause | None, found: Window) -> Window:
    """A window that the law ends on the day of the return, without the days of the rest before."""
    if pause is None or not found.pulled or found.latest != pause.until:
        return found
    return replace(found, earliest=pause.until, planned=pause.until)


def containment(
    rows: Sequence[PlanRow], floors: Mapping[str, int | None] = MappingProxyType({})
) -> Mapping[str, frozenset[str]]:
    """Code -> codes of all rows that it contains, transitively, among ``rows``. ``floors`` are their longest gaps.

    A row that stands for another one is contained where that one is, and contains what that one does. A row never
    contains itself or a row of its own or a longer interval (such entries are ignored, so a cycle in the table cannot
    loop).
    """
    by_code = {row.code: row for row in rows}
    depth = {row.code: depth_days(row, floors.get(row.code)) for row in rows}
    places = {row.code: {row.code} | (stood_for(row, by_code) if row.fulfils else set()) for row in rows}
    closed: dict[str, frozenset[str]] = {}
    for row in sorted(rows, key=lambda r: depth[r.code]):
        wanted = {code for place in places[row.code] if place in by_code for code in by_code[place].contains}
        direct = [
            code for code, mine in places.items() if depth[code] < depth[row.code] and not wanted.isdisjoint(mine)
        ]
        closed[row.code] = frozenset(direct).union(*(closed[code] for code in direct))
    return closed


def jobs(tracks: Sequence[Track], until: date) -> list[Job]:
    """Jobs of one subject whose windows begin by ``until`` (and those they absorb), by due day.

    O(occurrences x depth of nesting). The tracks are used up.
    """
    done: list[Job] = []
    containers = [t for t in tracks if t.contains]
    while True:
        waiting = [t for t in containers if t.peek().window.earliest <= until]
        if not waiting:
            break
        first = min(waiting, key=lambda t: (t.peek().window.latest, -t.length, t.row.code))
        _lead(_climb(first, tracks), tracks, done)
    for track in tracks:
        if track.contains:
            continue
        while (planned := track.peek()).window.earliest <= until:
            _alone(track, planned, done)
    return sorted(done, key=lambda j: (j.due, j.leader.row.code))


def look_ahead(tracks: Sequence[Track]) -> int:
    """How many days beyond a day the jobs must be computed so that those before it are grouped for good."""
    inner = frozenset[str]().union(*(t.contains for t in tracks))
    reach = max((t.row.early_days + t.row.late_days for t in tracks if t.contains), default=0)
    step = max((t.length for t in tracks if not t.contains and t.row.code in inner), default=0)
    return reach + 2 * step


def _climb(track: Track, tracks: Sequence[Track]) -> Track:
    """The deepest row whose next job takes this row's next occurrence with it (else the row itself)."""
    parents = sorted((t for t in tracks if track.row.code in t.contains and not t.ended), key=lambda t: -t.length)
    return next((p for p in parents if any(t is track for t, _ in _deep(p, tracks))), track)


_Group = list[tuple[Track, Planned]]
"""What a job is made of so far, its leader first."""


def _deep(leader: Track, tracks: Sequence[Track]) -> _Group:
    """The leader's next occurrence with the next ones of the containing rows that it absorbs."""
    group = [(leader, leader.peek())]
    members = sorted((t for t in tracks if t.contains and t.row.code in leader.contains), key=lambda t: -t.length)
    for member in members:
        picked = _pick(group, member)
        if picked is not None and picked.window.cycle == member.next_cycle:
            group.append((member, picked))
    return group


def _lead(leader: Track, tracks: Sequence[Track], done: list[Job]) -> None:
    group = _deep(leader, tracks)
    members = sorted((t for t in tracks if not t.contains and t.row.code in leader.contains), key=lambda t: -t.length)
    for member in members:
        picked = _pick(group, member)
        if picked is None:
            continue
        while member.next_cycle < picked.window.cycle:
            _alone(member, member.peek(), done)
        group.append((member, picked))
    job = joined([p for _, p in group], leader.calendar)
    for track, planned in group:
        track.advance(planned.window.cycle, job)
    done.append(job)


def _alone(track: Track, planned: Planned, done: list[Job]) -> None:
    job = joined([planned], track.calendar)
    track.advance(planned.window.cycle, job)
    done.append(job)


def _pick(group: _Group, member: Track) -> Planned | None:
    """The occurrence of ``member`` that the job of the group absorbs, or ``None``."""
    job = joined([p for _, p in group], group[0][0].calendar)
    candidates: list[Planned] = []
    for planned in member.alone():
        candidates.append(planned)
        if planned.window.earliest > job.latest:
            break
    overlapping = [p for p in candidates if p.window.earliest <= job.latest and p.window.latest >= job.earliest]
    fitting = [p for p in overlapping if _in_turn((*job.occurrences, p), min(p.window.latest, job.latest))]
    if fitting:
        wanted = job.leader.window.nominal
        return min(fitting, key=lambda p: (abs((p.window.nominal - wanted).days), p.window.cycle))
    return _early(job, group, member, candidates)


def _early(job: Job, group: _Group, member: Track, candidates: Sequence[Planned]) -> Planned | None:
    """The visit nearest to a window that meets none: the job at the visit before it, or the next visit at the job. What
    is a whole interval of the visits away or further is not near: a row that begins in two years is not begun today."""
    choices: list[tuple[int, int, Planned]] = []
    before = [p for p in candidates if p.window.latest < job.earliest]
    after = [p for p in candidates if p.window.earliest > job.latest]
    if before and _may_move(group, before[-1].window.latest):
        choices.append(((job.earliest - before[-1].window.latest).days, 0, before[-1]))
    if after and member.early_is_legal and _in_turn(after[:1], job.latest):
        choices.append(((after[0].window.earliest - job.latest).days, 1, after[0]))
    near = [choice for choice in choices if choice[0] < member.length]
    return min(near, key=lambda c: c[:2])[2] if near else None


def _may_move(group: _Group, day: date) -> bool:
    """Whether all that a job is made of may be done on a day before the job."""
    legal = all(t.early_is_legal or p.window.earliest <= day for t, p in group)
    return legal and _in_turn([p for _, p in group], day)


def _in_turn(occurrences: Iterable[Planned], day: date) -> bool:
    """Whether a day is behind those on which the rows of the occurrences are done before."""
    return all(p.counted_from is None or day > p.counted_from for p in occurrences)
