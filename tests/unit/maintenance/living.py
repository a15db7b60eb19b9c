"""A life lived with the planner, day by day, and what must hold on each of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from maintenance.former import entered_on, former_work, standing_for
from maintenance.giving_way import GivingWay, as_it_will_stand
from maintenance.intervals import NO_INTERVAL
from maintenance.lateness import last_allowed
from maintenance.nesting import Job, Track
from maintenance.plan import (
    COMPLETED,
    Missed,
    Occurrence,
    OccurrenceKey,
    OccurrenceState,
    PlanRow,
    missed,
)
from maintenance.planner import SubjectPlan, asset_subject, plan_subject
from maintenance.preceding import gone_without
from maintenance.recurrence import every_day, shifted
from maintenance.rests import Rest, lapsed, without_lapsed
from maintenance.schedules import BeforeSchedule, IntervalSchedule
from tests.unit.maintenance.histories import WORKS, ZONE, Life, Step
from tests.unit.maintenance.rest_oracle import Away, begins, check_first, check_skipped, check_waived

HORIZON = timedelta(days=60)

CREDIT = COMPLETED


@dataclass
class Record:
    """What has become of the rows so far."""

    occurrences: dict[OccurrenceKey, Occurrence] = field(default_factory=dict)
    numbers: int = 0
    late: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    rests: list[Rest] = field(default_factory=list)
    moved: list[date] = field(default_factory=list)
    """When the rows got an anchor that lies far ahead."""

    @property
    def away(self) -> Away:
        return Away(self.rests, ZONE)


def live(life: Life) -> Record:
    """The record of a life; ``AssertionError`` where something that must hold does not."""
    record, today = Record(), life.start
    life = _with_former(life, record)
    for step in (Step(0, "nothing", 0), *life.steps):
        today = shifted(today, step.days)
        if step.act == "moves":
            ahead = shifted(today, (step.which + 1) * 150)
            life = replace(life, rows=tuple(replace(one, anchor=ahead) for one in life.rows))
            record.moved.append(today)
        if step.act in {"rests", "clicks"} and step.days:
            record.rests.append(_rest(today, step))
        if step.is_up:
            _look(life, record, today)
            again = _plan(life, record, today)
            assert [j for j in again.to_make(today + HORIZON) if _is_new(record, j)] == [], (
                "a second look makes nothing"
            )
        _act(life, record, today, step)
    _look(life, record, today)
    _check_record(life, record)
    return record


def _with_former(life: Life, record: Record) -> Life:
    """What was done before the life begins is on record. Every other such row has its calendar from that day."""
    found = {}
    rows = list(life.rows)
    for number, (one, days) in enumerate(zip(life.rows, life.former, strict=False)):
        if days is not None:
            day = shifted(life.start, -days)
            found[one.lineage] = former_work(one, "k1", "demo", day, day, ZONE)
            rows[number] = replace(one, anchor=None) if days % 2 else one
    if not found:
        return life
    life = replace(life, rows=tuple(rows))
    record.occurrences = {one.key: one for one in found.values()}
    series = {track.row.lineage: track.series for track in _plan(life, record, life.start).tracks}
    for lineage, one in found.items():
        own = standing_for(one, series[lineage])
        assert own.nominal_date - one.latest <= timedelta(days=series[lineage].row.early_days)
        floor = series[lineage].max_gap_days
        entered = former_work(series[lineage].row, "k1", "demo", own.latest, life.start, ZONE, floor)
        record.occurrences[own.key] = replace(own, evidence=entered.evidence)
    return life


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def _rest(today: date, step: Step) -> Rest:
    """Since the last look: from noon to noon, over the whole days between, without the last minute of them, or two
    minutes over midnight."""
    since, until, night = _noon(shifted(today, -step.days)), _noon(today), begins(today, ZONE)
    if step.act == "clicks":
        since, until = night - timedelta(minutes=1), night + timedelta(minutes=1)
    elif step.which == 1:
        since, until = begins(shifted(today, 1 - step.days), ZONE), night
    elif step.which == 2:
        until = night - timedelta(minutes=1)
    return Rest(str(today), "demo", "k1", since.astimezone(UTC), max(since, until).astimezone(UTC))


def _plan(life: Life, record: Record, today: date) -> SubjectPlan:
    every_row = {one.code: one for one in life.rows}
    works = WORKS if life.holidays else every_day
    meter = life.facts.meters["run_hours"]
    read = replace(meter, samples=[s for s in meter.samples if s.ts.date() <= today])
    seen = [s for s in life.facts.sightings if s.observed_at.date() <= today]
    known = replace(life.facts, meters={"run_hours": read}, sightings=seen, rests=record.rests)
    history = sorted(record.occurrences.values(), key=lambda o: o.key)
    return plan_subject(life.rows, every_row, asset_subject(life.asset), history, today, ZONE, None, works, known)


def _is_new(record: Record, job: Job) -> bool:
    return any(_key(p.row, p.window.cycle) not in record.occurrences for p in job.occurrences)


def _key(one: PlanRow, cycle: int) -> OccurrenceKey:
    return OccurrenceKey(one.lineage, "k1", cycle)


def _look(life: Life, record: Record, today: date) -> None:
    """One run of the scheduler: what is due is made, what has passed is dealt with as the rows say."""
    for one in lapsed(list(record.occurrences.values()), record.rests, ZONE):
        record.occurrences[one.key] = one
    away = record.away
    _withdraw_needless(life, record, today)
    check_waived([o for o in record.occurrences.values() if not _is_needless(life, record, o)], away)
    plan = _plan(life, record, today)
    tracks = {t.row.code: replace_track(t) for t in plan.tracks}
    for standing in plan.standing:
        _check_job(standing.job, tracks, away)
        if standing.job.latest < today:  # its order is marked as missed
            for p in standing.job.occurrences:
                record.late[p.row.lineage].append(p.window.latest)
            continue
        for p in standing.job.occurrences:
            old = record.occurrences[_key(p.row, p.window.cycle)]
            found = p.window
            record.occurrences[old.key] = replace(
                old, nominal_date=found.nominal, earliest=found.earliest, latest=found.latest
            )
    upcoming = plan.to_make(today + HORIZON)
    _check_floor(record, plan, upcoming, today)
    seen: dict[str, date] = {}
    for job in upcoming:
        _check_job(job, tracks, away)
        assert job.latest not in away.days, "nothing is asked for out of service"
        policy, passed = job.leader.row.missed, job.latest < today
        held = any(
            o.state is OccurrenceState.DUE and o.latest < today and o.key.lineage == job.leader.row.lineage
            for o in record.occurrences.values()
        )
        newer = any(j is not job and j.earliest <= today and _shares(j, job) for j in upcoming if j.due > job.due)
        gives_way = passed and ((policy is Missed.SUPERSEDE and newer) or (policy is Missed.HOLD and held))
        record.numbers += 1
        for p in job.occurrences:
            key, found = _key(p.row, p.window.cycle), p.window
            assert key not in record.occurrences, f"{p.row.code} cycle {found.cycle} is made twice"
            assert found.nominal > seen.get(p.row.code, date.min), "nominal dates rise"
            seen[p.row.code] = found.nominal
            made = Occurrence(key, "demo", p.row.code, found.nominal, found.earliest, found.latest)
            record.occurrences[key] = (
                missed([made], job.latest)[0] if gives_way else replace(made, work_order=f"order-{record.numbers}")
            )


def _withdraw_needless(life: Life, record: Record, today: date) -> None:
    """What goes before a job that has been done is withdrawn while it is not over, and nothing else is."""
    known = list(record.occurrences.values())
    gone = GivingWay(today, {}, [one.lineage for one in life.rows], None, gone_without(life.rows, known))
    left = {one.key: one for one in as_it_will_stand(known, gone)}
    assert left.keys() == record.occurrences.keys(), "nothing that was withdrawn is made again"
    for key, one in left.items():
        was_due = record.occurrences[key].state is OccurrenceState.DUE and one.latest >= today
        needless = was_due and _is_needless(life, record, one)
        assert (one.state is not record.occurrences[key].state) == needless, f"{one} is not needed: {needless}"
    record.occurrences = left


def _is_needless(life: Life, record: Record, one: Occurrence) -> bool:
    """Whether it goes before a job that has been done, and has no dates of its own."""
    own = next(r for r in life.rows if r.lineage == one.key.lineage)
    if not isinstance(own.schedule, BeforeSchedule) or own.interval != NO_INTERVAL:
        return False
    job = shifted(one.nominal_date, own.schedule.lead_days)
    return any(
        o.plan_row == own.schedule.code and o.nominal_date == job and o.state in CREDIT
        for o in record.occurrences.values()
    )


def replace_track(track: Track) -> Track:
    """A copy: the plan uses its tracks up."""
    return replace(track)


def _shares(one: Job, other: Job) -> bool:
    return bool({p.row.code for p in one.occurrences} & {p.row.code for p in other.occurrences})


def _act(life: Life, record: Record, today: date, step: Step) -> None:
    """What people do with one of the orders that stand."""
    orders: dict[str, list[Occurrence]] = defaultdict(list)
    for one in record.occurrences.values():
        if one.state is OccurrenceState.DUE and one.work_order is not None:
            orders[one.work_order].append(one)
    begun = sorted(
        (o for o in orders.values() if step.act == "early" or min(x.earliest for x in o) <= today),
        key=lambda o: min((x.latest, x.key) for x in o),
    )
    if not begun or step.act in {"nothing", "rests", "clicks", "moves"}:
        return
    if step.act == "early" and any(isinstance(one.schedule, BeforeSchedule) for one in life.rows):
        begun = _first_of_each(begun)
    elif step.act != "done":
        begun = begun[:1]
    chosen = begun[min(step.which, len(begun) - 1)]
    for place, one in enumerate(sorted(chosen, key=lambda o: o.key)):
        if step.act in {"missed", "deferred"}:
            record.occurrences[one.key] = missed([one], min(o.latest for o in chosen))[0]
            continue
        if today > one.latest:
            record.late[one.key.lineage].append(today)
        state = OccurrenceState.CREDITED if place or step.act == "credited" else OccurrenceState.DONE
        at = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
        last = _last_allowed(life, record, one, at)
        latest = one.latest if last is None else min(one.latest, last)
        record.occurrences[one.key] = replace(one, state=state, completed_at=at, latest=latest)


def _first_of_each(orders: list[list[Occurrence]]) -> list[list[Occurrence]]:
    """The first order of each row: a job may be done before what goes before it."""
    found: dict[str, list[Occurrence]] = {}
    for one in orders:
        found.setdefault(one[0].key.lineage, one)
    return list(found.values())


def _last_allowed(life: Life, record: Record, one: Occurrence, at: datetime) -> date | None:
    """As the order's completion tightens the last day."""
    own = next(r for r in life.rows if r.lineage == one.key.lineage)
    if own.max_gap_days is None or (isinstance(own.schedule, IntervalSchedule) and own.schedule.in_season):
        return None
    known = without_lapsed(list(record.occurrences.values()), record.rests, ZONE)
    others = [o for o in known if o.key.lineage == one.key.lineage and o.key != one.key]
    return last_allowed(others, own.max_gap_days, at, ZONE, record.rests)


