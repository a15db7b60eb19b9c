"""Who may do the work, who is the best choice, and why others are not."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.people.assignment import Facts, Job, Load, candidates, choice, judge, licensed, nearest
from maintenance.people.known import licence_demands, licence_kinds
from maintenance.people.licences import Work, demanded
from maintenance.people.rosters import Absence
from maintenance.people.staff import Certificate, Person
from maintenance.people.upkeep import expiries
from plantroom.ports.accounts import Grant, Role
from tests.unit.maintenance.people.given import ELECTRICAL, NOW, TODAY, WATER, contractor, duty, paper, person

DUE = TODAY + timedelta(days=10)
ELECTRIC = Work("preventive", "in_house", "distribution_board")
LIFT = Work("statutory", "contractor", "elevator", rows=("EL-HM",))
PLAIN = Work("inspection", "in_house", "pump")


def job(work: Work = PLAIN, department: str | None = ELECTRICAL, **given: Any) -> Job:
    return Job("o1", "demo", department, work, (TODAY, DUE), NOW, NOW, **given)


def facts(*papers: Certificate, on: tuple[str, ...] = ("li",), **given: Any) -> Facts:
    held: dict[str, list[Certificate]] = {}
    for one in papers:
        held.setdefault(one.username, []).append(one)
    return Facts(
        certificates=held,
        duties={user: [duty(user)] for user in on},
        demands=licence_demands(),
        kinds=licence_kinds(),
        **given,
    )


def codes(work: Job, who: Person, known: Facts) -> list[tuple[str, bool]]:
    return [(reason.code, reason.refuses) for reason in judge(work, who, known).reasons]


@pytest.mark.parametrize(
    ("issued", "expires", "code"),
    [
        (date(2020, 1, 1), TODAY - timedelta(days=1), "expired"),
        (TODAY + timedelta(days=1), None, "not_yet_valid"),
        (date(2020, 1, 1), DUE - timedelta(days=1), "expires_before_due"),
        (date(2020, 1, 1), DUE, None),
        (TODAY, None, None),
    ],
)
def test_a_certificate_holds_on_both_days_or_the_work_is_refused(
    issued: date, expires: date | None, code: str | None
) -> None:
    found = codes(job(ELECTRIC), person("li", ELECTRICAL), facts(paper("electrician_low", issued, expires)))
    assert found == ([] if code is None else [(code, True)])


def test_the_refusal_says_who_which_certificate_and_when_it_expired() -> None:
    known = facts(paper("electrician_low", expires=date(2026, 2, 28), number="T31-7"))
    text = judge(job(ELECTRIC), person("li", ELECTRICAL, name="李工"), known).reasons[0].text
    for said in (text.zh, text.en):
        assert "李工" in said
        assert "T31-7" in said
        assert "2026-02-28" in said


def test_a_renewal_carries_the_work_over_the_old_one_s_last_day() -> None:
    old = paper("electrician_low", expires=TODAY + timedelta(days=3))
    new = paper("electrician_low", TODAY + timedelta(days=4), None, number="N2")
    assert codes(job(ELECTRIC), person("li", ELECTRICAL), facts(old, new)) == []


def test_any_kind_that_a_demand_lists_will_do_and_its_scope_has_to_fit() -> None:
    who = person("li", ELECTRICAL)
    assert codes(job(ELECTRIC), who, facts(paper("electrician_high"))) == []
    assert codes(job(ELECTRIC), who, facts(paper("electrician_low", classes=("generator",)))) == [("other_scope", True)]
    assert codes(job(ELECTRIC), who, facts(paper("work_at_height"))) == [("missing", True)]


def test_elevator_work_needs_a_licensed_contractor_and_a_certified_person() -> None:
    ours, theirs = person("li", "电梯维修部门"), person("chen", contractor="anda")
    certified = facts(
        paper("special_equipment_elevator"),
        paper("special_equipment_elevator", username="chen"),
        on=("li", "chen"),
        contractors={"anda": contractor("elevator_licence")},
    )
    lift = job(LIFT, "电梯维修部门")
    assert codes(lift, ours, certified) == [("no_contractor", True)]
    assert codes(lift, theirs, certified) == []
    lapsed = replace(certified, contractors={"anda": contractor("elevator_licence", expires=TODAY)})
    assert codes(lift, theirs, lapsed) == [("expires_before_due", True)]
    bare = replace(certified, certificates={})
    assert codes(lift, theirs, bare) == [("missing", True)]


def test_the_property_s_own_look_at_an_elevator_needs_none() -> None:
    look = Work("inspection", "in_house", "elevator", rows=("EL-M",))
    assert codes(job(look, "电梯维修部门"), person("li", "电梯维修部门"), facts()) == []


def test_a_plan_row_may_ask_for_more() -> None:
    roof = Work("inspection", "in_house", "pump", licences=("work_at_height", "fire_service"))
    assert [(d.person, d.contractor) for d in demanded(roof, licence_demands(), licence_kinds())] == [
        (("work_at_height",), ()),
        ((), ("fire_service",)),
    ]


def test_advice_warns_and_refuses_nobody() -> None:
    patrol = Work("statutory", "in_house", "fire_panel")
    judged = judge(job(patrol), person("li", ELECTRICAL), facts())
    assert judged.suggested
    assert "消防设施操作员" in judged.warnings[0].zh


def test_who_has_no_grant_is_switched_off_or_of_another_firm_is_refused() -> None:
    elsewhere = person("li", grants=(Grant(Role.TECHNICIAN, "demo", WATER),))
    assert codes(job(), elsewhere, facts())[0] == ("no_grant", True)
    assert codes(job(), person("li", grants=(Grant(Role.VIEWER, "demo"),)), facts())[0] == ("no_grant", True)
    assert codes(job(), person("li", ELECTRICAL, active=False), facts()) == [("inactive", True)]
    assert ("other_contractor", True) in codes(job(contractor="anda"), person("li", ELECTRICAL), facts())


def test_a_contractor_s_grant_reaches_its_own_orders_only() -> None:
    chen = person("chen", contractor="anda", grants=(Grant(Role.TECHNICIAN, "demo", contractor="anda"),))
    known = facts(on=("chen",), contractors={"anda": contractor(), "other": contractor(key="other")})
    assert codes(job(contractor="anda"), chen, known) == []
    assert codes(job(contractor="other"), chen, known) == [("other_contractor", True)]


def test_the_automatic_choice_minds_department_shift_absence_and_declining_but_hands_may_override() -> None:
    known = facts(on=(), absences=[Absence("a", "li", TODAY, TODAY)], declined=frozenset({"li"}))
    judged = judge(job(), person("li", WATER), known)
    assert [reason.code for reason in judged.reasons] == ["other_department", "absent", "off_shift", "declined"]
    assert judged.allowed
    assert not judged.suggested


def test_the_one_with_the_least_work_gets_it_then_who_was_given_something_longest_ago_then_the_name() -> None:
    people = [person(name, ELECTRICAL) for name in ("a", "b", "c", "d")]
    known = facts(
        on=("a", "b", "c", "d"),
        loads={
            "a": Load(1, 60, NOW),
            "b": Load(2, 30, NOW),
            "c": Load(1, 30, NOW),
            "d": Load(1, 30, NOW - timedelta(hours=1)),
        },
    )
    assert [c.person.username for c in candidates(job(), people, known)] == ["d", "c", "b", "a"]


@given(st.permutations(["a", "b", "c", "d", "e"]), st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_the_choice_does_not_depend_on_the_order_of_people(names: list[str], loads: list[int]) -> None:
    known = facts(on=tuple("abcde"), loads={n: Load(1, m) for n, m in zip("abcde", loads, strict=True)})
    best = choice(job(), [person(n, ELECTRICAL) for n in names], known)
    assert best is not None
    assert best.person.username == min(zip(loads, "abcde", strict=True))[1]


@given(st.lists(st.integers(10, 90), min_size=4, max_size=40))
def test_work_given_out_one_by_one_is_spread_fairly(lengths: list[int]) -> None:
    people = [person(n, ELECTRICAL) for n in "abc"]
    loads: dict[str, Load] = {}
    for minutes in lengths:
        best = choice(job(), people, facts(on=tuple("abc"), loads=loads))
        assert best is not None
        before = loads.get(best.person.username, Load())
        loads[best.person.username] = Load(before.orders + 1, before.minutes + minutes, NOW)
    given_out = [loads.get(n, Load()).minutes for n in "abc"]
    assert max(given_out) - min(given_out) <= 90


def test_only_licensed_contractors_are_found_and_none_where_none_is_demanded() -> None:
    there = [
        contractor("elevator_licence", key="b"),
        contractor("fire_service", key="c"),
        contractor("elevator_licence", key="d", active=False),
        contractor("elevator_licence", key="e", site="other"),
        contractor("elevator_licence", key="a", site=None),
    ]
    assert [c.id for c in licensed(job(LIFT), there, facts())] == ["a", "b"]
    assert licensed(job(PLAIN), there, facts()) == []


def test_distance_counts_steps_in_the_location_tree() -> None:
    here = ("room", "floor2", "tower")
    assert nearest(here, [("room", "floor2", "tower")]) == 0
    assert nearest(here, [("other", "floor2", "tower"), ("x", "floor9", "tower")]) == 2
    assert nearest(here, [("shed",)]) is None
    assert nearest((), [("shed",)]) is None


def test_what_runs_out_is_listed_until_it_is_renewed() -> None:
    people = [person("li", name="李工"), person("gone", active=False)]
    old = paper("electrician_low", expires=TODAY + timedelta(days=30))
    late = paper("health_certificate", expires=TODAY - timedelta(days=2))
    far = paper("work_at_height", expires=TODAY + timedelta(days=31))
    other = paper("electrician_low", expires=TODAY, username="gone")
    firm = contractor("elevator_licence", expires=TODAY + timedelta(days=7))
    found = expiries(people, [old, late, far, other], [firm, contractor("fire_service", active=False)], TODAY, 30)
    assert [(e.holder, e.kind, e.days_left) for e in found] == [
        ("li", "health_certificate", -2),
        ("anda", "elevator_licence", 7),
        ("li", "electrician_low", 30),
    ]
    renewed = paper("electrician_low", TODAY, None, number="N2")
    assert "electrician_low" not in [e.kind for e in expiries(people, [old, renewed], [], TODAY, 30)]
