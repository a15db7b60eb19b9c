"""Figures rest on what was recorded, and say so where that is too little."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.figures.compliance import is_statutory, outcome, plan_counts
from maintenance.figures.facts import Alarm, Booked, Due, Facts, Kept, Machine, Repaired, Stop, Ticket
from maintenance.figures.figure import DEFINITIONS, Figure, share
from maintenance.figures.groups import By, Catalogue, grouped, period_of
from maintenance.figures.precision import alarm_precision, overall, ticket_precision
from maintenance.figures.reliability import down_times, in_service, reliability
from maintenance.figures.rows import standing_for_law, systems_of
from maintenance.plan import NO_INTERVAL, AppliesTo, Interval, IntervalUnit, Layer, PlanRow
from plantroom.catalogue import equipment_classes, systems
from plantroom.domain.assets import LocalName, Site
from plantroom.errors import BadData

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 4, 1, tzinfo=UTC)
MARCH = (datetime(2026, 3, 1, tzinfo=UTC), NOW)
SYSTEMS = {key: system.classes for key, system in systems().items()}
SITE = Site("demo", LocalName("示范", "Demo"))
NAMES = Catalogue(SYSTEMS, equipment_classes(), {key: one.name for key, one in systems().items()})

PUMP = Machine("p1", "P-1", "泵", "Pump", "pump", "in_service", "水务管理部门", date(2010, 1, 1), None, 10.0)
LIFT = Machine("e1", "E-1", "梯", "Lift", "elevator", "in_service", "电梯维修部门", None, date(2020, 1, 1), None)
WEEKLY = Due("p1", "l1", "PU-W", "preventive", "contract", None, date(2026, 3, 10), None, "due", None, None)
FAULT = Ticket("w1", 0, "p1", None, "rule", "general", "verified", "confirmed", True, "bearing", MARCH[0], NOW)


def done(at: datetime) -> Due:
    return WEEKLY._replace(state="done", completed_at=at)


def test_work_is_in_time_until_the_end_of_its_last_day_at_the_site() -> None:
    last_minute = datetime(2026, 3, 10, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    assert outcome(done(last_minute), NOW, SHANGHAI) == "in_time"
    assert outcome(done(last_minute + timedelta(minutes=1)), NOW, SHANGHAI) == "late"


def test_work_by_the_hour_is_in_time_until_its_moment() -> None:
    by_hour = done(datetime(2026, 3, 10, 4, 1, tzinfo=UTC))._replace(due_at=datetime(2026, 3, 10, 4, tzinfo=UTC))
    assert outcome(by_hour, NOW, SHANGHAI) == "late"


def test_what_was_put_off_bypassed_or_missed_was_due_and_what_was_cancelled_was_not() -> None:
    missed = WEEKLY._replace(state="missed")
    ends = ("deferred", "bypassed", "missed", "cancelled")
    dues = [done(datetime(2026, 3, 9, tzinfo=UTC)), *(missed._replace(order_state=end) for end in ends)]
    counts = plan_counts(dues, NOW, SHANGHAI)
    assert (counts.due, counts.in_time, counts.deferred, counts.bypassed, counts.missed) == (4, 1, 1, 1, 1)
    assert counts.rate == Figure(0.25, 4)


def test_what_a_law_asks_for_is_missed_when_somebody_cancels_it_and_not_when_it_is_waived() -> None:
    cancelled = WEEKLY._replace(state="missed", order_state="cancelled")
    lawful = [cancelled._replace(layer="law"), cancelled._replace(kind="statutory")]
    counts = plan_counts([done(MARCH[0]), *lawful, *(one._replace(state="waived") for one in lawful)], NOW, SHANGHAI)
    assert (counts.due, counts.in_time, counts.missed, counts.cancelled, counts.waived) == (3, 1, 2, 2, 2)
    assert counts.rate == Figure(1 / 3, 3)
    assert outcome(lawful[0], NOW, SHANGHAI) == "cancelled"


def test_work_of_a_row_that_stands_for_the_law_s_is_statutory_also_by_way_of_another() -> None:
    week = Interval(1, IntervalUnit.WEEK)
    law = PlanRow("l0", "LAW", LocalName("", ""), "preventive", AppliesTo(), week, layer=Layer.LAW)
    own = PlanRow("l2", "OWN", LocalName("", ""), "preventive", AppliesTo(), week, fulfils=("LAW",))
    other = PlanRow("l1", "PU-W", LocalName("", ""), "preventive", AppliesTo(), week, fulfils=("OWN", "PU-W"))
    loose = PlanRow("l3", "LOOSE", LocalName("", ""), "preventive", AppliesTo(), week, fulfils=("NONE",))
    lawful = standing_for_law([law, own, other, loose])
    assert lawful == {"l1", "l2"}
    cancelled = WEEKLY._replace(state="missed", order_state="cancelled")
    assert is_statutory(cancelled, lawful)
    assert outcome(cancelled, NOW, SHANGHAI, lawful) == "cancelled"
    facts = Facts((PUMP,), (cancelled,), (), (), (), (), (), ())
    (found,) = grouped(
        facts, SITE, period_of(SITE, date(2026, 3, 1), date(2026, 3, 31)), By.SITE, NOW,
        replace(NAMES, rows={row.lineage: row for row in (law, own, other, loose)}),
    )  # fmt: skip
    assert (found.statutory.due, found.statutory.cancelled, found.plan.due) == (1, 1, 0)


def test_work_that_may_still_be_done_is_not_counted() -> None:
    assert outcome(WEEKLY, datetime(2026, 3, 10, 12, tzinfo=UTC), SHANGHAI) is None
    assert outcome(WEEKLY, datetime(2026, 3, 10, 16, tzinfo=UTC), SHANGHAI) == "overdue"


def test_credited_work_is_in_time_and_said_to_be_credited() -> None:
    counts = plan_counts([done(MARCH[0])._replace(state="credited")], NOW, SHANGHAI)
    assert (counts.due, counts.in_time, counts.credited) == (1, 1, 1)


@given(st.lists(st.sampled_from(["done", "due", "missed", "credited"])), st.integers(0, 60))
def test_counts_add_up(states: list[str], days: int) -> None:
    dues = [
        WEEKLY._replace(state=s, completed_at=MARCH[0] + timedelta(days=days) if s in ("done", "credited") else None)
        for s in states
    ]
    found = plan_counts(dues, NOW, SHANGHAI)
    parts = found.in_time + found.late + found.missed + found.deferred + found.bypassed + found.overdue
    assert found.due == parts == len(states)
    assert found.credited == states.count("credited")


def failures(count: int) -> list[Ticket]:
    return [
        FAULT._replace(work_order=f"w{n}", opened_at=MARCH[0] + timedelta(days=n), completed_at=None)
        for n in range(count)
    ]


def test_two_failures_give_no_mean_time_between_them() -> None:
    found = reliability([PUMP], failures(2), [], [], MARCH, UTC)
    assert (found.mtbf_h.value, found.mtbf_h.count, found.mtbf_h.minimum) == (None, 2, 3)
    assert reliability([PUMP], failures(3), [], [], MARCH, UTC).mtbf_h.value == pytest.approx(31 * 24 / 3)


def test_a_few_days_give_neither_availability_nor_mtbf() -> None:
    week = (MARCH[0], MARCH[0] + timedelta(days=7))
    found = reliability([PUMP], failures(4), [], [], week, UTC)
    assert (found.mtbf_h.value, found.availability.value) == (None, None)
    assert found.availability.days == pytest.approx(7)


def test_the_time_before_a_machine_was_entered_is_neither_up_nor_operating_time() -> None:
    late = [PUMP._replace(key=f"p{n}", known_since=NOW - timedelta(days=2)) for n in range(13)]
    found = reliability(late, failures(4), [], [], MARCH, UTC)
    assert (found.availability.value, found.mtbf_h.value) == (None, None)
    assert (found.availability.days, found.operating_hours) == (26.0, 26.0 * 24)
    assert in_service(PUMP._replace(known_since=NOW + timedelta(days=1)), MARCH, UTC) == []
    assert in_service(PUMP._replace(known_since=MARCH[0] - timedelta(days=1)), MARCH, UTC) == [MARCH]


def test_false_alarms_are_no_failures() -> None:
    false = [one._replace(confirmed=False, verdict="false_alarm", state="rejected") for one in failures(9)]
    unknown = [one._replace(confirmed=False, verdict=None, state="open") for one in failures(2)]
    found = reliability([PUMP], false + unknown, [], [], MARCH, UTC)
    assert (found.failures, found.unjudged) == (0, 2)


@pytest.mark.parametrize("mode", ["sensor_fault", "offline", "clock"])
def test_what_is_wrong_with_a_sensor_is_no_failure_of_its_machine(mode: str) -> None:
    of_sensor = [one._replace(failure_mode=mode, severity="critical") for one in failures(3)]
    took = [Repaired(f"w{n}", "p1", None, MARCH[0] + timedelta(days=1), 3600.0) for n in range(3)]
    found = reliability([PUMP], of_sensor, took, [], MARCH, UTC)
    assert (found.failures, found.unjudged, found.down_hours) == (0, 0, 0)
    assert found.mttr_h.count == 0


def test_repair_time_is_without_pauses_and_of_confirmed_repairs_only() -> None:
    took = [Repaired(f"w{n}", "p1", None, MARCH[0] + timedelta(days=1), 3600.0 * (n + 1)) for n in range(4)]
    tickets = [*failures(3), failures(4)[3]._replace(confirmed=False)]
    assert reliability([PUMP], tickets, took, [], MARCH, UTC).mttr_h == Figure(2.0, 3, 3)
    assert reliability([PUMP], tickets, took[:2], [], MARCH, UTC).mttr_h.value is None


def test_down_time_that_was_recorded_twice_counts_once() -> None:
    day = timedelta(days=1)
    stops = [Stop("p1", MARCH[0], MARCH[0] + day), Stop("p1", MARCH[0] + day / 2, MARCH[0] + 2 * day)]
    found = reliability([PUMP], [], [], stops, MARCH, UTC)
    assert found.down_hours == pytest.approx(48)
    assert found.availability.value == pytest.approx(29 / 31)


def test_a_confirmed_critical_ticket_is_down_time_and_a_general_one_is_not() -> None:
    critical = FAULT._replace(severity="critical", completed_at=MARCH[0] + timedelta(hours=5))
    assert reliability([PUMP], [critical], [], [], MARCH, UTC).down_hours == pytest.approx(5)
    assert reliability([PUMP], [FAULT], [], [], MARCH, UTC).down_hours == 0


def test_machines_count_from_the_day_they_went_into_service() -> None:
    new = PUMP._replace(in_service_on=date(2026, 3, 30))
    assert in_service(new, MARCH, UTC) == [(datetime(2026, 3, 30, tzinfo=UTC), NOW)]
    assert in_service(PUMP._replace(status="scrapped"), MARCH, UTC) == []


def test_the_time_out_of_service_is_neither_operating_nor_down_time() -> None:
    begin, day = MARCH[0], timedelta(days=1)
    back = PUMP._replace(rests=((begin - 9 * day, begin + 2 * day), (begin + 10 * day, begin + 12 * day)))
    assert in_service(back, MARCH, UTC) == [(begin + 2 * day, begin + 10 * day), (begin + 12 * day, MARCH[1])]
    gone = PUMP._replace(status="out_of_service", rests=((begin + 10 * day, None),))
    assert in_service(gone, MARCH, UTC) == [(begin, begin + 10 * day)]
    found = reliability([back], [], [], [Stop("p1", begin + day, begin + 3 * day)], MARCH, UTC)
    assert (found.operating_hours, found.down_hours) == (pytest.approx(26 * 24), pytest.approx(24))


SPANS = st.tuples(st.integers(-100, 900), st.integers(0, 300), st.booleans())


@given(st.lists(SPANS))
def test_down_time_never_exceeds_the_period_nor_overlaps(spans: list[tuple[int, int, bool]]) -> None:
    stops = [
        Stop("p1", MARCH[0] + timedelta(hours=since), None if lasts else MARCH[0] + timedelta(hours=since + length))
        for since, length, lasts in spans
    ]
    found = down_times(stops, MARCH).get("p1", [])
    assert all(before[1] < after[0] for before, after in pairwise(found))
    assert all(MARCH[0] <= since < until <= MARCH[1] for since, until in found)


def test_precision_is_what_was_confirmed_of_what_was_judged() -> None:
    said = [("confirmed", True)] * 4 + [("sensor", False), (None, False)]
    tickets = [FAULT._replace(verdict=verdict, confirmed=good) for verdict, good in said]
    (found,) = ticket_precision(tickets)
    assert (found.key, found.total, found.judged, found.rate.value) == (("rule", "bearing"), 6, 5, 0.8)
    assert overall(ticket_precision(tickets[:4])).rate.value is None


def test_alarms_of_rejected_tickets_were_wrong() -> None:
    alarms = [Alarm("p1", "bearing", "limit", "rejected", None)] * 5 + [Alarm("p1", "bearing", "limit", None, None)]
    (found,) = alarm_precision(alarms)
    assert (found.judged, found.rate.value) == (5, 0.0)


FACTS = Facts(
    machines=(PUMP, LIFT),
    due=(WEEKLY, WEEKLY._replace(asset="e1", layer="law"), WEEKLY._replace(asset=None, lineage="patrol")),
    tickets=(FAULT,),
    repaired=(),
    stops=(),
    kept=(Kept("p1", "水务管理部门", "resolve", 4, 2, 3),),
    alarms=(),
    booked=(Booked("p1", None, 10.5), Booked(None, None, 1.0)),
)
PATROL = PlanRow(
    "patrol", "FI-PAT", LocalName("巡查", "Patrol"), "statutory", AppliesTo(site=True), NO_INTERVAL,
    department=LocalName("消防管理部门", "Fire"),
)  # fmt: skip
PERIOD = period_of(SITE, date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize("by", list(By))
def test_every_fact_is_in_a_group(by: By) -> None:
    found = grouped(FACTS, SITE, PERIOD, by, NOW, replace(NAMES, rows={"patrol": PATROL}))
    statutory = sum(one.statutory.due for one in found if one.key != "elevator_escalator")
    assert (sum(one.plan.due for one in found), statutory) == (2, 1)
    assert sum(one.cost for one in found) == 11.5
    assert sum(one.reliability.failures for one in found) == 1
    assert [(s.judged, s.limit_met, s.rate.value) for one in found for s in one.sla] == [(4, 3, 0.75)]


def test_a_machine_s_failures_are_its_department_s_whoever_mends_it() -> None:
    electric = "电气管理部门"
    tickets = tuple(one._replace(department=electric) for one in failures(3))
    took = tuple(Repaired(f"w{n}", "p1", electric, MARCH[0] + timedelta(days=1), 3600.0) for n in range(3))
    facts = FACTS._replace(tickets=tickets, repaired=took)
    found = {one.key: one.reliability for one in grouped(facts, SITE, PERIOD, By.DEPARTMENT, NOW, NAMES)}
    assert found[PUMP.department or ""].mtbf_h.value == pytest.approx(31 * 24 / 3)
    assert (found[electric].failures, found[electric].mttr_h.value) == (0, 1.0)


def test_patrols_are_of_the_system_that_their_department_looks_after() -> None:
    assert systems_of(PATROL, SYSTEMS) == ["fire"]
    (fire,) = [
        one
        for one in grouped(FACTS, SITE, PERIOD, By.SYSTEM, NOW, replace(NAMES, rows={"patrol": PATROL}))
        if one.key == "fire"
    ]
    assert fire.plan.due == 1


def test_ages_are_against_the_machine_s_own_life_or_its_class_s() -> None:
    (all_of_it,) = grouped(FACTS, SITE, PERIOD, By.SITE, NOW, NAMES)
    assert (all_of_it.ages.machines, all_of_it.ages.past) == (2, 1)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    for last in (date(2026, 2, 27), date(2031, 4, 1)):
        with pytest.raises(BadData, match="to:"):
            period_of(SITE, date(2026, 3, 1), last)


@pytest.mark.parametrize(
    ("first", "last", "field"), [(date.min, date(1, 1, 2), "from"), (date(9998, 12, 1), date.max, "to")]
)
def test_a_period_at_the_end_of_time_is_refused(first: date, last: date, field: str) -> None:
    with pytest.raises(BadData, match=f"{field}:"):
        period_of(SITE, first, last)


def test_shares_of_nothing_have_no_value_and_every_figure_is_defined() -> None:
    assert share(0, 0) == Figure(None, 0)
    assert {"plan", "sla", "mtbf", "mttr", "availability", "ticket_precision", "alarm_precision"} == set(DEFINITIONS)
    assert all(one.source and one.formula.zh and one.formula.en for one in DEFINITIONS.values())
