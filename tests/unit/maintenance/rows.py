"""Plan rows for tests, short to write."""

from collections.abc import Sequence
from datetime import date

from maintenance.nesting import Job, Track, containment, jobs
from maintenance.plan import AppliesTo, Interval, IntervalUnit, PlanRow
from maintenance.recurrence import every_day, with_history
from maintenance.rolling import IsWorkingDay
from plantroom.domain.assets import LocalName


def row(code: str, every: int, unit: str, early: int = 0, late: int = 0, **more: object) -> PlanRow:
    given: dict[str, object] = {"kind": "preventive", "applies_to": AppliesTo(classes=("pump",))} | more
    return PlanRow(
        lineage=f"lineage-{code}",
        code=code,
        name=LocalName(code, code),
        interval=Interval(every, IntervalUnit(unit)),
        early_days=early,
        late_days=late,
        **given,  # type: ignore[arg-type]
    )


def plan(
    rows: Sequence[PlanRow],
    anchors: Sequence[date],
    start: date,
    until: date,
    is_working_day: IsWorkingDay = every_day,
) -> list[Job]:
    """Jobs of the rows as for a new subject."""
    contains = containment(rows)
    tracks = []
    for one, anchor in zip(rows, anchors, strict=True):
        series = with_history(one, anchor, one.max_gap_days, {})
        tracks.append(Track(series, series.first_cycle(start), None, contains[one.code], is_working_day))
    return jobs(tracks, until)


ELEVATOR = (
    row("HM", 15, "day", 5, 0, max_gap_days=15),
    row("Q", 3, "month", 15, 0, max_gap_days=92, contains=("HM",)),
    row("HY", 6, "month", 30, 0, max_gap_days=184, contains=("Q",)),
    row("Y", 1, "year", 60, 0, max_gap_days=366, contains=("HY",)),
)