def _check_job(job: Job, tracks: dict[str, Track], away: Away) -> None:
    assert job.earliest <= job.due <= job.latest
    assert job.latest == min(p.window.latest for p in job.occurrences)
    for p in job.occurrences:
        found, series = p.window, tracks[p.row.code].series
        assert found.earliest <= found.planned <= found.latest
        assert job.due <= found.latest, "nothing is planned behind a last day"
        late = shifted(found.nominal, p.row.late_days)
        if series.due_on is not None and series.due_on == (found.cycle, found.latest) and late < found.latest:
            assert found.earliest == found.planned == found.latest, "what was over is due on the day of entering"
            continue
        assert found.latest <= late
        if not found.pulled and series.grid is None:
            assert found.latest == late
            assert found.earliest == shifted(found.nominal, -p.row.early_days)
        assert found.earliest >= shifted(found.nominal, -p.row.early_days) or found.earliest == found.latest
        returned = series.max_gap_days is not None and away.is_return(found.nominal)
        if series.grid is None and p.row.shift_percent == 0 and found.cycle >= series.next_cycle and not returned:
            assert series.has(found.nominal), "no drift: anchor + n x interval"
        if series.grid is not None:
            first, last = series.grid.span(found.nominal)
            assert found.latest <= last
            assert found.earliest >= first or found.earliest == found.latest
        if len(job.occurrences) == 1:
            assert found.earliest == job.earliest
        elif not job.placed_early:
            assert job.due >= found.earliest


