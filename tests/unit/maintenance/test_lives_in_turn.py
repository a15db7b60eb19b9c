"""Generated lives of a row of the law's that others stand for in turn or at once: they begin, end and overlap."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintenance.giving_way import as_it_will_stand, giving_way
from maintenance.lateness import Record
from maintenance.nesting import Planned
from maintenance.plan import Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import SubjectPlan, asset_subject, plan_subject
from maintenance.stand_ins import floor_of, sources, stand_ins
from plantroom.domain.assets import Asset, LocalName
from tests.examples import examples
from tests.unit.maintenance.histories import ZONE
from tests.unit.maintenance.rows import row

START, GAP = date(2024, 1, 1), 31
PUMP = asset_subject(Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump"), in_service_on=START))
DAY, HORIZON = timedelta(days=1), timedelta(days=60)


@dataclass(frozen=True)
class Life:
    """The law's rows, those that stand for them, on which days before its beginning (end) each is entered (ended), and
    on which days before their last ones orders are done."""

    laws: tuple[PlanRow, ...]
    others: tuple[tuple[PlanRow, int, int], ...]
    early: tuple[int, ...]

    def rows(self, today: date) -> list[PlanRow]:
        """Those that are in the table on a day."""
        found = [*self.laws]
        for one, entered, told in self.others:
            if today >= one.effective_from - timedelta(days=entered):
                known = one.ends is not None and today >= one.ends - timedelta(days=told)
                found.append(one if known else replace(one, ends=None))
        return found


@st.composite
def lives(draw: st.DrawFn, *, two: bool = False) -> Life:
    days = st.dates(START, START + timedelta(days=27))
    shifts = st.sampled_from([0, 0, 50, 100])
    law = row(
        "LAW", 1, "month", draw(st.sampled_from([0, 3])), draw(st.sampled_from([0, 3])), max_gap_days=GAP,
        layer=Layer.LAW, anchor=draw(days), shift_percent=draw(shifts),
    )  # fmt: skip
    every, gap = draw(st.sampled_from([(15, 20), (31, 31), (45, 62)]))
    second = row(
        "RARE", every, "day", draw(st.sampled_from([0, 3])), 0, max_gap_days=gap, layer=Layer.LAW, anchor=draw(days),
    )  # fmt: skip
    laws = (law, second) if two else (law,)
    named = st.lists(st.sampled_from([one.code for one in laws]), min_size=1, max_size=len(laws), unique=True).map(
        tuple
    )
    others = []
    for code in ("OURS", "NEXT")[: draw(st.integers(1, 2))]:
        every, unit = draw(st.sampled_from([(15, "day"), (1, "month"), (2, "month"), (3, "month")]))
        begins = START + timedelta(days=draw(st.integers(30, 300)))
        ends = draw(st.none() | st.integers(10, 250).map(lambda n, begins=begins: begins + timedelta(days=n)))
        one = row(
            code, every, unit, draw(st.sampled_from([0, 5])), draw(st.sampled_from([0, 5])), fulfils=draw(named),
            anchor=draw(st.none() | days), max_gap_days=draw(st.sampled_from([None, 15, 31, 62])),
            shift_percent=draw(shifts), effective_from=begins, ends=ends,
        )  # fmt: skip
        others.append((one, draw(st.sampled_from([0, 0, 20, 70])), draw(st.sampled_from([0, 0, 40]))))
    return Life(laws, tuple(others), tuple(draw(st.lists(st.sampled_from([0, 0, 0, 2, 9]), min_size=3, max_size=3))))


@given(lives())
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_who_does_all_in_time_misses_nothing_and_no_second_look_makes_anything(life: Life) -> None:
    play(life)


@given(lives(two=True))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_that_is_so_of_each_of_two_rows_of_the_law_s_that_others_stand_for(life: Life) -> None:
    play(life)


def play(life: Life) -> None:
    known: dict[OccurrenceKey, Occurrence] = {}
    days: dict[str, list[date]] = {one.code: [] for one in life.laws}
    today, number = START, 0
    while today < START + timedelta(days=520):
        rows = life.rows(today)
        look(rows, known, today)
        assert look(rows, known, today) == [], f"a second look on {today} makes nothing"
        done = do(rows, known, today, life.early[number % 3])
        number += bool(done)
        for law, found in days.items():
            if any(law in (one.code, *one.fulfils) for one in done):
                found.append(today)
        today += DAY
    for law in life.laws:
        for before, after in pairwise(days[law.code]):
            gap = law.max_gap_days or 0
            assert (after - before).days <= gap, f"nobody did {law.code} between {before} and {after}"


def planned(rows: list[PlanRow], known: dict[OccurrenceKey, Occurrence], today: date) -> SubjectPlan:
    history = sorted(known.values(), key=lambda one: one.key)
    return plan_subject(rows, {one.code: one for one in rows}, PUMP, history, today, ZONE)


def look(rows: list[PlanRow], known: dict[OccurrenceKey, Occurrence], today: date) -> list[OccurrenceKey]:
    """What a run of the scheduler makes. What gives way is withdrawn, and what comes back is made again."""
    left = {one.key: one for one in as_it_will_stand(list(known.values()), giving_way(rows, (), today))}
    again = known.keys() - left.keys()
    known.clear()
    known.update(left)
    plan = planned(rows, known, today)
    for standing in plan.standing:
        for p in standing.job.occurrences:
            assert p.window.latest >= today, f"{p.row.code} {p.window} is over on {today}"
            known[key_of(p)] = made(p)
    found = []
    for job in plan.to_make(today + HORIZON):
        for p in job.occurrences:
            assert key_of(p) not in known
            assert p.window.latest >= today, f"{p.row.code} {p.window} is made too late on {today}"
            known[key_of(p)] = made(p)
            found.append(key_of(p))
    # Before a row stands for the law's, how long it will is not asked.
    waits = any(link.since > today for link in stand_ins(rows, {}))
    assert waits or again <= set(found), "what is forgotten is made again"
    return found


def key_of(one: Planned) -> OccurrenceKey:
    return OccurrenceKey(one.row.lineage, "k1", one.window.cycle)


def made(one: Planned) -> Occurrence:
    found = one.window
    return Occurrence(key_of(one), "demo", one.row.code, found.nominal, found.earliest, found.latest)


def do(rows: list[PlanRow], known: dict[OccurrenceKey, Occurrence], today: date, early: int) -> list[PlanRow]:
    """Do what is due by then, and what may be done some days before; each is in time. Gives what was done."""
    links = stand_ins(rows, {one.code: one for one in rows})
    found = []
    for one in sorted(known.values(), key=lambda o: o.latest):
        if one.state is not OccurrenceState.DUE or max(one.earliest, one.latest - early * DAY) > today:
            continue
        of = next(row for row in rows if row.lineage == one.key.lineage)
        by_lineage: dict[str, list[Occurrence]] = {}
        for other in known.values():
            by_lineage.setdefault(other.key.lineage, []).append(other)
        given = sources(links, date.max)
        record = Record(by_lineage, {row.code: row.lineage for row in rows}, given, (), ZONE)
        at = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
        floor = floor_of(of, {row.code: row for row in rows})
        last = None if floor is None else record.last_allowed(of, floor, at, one.key)
        assert last is None or last >= today, f"{one.plan_row} {one.nominal_date} done on {today} is late by {last}"
        known[one.key] = replace(one, state=OccurrenceState.DONE, completed_at=at)
        found.append(of)
    return found
