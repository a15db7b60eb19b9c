"""The columns against the reference: any rows, any anchors, any closed history, day by day the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from maintenance.columns.days import NEVER, Days, WorkDays
from maintenance.columns.engine import Batch, Planned, pairs_of, plan_columns
from maintenance.columns.history import History
from maintenance.columns.sets import row_set
from maintenance.nesting import Job
from maintenance.plan import Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow, Roll
from maintenance.planner import Subject, asset_subject, plan_subject
from maintenance.recurrence import every_day, local_day, shifted
from maintenance.rolling import IsWorkingDay
from plantroom.domain.assets import Asset, LocalName
from tests.examples import examples
from tests.unit.maintenance.rows import ELEVATOR, row

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 3, 2)
CODES = ("A", "B", "C", "D", "E")
INTERVALS = (
    (5, "day"), (7, "day"), (15, "day"), (1, "week"), (2, "week"), (1, "month"), (2, "month"),
    (3, "month"), (6, "month"), (1, "year"), (2, "year"),
)  # fmt: skip

APART = {OccurrenceState.DUE, OccurrenceState.FORMER}
"""Subjects with such a history are planned one by one (``bulk.is_for_columns``)."""


@dataclass(frozen=True)
class Case:
    rows: tuple[PlanRow, ...]
    subjects: tuple[Subject, ...]
    histories: tuple[tuple[Occurrence, ...], ...]
    calendar: IsWorkingDay
    horizon: int


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def rarely(day: date) -> bool:
    return day.day in (1, 17)


@st.composite
def plan_rows(draw: st.DrawFn, *, fulfils: bool = True) -> tuple[PlanRow, ...]:
    if draw(st.integers(0, 4)) == 0:
        return ELEVATOR
    found = []
    for code in CODES[: draw(st.integers(1, 5))]:
        every, unit = draw(st.sampled_from(INTERVALS))
        others = st.lists(st.sampled_from([c for c in CODES if c != code]), max_size=3, unique=True).map(tuple)
        found.append(
            row(
                code,
                every,
                unit,
                draw(st.sampled_from([0, 0, 1, 3, 5, 15, 40])),
                draw(st.sampled_from([0, 0, 1, 3, 7, 30])),
                anchor=draw(st.none() | st.dates(date(2023, 1, 1), date(2029, 12, 31))),
                max_gap_days=draw(st.none() | st.sampled_from([4, 7, 15, 20, 31, 92, 184, 400])),
                contains=draw(others),
                fulfils=draw(st.just(()) | others) if fulfils else (),
                shift_percent=draw(st.sampled_from([0, 0, 0, 30, 50, 100])),
                roll=draw(st.sampled_from(list(Roll))),
                layer=draw(st.sampled_from(list(Layer))),
                effective_from=draw(st.sampled_from([date(2000, 1, 1), date(2026, 2, 1), date(2026, 4, 10)])),
            )
        )
    return tuple(found)


@st.composite
def stood_for(draw: st.DrawFn) -> tuple[PlanRow, ...]:
    """One or two rows of the law, one that stands or stood for them, and one that may have come beside it or after
    that."""
    law, first, next_one = draw(plan_rows(fulfils=False)), draw(plan_rows(fulfils=False))[0], draw(st.booleans())
    gap = draw(st.sampled_from([4, 15, 31, 92]))
    begins = st.sampled_from([date(2000, 1, 1), date(2025, 6, 1), date(2026, 2, 1), TODAY])
    stood = draw(st.integers(1, min(2, len(law))))
    more = {"fulfils": tuple(one.code for one in law[:stood]), "max_gap_days": draw(st.sampled_from([None, gap]))}
    ends = draw(st.none() | st.sampled_from([date(2025, 8, 1), date(2026, 2, 20), TODAY]))
    found = [*(replace(one, max_gap_days=gap) for one in law[:stood]), *law[stood:]]
    found.append(replace(first, lineage="first", code="FIRST", effective_from=draw(begins), ends=ends, **more))
    if next_one:
        until = draw(st.none() | st.sampled_from([date(2025, 8, 1), TODAY]))
        found.append(replace(found[-1], lineage="next", code="NEXT", effective_from=draw(begins), ends=until))
    return tuple(draw(st.permutations(found)))


@st.composite
def histories(draw: st.DrawFn, rows: Sequence[PlanRow], subject: Subject) -> tuple[Occurrence, ...]:
    """Completions that were early, late, credited, missed; cycles that are missing; dates of an earlier calendar."""
    found = []
    for one in rows:
        count = draw(st.sampled_from([0, 0, 1, 2, 4]))
        cycle, day = draw(st.integers(0, 50)), TODAY - timedelta(days=draw(st.integers(0, 500)))
        for _ in range(count):
            state = draw(st.sampled_from([s for s in OccurrenceState if s not in APART]))
            moved = timedelta(days=draw(st.integers(-20, 20)))
            at = datetime.combine(day + moved, time(draw(st.integers(0, 23)), 59), UTC)
            found.append(
                Occurrence(
                    OccurrenceKey(one.lineage, subject.key, cycle), "demo", one.code, day, day, shifted(day, 3), state,
                    at if state in (OccurrenceState.DONE, OccurrenceState.CREDITED) else None,
                )
            )  # fmt: skip
            cycle += draw(st.integers(1, 3))
            day += timedelta(days=draw(st.integers(1, 100)))
    return tuple(found)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rows = draw(plan_rows() | stood_for())
    subjects, known = [], []
    for number in range(draw(st.integers(1, 4))):
        in_service = draw(st.none() | st.dates(date(2020, 1, 1), date(2026, 6, 30)))
        asset = Asset(f"a{number}", "demo", f"A{number}", "pump", LocalName("泵", "Pump"), in_service_on=in_service)
        subjects.append(asset_subject(asset))
        known.append(draw(histories(rows, subjects[-1])))
    calendar = draw(st.sampled_from([every_day, weekdays, rarely]))
    return Case(rows, tuple(subjects), tuple(known), calendar, draw(st.sampled_from([0, 20, 60, 60, 60, 250])))


def shown(job: Job) -> tuple[object, ...]:
    return (
        job.earliest, job.latest, job.due, job.placed_early,
        tuple(
            (p.row.code, p.window.cycle, p.window.nominal, p.window.earliest, p.window.latest, p.window.pulled,
             p.counted_from)
            for p in job.occurrences
        ),
    )  # fmt: skip


def by_reference(case: Case) -> list[list[tuple[object, ...]]]:
    until = TODAY + timedelta(days=case.horizon)
    every_row = {one.code: one for one in case.rows}
    return [
        [
            shown(job)
            for job in plan_subject(
                case.rows, every_row, subject, history, TODAY, ZONE, is_working_day=case.calendar
            ).upcoming(until)
        ]
        for subject, history in zip(case.subjects, case.histories, strict=True)
    ]  # fmt: skip


def in_columns(case: Case) -> Planned:
    one = row_set(case.rows, {r.code: r for r in case.rows}, TODAY)
    assume(one.in_columns)
    count = len(case.subjects)
    in_service = [s.asset.in_service_on if s.asset else None for s in case.subjects]
    batch = Batch(
        [one],
        np.zeros(count, np.int64),
        np.array([0 if day is None else day.toordinal() for day in in_service], np.int64),
        np.full(count, TODAY.toordinal()),
        np.full(count, TODAY.toordinal() + case.horizon),
    )
    pairs = pairs_of(batch)
    return plan_columns(batch, pairs, columns_of(case, pairs.first), WorkDays(case.calendar))


def columns_of(case: Case, first: Days) -> History:
    places = {one.lineage: place for place, one in enumerate(case.rows)}
    rows = [
        (
            int(first[number]) + places[o.key.lineage],
            o.key.cycle,
            o.nominal_date.toordinal(),
            NEVER if o.completed_at is None else local_day(o.completed_at, ZONE).toordinal(),
            o.latest.toordinal() if o.state is OccurrenceState.MISSED else NEVER,
        )
        for number, history in enumerate(case.histories)
        for o in history
    ]
    return History(*np.array(rows, np.int64).reshape(-1, 5).T)


def days(planned: Planned, subject: int) -> list[tuple[object, ...]]:
    found = []
    o, j, pairs = planned.occurrences, planned.jobs, planned.pairs
    for job in range(planned.first_job[subject], planned.first_job[subject + 1]):
        inner = []
        for place in range(planned.first[job], planned.first[job + 1]):
            counted = int(o.counted_from[place])
            inner.append(
                (
                    pairs.variants[pairs.variant[o.pair[place]]].row.code, int(o.cycle[place]),
                    *(date.fromordinal(int(c[place])) for c in (o.nominal, o.earliest, o.latest)),
                    bool(o.pulled[place]), None if counted == NEVER else date.fromordinal(counted),
                )
            )  # fmt: skip
        dates = (date.fromordinal(int(c[job])) for c in (j.earliest, j.latest, j.due))
        found.append((*dates, bool(j.placed_early[job]), tuple(inner)))
    return found


@given(cases())
@settings(max_examples=examples(150), deadline=None)
def test_the_columns_find_what_the_reference_finds(case: Case) -> None:
    planned = in_columns(case)
    expected = by_reference(case)
    event(f"jobs of several rows: {any(len(job[4]) > 1 for jobs in expected for job in jobs)}")  # type: ignore[arg-type]
    event(f"pulled: {any(o[5] for jobs in expected for job in jobs for o in job[4])}")  # type: ignore[union-attr]
    assert [days(planned, number) for number in range(len(case.subjects))] == expected