def _check_floor(record: Record, plan: SubjectPlan, upcoming: Sequence[Job], today: date) -> None:
    """Each job's last day is at most ``max_gap`` behind the job before: the one done, missed, or planned."""
    jobs = [*(s.job for s in plan.standing), *upcoming]
    by_row: dict[str, list[tuple[date, date, date, int]]] = defaultdict(list)
    for job in jobs:
        for p in job.occurrences:
            done = job.latest if job.latest < today else job.due
            by_row[p.row.code].append((done, p.window.latest, p.window.nominal, p.window.cycle))
    for track in plan.tracks:
        gap = track.series.max_gap_days
        planned = sorted(by_row[track.row.code], key=lambda one: one[3])
        known = {o.key.cycle for o in record.occurrences.values() if o.key.lineage == track.row.lineage}
        between = {n for a, b in pairwise(planned) for n in range(a[3] + 1, b[3])}
        assert between <= known, "no cycle is skipped"
        if gap is None:
            continue
        for before, after in pairwise(planned):
            grid = track.series.grid
            if after[1] < today:
                continue  # it is on record as late already
            if after[3] > before[3] + 1 or (grid is not None and before[0] < grid.counts_from(after[2])):
                continue
            counted = max([one[0] for one in planned if one[3] < after[3]] + _closed(record, track))
            assert after[1] <= record.away.back(shifted(counted, gap)), f"{track.row.code}: {before} {after} {gap}"


