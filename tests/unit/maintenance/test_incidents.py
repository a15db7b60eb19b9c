"""The life of an incident: which stage follows which, times that never run backwards, corrections that leave traces."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.incidents.model import (
    FollowUp,
    FollowUpKind,
    Incident,
    Involved,
    Lessons,
    LineKind,
    Listed,
    Outcome,
    Part,
    Stage,
    StageEntry,
    figures,
    spread,
    timeline,
)
from maintenance.incidents.rules import (
    MOST,
    NEEDS,
    NEXT,
    IncidentClosed,
    advanced,
    begun,
    closing_lacks,
    corrected,
    fitting_plan,
    marked,
    noted,
    with_plan,
)
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import BadData, Conflict, IllegalTransition, NotFound

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LESSONS = Lessons("到场及时", "对讲机备用电池")
PLAN = EmergencyPlan(
    "k1", "EP-EQ", Category.EQUIPMENT_FAILURE, LocalName("设备故障应急预案", "Equipment failure"),
    measures=("排查故障", "紧急维修"), supplies=("备件",), people=("专业维修团队",),
)  # fmt: skip
PEOPLE = {stage: (Involved(part, f"{part}者"),) for stage, part in NEEDS.items()}


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def incident(plan: EmergencyPlan | None = None, people: tuple[Involved, ...] = PEOPLE[Stage.REPORT]) -> Incident:
    entry = StageEntry(Stage.REPORT, NOW, NOW, "li", people)
    bare = Incident(
        "i1", "demo", "INC-2026-001", 1, Category.EQUIPMENT_FAILURE, Severity.MAJOR, LocalName("进水", "Flood"),
        Stage.REPORT, (entry,),
    )  # fmt: skip
    return begun(bare, plan)


def step(one: Incident, to: Stage, at: datetime | None = None, *, now: datetime | None = None, **more) -> Incident:
    given = {"people": PEOPLE[to], "note": "", "lessons": LESSONS if to is Stage.CLOSING else None} | more
    return advanced(one, to, at=at, by="li", now=now or at or minutes(60), **given)


def at_stage(stage: Stage, plan: EmergencyPlan | None = None) -> Incident:
    one = incident(plan)
    for number, to in enumerate((Stage.COMMAND, Stage.ON_SITE, Stage.COORDINATION, Stage.CLOSING), 1):
        if one.stage is stage:
            return one
        for item in one.items if to is Stage.CLOSING else ():
            one = marked(one, item.id, Outcome.NOT_NEEDED, at=None, note="未用", by="li", now=minutes(60))
        one = step(one, to, minutes(10 * number))
    return one


def test_an_incident_goes_through_its_stages_and_tells_how_long_each_took() -> None:
    closed = at_stage(Stage.CLOSING)
    assert [entry.stage for entry in closed.stages] == list(Stage)
    assert closed.closed
    assert closed.lessons == LESSONS
    took = figures(closed)
    assert (took.to_command_s, took.to_on_site_s, took.to_closing_s) == (600, 1200, 2400)
    assert figures(incident()) == type(took)(None, None, None)
    assert spread([None, 5.0, 1.0, 9.0, 7.0]).median_s == 5.0
    assert spread([None]).count == 0


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("to", list(Stage))
def test_only_the_next_stage_can_be_reached(stage: Stage, to: Stage) -> None:
    one = at_stage(stage)
    if to in NEXT[stage]:
        assert step(one, to, minutes(50), note="无需协调").stage is to
        return
    with pytest.raises(IncidentClosed if stage is Stage.CLOSING else IllegalTransition):
        step(one, to, minutes(50), note="无需协调")


def test_coordination_is_left_out_with_a_word_why() -> None:
    one = at_stage(Stage.ON_SITE)
    with pytest.raises(BadData, match="note"):
        step(one, Stage.CLOSING, minutes(30))
    assert step(one, Stage.CLOSING, minutes(30), note="误报，无人需要协调").closed


def test_times_do_not_run_backwards_nor_ahead() -> None:
    one = at_stage(Stage.COMMAND)
    for wrong, code in ((minutes(9), "runs_backwards"), (minutes(67), "in_the_future")):
        with pytest.raises(BadData) as caught:
            step(one, Stage.ON_SITE, wrong, now=minutes(60))
        assert caught.value.problems[0].code == code
    assert step(one, Stage.ON_SITE, minutes(10), now=minutes(60)).stages[-1].at == minutes(10)
    assert step(one, Stage.ON_SITE, minutes(64), now=minutes(60)).stages[-1].at == minutes(60)


def test_what_happened_offline_is_entered_late_with_its_own_time() -> None:
    entry = step(incident(), Stage.COMMAND, minutes(5), now=minutes(600)).stages[-1]
    assert (entry.at, entry.recorded_at, entry.late) == (minutes(5), minutes(600), True)
    assert not step(incident(), Stage.COMMAND, minutes(5), now=minutes(10)).stages[-1].late


@pytest.mark.parametrize("stage", [one for one in Stage if one not in (Stage.REPORT, Stage.CLOSING)])
def test_each_stage_names_who_leads_it(stage: Stage) -> None:
    before = {Stage.COMMAND: Stage.REPORT, Stage.ON_SITE: Stage.COMMAND, Stage.COORDINATION: Stage.ON_SITE}[stage]
    for people in ((), (Involved(Part.OUTSIDE, "119"),), (Involved(NEEDS[stage], " "),)):
        with pytest.raises(BadData) as caught:
            step(at_stage(before), stage, minutes(50), people=people)
        assert caught.value.problems[0].field == "people"
    with pytest.raises(BadData):
        incident(people=())


def test_who_closes_without_a_word_has_the_commander_of_before() -> None:
    closed = step(at_stage(Stage.COORDINATION), Stage.CLOSING, minutes(40), people=())
    assert [one.name for one in closed.stages[-1].people] == ["commander者"]


def test_closing_needs_lessons_and_every_measure() -> None:
    one = at_stage(Stage.COORDINATION, PLAN)
    with pytest.raises(BadData) as caught:
        step(one, Stage.CLOSING, minutes(40), lessons=None)
    assert [p.field for p in caught.value.problems] == ["items.m1", "items.m2", "lessons"]
    one = marked(one, "m1", Outcome.DONE, at=minutes(12), note="", by="li", now=minutes(13))
    one = marked(one, "m2", Outcome.NOT_NEEDED, at=None, note="未损坏", by="li", now=minutes(13))
    for lessons, field in ((Lessons(" ", "x"), "lessons.went_well"), (Lessons("x", ""), "lessons.to_change")):
        assert [p.field for p in closing_lacks(one, lessons)] == [field]
    assert step(one, Stage.CLOSING, minutes(40)).closed
    with pytest.raises(BadData, match="lessons"):
        step(at_stage(Stage.REPORT), Stage.COMMAND, minutes(5), lessons=LESSONS)


def test_the_list_of_the_plan_is_taken_over_and_marked() -> None:
    one = incident(PLAN)
    assert [(item.id, item.listed) for item in one.items] == [
        ("m1", Listed.MEASURE), ("m2", Listed.MEASURE), ("s1", Listed.SUPPLY), ("p1", Listed.PERSON),
    ]  # fmt: skip
    one = marked(one, "s1", Outcome.CHECKED, at=minutes(1), note="", by="li", now=minutes(2))
    one = marked(one, "s1", Outcome.USED, at=minutes(5), note="2个", by="wang", now=minutes(6))
    assert [(mark.outcome, mark.by) for mark in one.items[2].marks] == [(Outcome.CHECKED, "li"), (Outcome.USED, "wang")]
    assert one.items[2].outcome is Outcome.USED
    for item, outcome, note, error in (
        ("m1", Outcome.CALLED, "", BadData), ("p1", Outcome.DONE, "", BadData),
        ("m1", Outcome.NOT_NEEDED, " ", BadData), ("m9", Outcome.DONE, "", NotFound),
    ):  # fmt: skip
        with pytest.raises(error):
            marked(one, item, outcome, at=None, note=note, by="li", now=minutes(7))
    with pytest.raises(BadData, match="at"):
        marked(one, "m1", Outcome.DONE, at=minutes(-1), note="", by="li", now=minutes(7))
    with pytest.raises(Conflict, match="in use"):
        with_plan(one, PLAN)


def test_the_plan_of_the_class_goes_before_that_of_the_kind_and_the_site_s_own_before_all_sites() -> None:
    of_class = replace(PLAN, key="k2", code="EP-PUMP", classes=("pump",))
    own = replace(PLAN, key="k3", code="EP-Z", site="demo")
    off = replace(own, key="k4", code="EP-A", active=False)
    plans = [PLAN, of_class, own, off]
    assert fitting_plan(plans, Category.EQUIPMENT_FAILURE, "pump") is of_class
    assert fitting_plan(plans, Category.EQUIPMENT_FAILURE, "elevator") is own
    assert fitting_plan(plans, Category.EQUIPMENT_FAILURE, None) is own
    assert fitting_plan(plans, Category.PUBLIC_SAFETY, None) is None


def test_a_correction_keeps_what_it_replaced_and_stays_between_its_neighbours() -> None:
    one = at_stage(Stage.ON_SITE)
    right = corrected(
        one, Stage.COMMAND, at=minutes(12), people=None, note=None, reason="对讲机记录", by="wang", now=minutes(50)
    )
    assert right.stages[1].at == minutes(12)
    (trace,) = right.corrections
    assert (trace.before, trace.by, trace.reason) == (one.stages[1], "wang", "对讲机记录")
    assert [line.kind for line in timeline(right)][-1] is LineKind.CORRECTION
    for at in (minutes(-1), minutes(21)):
        with pytest.raises(BadData, match="at"):
            corrected(one, Stage.COMMAND, at=at, people=None, note=None, reason="x", by="w", now=minutes(50))
    with pytest.raises(BadData, match="reason"):
        corrected(one, Stage.COMMAND, at=None, people=None, note="x", reason=" ", by="w", now=minutes(50))
    with pytest.raises(Conflict):
        corrected(one, Stage.CLOSING, at=None, people=None, note="x", reason="x", by="w", now=minutes(50))
    with pytest.raises(BadData, match="people"):
        corrected(one, Stage.COMMAND, at=None, people=(), note=None, reason="x", by="w", now=minutes(50))
    same = corrected(one, Stage.COMMAND, at=minutes(10), people=None, note=None, reason="x", by="w", now=minutes(50))
    assert same is one


def test_a_closed_incident_takes_nothing_more() -> None:
    one = at_stage(Stage.CLOSING)
    with pytest.raises(IncidentClosed, match="addendum"):
        noted(one, "x", at=None, by="li", now=minutes(70))
    with pytest.raises(IncidentClosed):
        corrected(one, Stage.REPORT, at=None, people=None, note="x", reason="x", by="li", now=minutes(70))
    with pytest.raises(IncidentClosed):
        with_plan(one, PLAN)


def test_an_incident_does_not_grow_without_end() -> None:
    one = incident(PLAN)
    full = replace(one, notes=tuple(noted(one, "x", at=None, by="li", now=NOW).notes) * MOST)
    with pytest.raises(Conflict, match=str(MOST)):
        noted(full, "x", at=None, by="li", now=NOW)


def test_follow_ups_are_kept_with_the_lessons() -> None:
    lessons = replace(LESSONS, follow_ups=(FollowUp(FollowUpKind.WORK_ORDER, "换电池", "w1"),))
    closed = step(at_stage(Stage.COORDINATION), Stage.CLOSING, minutes(40), lessons=lessons)
    assert closed.lessons == lessons


moves = st.lists(
    st.tuples(st.sampled_from(list(Stage)), st.integers(-10, 200), st.booleans(), st.sampled_from(["", "x"])),
    max_size=30,
)


@given(moves)
def test_whatever_is_tried_the_stages_are_in_order_and_nothing_is_lost(
    tried: list[tuple[Stage, int, bool, str]],
) -> None:
    one, order = incident(), list(Stage)
    for stage, minute, correcting, note in tried:
        before = one
        try:
            if correcting:
                one = corrected(
                    one, stage, at=minutes(minute), people=None, note=note, reason="x", by="w", now=minutes(150)
                )
            else:
                one = step(one, stage, minutes(minute), now=minutes(150), note=note)
        except (BadData, Conflict):
            assert one is before
        stages = [entry.stage for entry in one.stages]
        assert stages == sorted(set(stages), key=order.index)
        assert one.stage is stages[-1]
        instants = [entry.at for entry in one.stages]
        assert instants == sorted(instants)
        assert max(instants) <= minutes(150)
        assert all(old in one.stages or old in [c.before for c in one.corrections] for old in before.stages)
        assert one.closed is (one.lessons is not None)
