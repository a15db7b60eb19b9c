"""Generated lives of plan rows: early, late, missed, credited and deferred work, outages, lists that nest.

``live`` plays a scheduler and the people who do the work over some months on one asset and checks at every look what
must always hold. Used by ``test_histories`` and, with a hundred thousand lives, by ``benchmarks/plan_invariants``.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st

from maintenance.facts import Facts, Sighting
from maintenance.intervals import Interval, IntervalUnit
from maintenance.meters import Meter, Sample
from maintenance.plan import (
    BeforeReuse,
    Layer,
    Missed,
    PlanRow,
    Roll,
)
from maintenance.recurrence import longest_days
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
    implied_interval,
)
from maintenance.site_calendar import working_days
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.calendars import SiteCalendar
from tests.unit.maintenance.rows import row

ZONE = ZoneInfo("Asia/Shanghai")
INTERVALS = [(1, "day"), (7, "day"), (15, "day"), (1, "month"), (2, "month"), (3, "month"), (6, "month"), (1, "year")]
NESTED = [(15, "day"), (1, "month"), (3, "month"), (6, "month"), (1, "year")]
SITE = SiteCalendar()
WORKS = working_days(SITE, "Asia/Shanghai")


@dataclass(frozen=True)
class Step:
    """What happens at one look: days gone by, and what people do with the job whose turn it is."""

    days: int
    act: str
    which: int
    is_up: bool = True


@dataclass(frozen=True)
class Life:
    """Rows of one asset, the day that they are first looked at, and the steps. ``former``: how many days before that
    each row was done last by older records (``None``: nobody knows)."""

    rows: tuple[PlanRow, ...]
    asset: Asset
    start: date
    steps: tuple[Step, ...]
    holidays: bool
    facts: Facts
    former: tuple[int | None, ...] = ()


acts = st.sampled_from(
    ["done", "done", "done", "early", "missed", "deferred", "nothing", "credited", "rests", "clicks", "moves"]
)
steps = st.builds(
    Step, st.one_of(st.integers(0, 9), st.integers(5, 40), st.integers(40, 200), st.just(400)), acts, st.integers(0, 3),
    st.sampled_from([True, True, True, False]),
)  # fmt: skip
days = st.dates(date(2024, 1, 1), date(2027, 6, 30))


@st.composite
def interval_rows(draw: st.DrawFn) -> tuple[PlanRow, ...]:
    """One to four rows by an interval, deeper ones containing the shallower."""
    chosen = draw(st.lists(st.sampled_from(NESTED), min_size=1, max_size=4, unique=True).map(_by_length))
    if draw(st.booleans()):
        chosen = [draw(st.sampled_from(INTERVALS))]
    rows: list[PlanRow] = []
    for every, unit in chosen:
        longest = longest_days(Interval(every, IntervalUnit(unit)))
        most = max(0, min(longest // 2 - 1, 30))
        one = row(f"R{len(rows)}", every, unit, draw(st.integers(0, most)), draw(st.integers(0, most)))
        gap = draw(st.sampled_from([None, longest, longest, longest + 3, max(1, longest - 3)]))
        rows.append(
            replace(
                one,
                max_gap_days=gap,
                anchor=draw(days),
                contains=tuple(r.code for r in rows) if draw(st.integers(0, 3)) else (),
                shift_percent=draw(st.sampled_from([0, 0, 0, 50, 100])) if len(chosen) == 1 else 0,
                roll=draw(st.sampled_from(Roll)),
                missed=draw(st.sampled_from(Missed)),
                layer=draw(st.sampled_from(Layer)),
            )
        )
    return tuple(rows)


def _by_length(chosen: list[tuple[int, str]]) -> list[tuple[int, str]]:
    return sorted(chosen, key=lambda one: longest_days(Interval(one[0], IntervalUnit(one[1]))))


years = st.sets(st.integers(1, 8), min_size=1, max_size=5).map(lambda found: tuple(sorted(found)))
YEARLY = Interval(1, IntervalUnit.YEAR)


@st.composite
def other_rows(draw: st.DrawFn) -> tuple[PlanRow, ...]:
    """A row of another kind, with what it needs beside it."""
    late, early = draw(st.integers(0, 20)), draw(st.integers(0, 40))
    seasons = st.lists(st.sampled_from(["heating", "cooling", "rain", "winter"]), min_size=1, max_size=2, unique=True)
    kind = draw(st.sampled_from(["season", "in_season", "age", "meter", "before", "condition"]))
    schedule: Schedule
    interval: Interval | None = None
    gap: int | None = None
    reuse: BeforeReuse | None = None
    beside: tuple[PlanRow, ...] = ()
    match kind:
        case "season":
            schedule = SeasonSchedule(tuple(draw(seasons)), draw(st.integers(1, 60)))
            gap = draw(st.sampled_from([None, 366, 380])) if len(schedule.seasons) == 1 else None
        case "in_season":
            schedule = IntervalSchedule(draw(st.sampled_from(["heating", "cooling"])))
            every, unit = draw(st.sampled_from(INTERVALS[:6]))
            interval = Interval(every, IntervalUnit(unit))
            gap = draw(st.sampled_from([None, longest_days(interval)]))
            late, early = min(late, every - 1) if unit == "day" else late, min(early, 7)
        case "age":
            schedule = AgeSchedule(draw(years), then=draw(st.sampled_from([None, YEARLY])))
            reuse = draw(st.sampled_from([None, BeforeReuse(365), BeforeReuse(100)]))
        case "meter":
            schedule = MeterSchedule("run_hours", draw(st.sampled_from([100.0, 500.0, 1500.0])))
            interval = draw(st.sampled_from([None, YEARLY, Interval(6, IntervalUnit.MONTH)]))
        case "before":
            beside = (replace(row("OTHER", 3, "month", 15, 5), anchor=draw(days), max_gap_days=92),)
            schedule = BeforeSchedule("OTHER", draw(st.integers(1, 30)))
            interval = draw(st.sampled_from([None, Interval(3, IntervalUnit.MONTH)]))
        case _:
            schedule = ConditionSchedule(("bearing_wear",))
    used = interval or implied_interval(schedule)
    one = row("KIND", used.every, used.unit.value, early, late, schedule=schedule)
    return (
        *beside,
        replace(
            one,
            max_gap_days=gap,
            missed=draw(st.sampled_from(Missed)),
            anchor=draw(st.none() | days),
            before_reuse=reuse,
        ),
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """A meter with a rate, replaced or not, and some sightings."""
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    rate, readings = draw(st.floats(0, 24)), draw(st.integers(0, 60))
    swap = draw(st.integers(0, 80))
    samples = [
        Sample(begin + timedelta(days=20 * n), (n if n < swap else n - swap) * 20 * rate) for n in range(readings)
    ]
    seen = draw(st.lists(days, max_size=3).map(sorted))
    noticed = [Sighting("bearing_wear", datetime.combine(d, time(), UTC), LocalName("磨损", "wear")) for d in seen]
    return Facts(SITE, {"run_hours": Meter(samples, "h")}, noticed)


few = st.lists(steps, max_size=9)
idle = st.lists(st.builds(Step, st.integers(0, 40), st.just("nothing"), st.just(0), st.booleans()), max_size=2)
away = st.builds(Step, st.integers(2, 400), st.just("rests"), st.integers(0, 2), st.booleans())

untouched = st.builds(lambda before, rest, after: (*before, rest, *after), idle, away, few)
"""Steps of a life in which nothing is done before the machine rests for the first time."""

lives = st.builds(
    Life,
    rows=interval_rows() | interval_rows() | other_rows(),
    asset=st.builds(
        lambda installed: Asset("k1", "demo", "X", "pump", LocalName("泵", "Pump"), installed_on=installed), days
    ),
    start=days,
    steps=st.lists(steps, min_size=1, max_size=10).map(tuple) | untouched,
    holidays=st.booleans(),
    facts=facts(),
    former=st.just(()) | st.lists(st.none() | st.integers(0, 40) | st.integers(0, 900), max_size=4).map(tuple),
)