def _closed(record: Record, track: Track) -> list[date]:
    """The days that the law counts from: completions, and the last days of what was missed."""
    mine = [o for o in record.occurrences.values() if o.key.lineage == track.row.lineage]
    done = [o.completed_at.date() for o in mine if o.completed_at is not None]
    gap = track.series.max_gap_days
    if gap is not None:
        done += [shifted(entered_on(o), -gap) for o in mine if o.state is OccurrenceState.FORMER]
    return done + [o.latest for o in mine if o.state is OccurrenceState.MISSED]


def _is_breach(one: Occurrence) -> bool:
    """Whether an occurrence is on record as missed, done too late, or still due behind its last day."""
    if one.state is OccurrenceState.WAIVED:
        return False
    return one.completed_at is None or one.completed_at.date() > one.latest


def _check_record(life: Life, record: Record) -> None:
    """No gap between completions beyond ``max_gap`` without a missed record, no skip, no key twice."""
    away = record.away
    check_waived([o for o in record.occurrences.values() if not _is_needless(life, record, o)], away)
    for one in life.rows:
        mine = sorted((o for o in record.occurrences.values() if o.key.lineage == one.lineage), key=lambda o: o.key)
        assert (
            [o.key.cycle for o in mine] == list(range(mine[0].key.cycle, mine[0].key.cycle + len(mine)))
            if mine
            else True
        )
        plain = isinstance(one.schedule, IntervalSchedule) and one.schedule.in_season is None
        if plain and one.shift_percent == 0 and not record.moved:
            check_skipped(one, mine, away)
        if plain and one.max_gap_days is not None and not record.moved:
            check_first(mine, record.late[one.lineage], away)
        if one.max_gap_days is None or one.interval == NO_INTERVAL or not plain:
            continue
        done = sorted(o.completed_at.date() for o in mine if o.state in CREDIT and o.completed_at is not None)
        breaches = [o.latest for o in mine if _is_breach(o)]
        entered = [entered_on(o) for o in mine if o.state is OccurrenceState.FORMER]
        for before, after in pairwise(done):
            if after > away.back(shifted(before, one.max_gap_days)):
                recorded = [d for d in breaches if before < d <= after] + [
                    d for d in record.late[one.lineage] if before < d <= after
                ]
                recorded += [d for d in entered if after <= away.back(d)]  # what nobody knew of is due on that day
                assert recorded, f"{one.code}: {before} to {after} without a record"
