"""The risk of a machine: every step explained, never less for more trouble; one warning for each crossing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.risk.model import (
    LIKELIHOOD,
    Assessment,
    Factor,
    Facts,
    OpenEpisode,
    OpenTicket,
    Overdue,
    RiskPolicy,
    Standing,
    check_policy,
)
from maintenance.risk.report import MOST_LINES, Around, make_report
from maintenance.risk.scoring import assess, moved, unlike
from maintenance.risk.weights import FILE, built_in, read_weights, weights
from maintenance.seed.codes import risk_matrix
from maintenance.work_orders import State
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import SENSOR_FAULT, Asset, AssetStatus, Health, LocalName, Severity
from plantroom.domain.renewal import ageing
from plantroom.errors import BadData

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WEIGHTS = weights()
CLASSES = equipment_classes()
PUMP = Asset("p1", "demo", "P-1", "pump", LocalName("1号泵", "Pump 1"), criticality="B")
LIFT = replace(PUMP, key="e1", code="E-1", equipment_class="elevator")
STANDBY = replace(PUMP, key="p2", code="P-2", status=AssetStatus.STANDBY)
FIRE = frozenset({"fire"})


def episode(severity: Severity = Severity.MAJOR, mode: str = "bearing_wear") -> OpenEpisode:
    return OpenEpisode("p1", mode, severity, safety=False)


def ticket(severity: Severity = Severity.GENERAL, number: int = 7, **more: Any) -> OpenTicket:
    given = {"failure_mode": None} | more
    return OpenTicket(
        "p1",
        f"w{number}",
        number,
        LocalName("漏水", "Leak"),
        severity,
        False,
        State.OPEN,
        None,
        "水务管理部门",
        **given,
    )


def overdue(count: int, *, law: bool) -> tuple[Overdue, ...]:
    return tuple(Overdue("p1", n + 1, LocalName("年检", "Inspection"), law) for n in range(count))


def old(asset: Asset, share: float) -> Facts:
    made = replace(
        asset, design_life_years=10.0, installed_on=date(2026, 3, 2) - timedelta(days=round(3652.425 * share))
    )
    return Facts(made, age=ageing(made, None, date(2026, 3, 2)))


def risk(**facts: Any) -> Assessment:
    return assess(Facts(**({"asset": PUMP} | facts)), WEIGHTS)


def points(found: Assessment, factor: Factor) -> int:
    return next(part.points for part in found.parts if part.factor is factor)


def test_a_machine_of_which_nothing_is_known_is_of_little_risk_and_says_what_is_not_known() -> None:
    found = risk(partner=STANDBY)
    assert (found.likelihood, found.consequence, found.score) == (1, 2, 2)
    assert [part.factor for part in found.parts if not part.known] == [Factor.MODEL, Factor.AGE]
    assert all(part.points == 0 for part in found.parts if not part.known)


@pytest.mark.parametrize(
    ("facts", "likelihood"),
    [
        ({"episodes": (episode(Severity.CRITICAL),)}, 5),
        ({"tickets": (ticket(Severity.MAJOR),)}, 4),
        ({"tickets": (ticket(Severity.GENERAL),)}, 2),
        ({"health": Health.ACT}, 4),
        ({"health": Health.WATCH}, 2),
        ({"overdue": overdue(1, law=True)}, 2),
        ({"overdue": overdue(3, law=True)}, 3),
        ({"overdue": overdue(9, law=False)}, 2),
        ({"faults": 1}, 1),
        ({"faults": 2}, 2),
        ({"faults": 5}, 3),
        ({"faults": 12}, 5),
        ({"tickets": (ticket(Severity.GENERAL),), "faults": 4, "overdue": overdue(1, law=False)}, 5),
    ],
)
def test_the_likelihood_is_what_its_points_come_to(facts: dict[str, Any], likelihood: int) -> None:
    assert risk(**facts).likelihood == likelihood


@pytest.mark.parametrize(("share", "expected"), [(0.5, 0), (0.76, 1), (1.01, 2), (1.3, 4)])
def test_age_counts_by_the_share_of_the_design_life(share: float, expected: int) -> None:
    assert points(assess(old(PUMP, share), WEIGHTS), Factor.AGE) == expected


@pytest.mark.parametrize(
    ("criticality", "systems", "partner", "consequence"),
    [
        ("A", frozenset(), None, 4), ("B", frozenset(), None, 3), ("C", frozenset(), STANDBY, 1),
        ("B", FIRE, None, 5), ("C", FIRE, STANDBY, 3), ("A", FIRE, None, 5),
        ("B", frozenset(), replace(STANDBY, status=AssetStatus.UNDER_MAINTENANCE), 3),
    ],
)  # fmt: skip
def test_the_consequence_goes_by_criticality_safety_and_what_stands_by(
    criticality: str, systems: frozenset[str], partner: Asset | None, consequence: int
) -> None:
    found = risk(asset=replace(PUMP, criticality=criticality), systems=systems, partner=partner)
    assert found.consequence == consequence


def test_one_fault_does_not_count_twice() -> None:
    both = risk(episodes=(episode(Severity.MAJOR),), health=Health.ACT)
    assert (points(both, Factor.CONDITION), points(both, Factor.MODEL)) == (6, 0)
    model = risk(tickets=(ticket(Severity.INFO),), health=Health.WATCH)
    assert (points(model, Factor.CONDITION), points(model, Factor.MODEL)) == (0, 3)
    assert "higher one" in next(p.text.en for p in model.parts if p.factor is Factor.CONDITION)


def test_a_sensor_that_fails_is_no_fault_of_the_machine_but_it_is_said() -> None:
    found = risk(episodes=(episode(Severity.MAJOR, SENSOR_FAULT),), tickets=(ticket(failure_mode=SENSOR_FAULT),))
    condition = next(part for part in found.parts if part.factor is Factor.CONDITION)
    assert (condition.points, condition.known) == (0, False)
    assert "sensors" in condition.text.en


def test_every_step_is_said_in_both_languages() -> None:
    found = risk(episodes=(episode(),), overdue=overdue(2, law=True), faults=3, systems=FIRE)
    assert [part.factor for part in found.parts] == list(Factor)
    assert all(part.text.zh and part.text.en for part in found.parts)
    total = sum(part.points for part in found.parts if part.factor in LIKELIHOOD)
    assert found.likelihood == WEIGHTS.likelihood(total)


machines = st.builds(
    Facts,
    asset=st.builds(lambda grade: replace(PUMP, criticality=grade), st.sampled_from("ABC")),
    systems=st.sampled_from([frozenset(), FIRE, frozenset({"hvac"})]),
    partner=st.sampled_from([None, STANDBY]),
    age=st.builds(lambda share: old(PUMP, share).age, st.floats(0.01, 2.0)) | st.none(),
    health=st.sampled_from(list(Health)),
    episodes=st.lists(st.builds(episode, st.sampled_from(list(Severity))), max_size=3).map(tuple),
    tickets=st.lists(st.builds(ticket, st.sampled_from(list(Severity))), max_size=3).map(tuple),
    overdue=st.builds(lambda a, b: overdue(a, law=True) + overdue(b, law=False), st.integers(0, 4), st.integers(0, 4)),
    faults=st.integers(0, 20),
)
WORSE = [
    lambda one: replace(one, episodes=(*one.episodes, episode(Severity.CRITICAL))),
    lambda one: replace(one, tickets=(*one.tickets, ticket())),
    lambda one: replace(one, overdue=(*one.overdue, *overdue(1, law=True))),
    lambda one: replace(one, faults=one.faults + 1),
    lambda one: replace(one, partner=None),
    lambda one: replace(one, systems=one.systems | FIRE),
    lambda one: replace(one, asset=replace(one.asset, criticality="A")),
    lambda one: replace(one, health=Health.ACT),
]


@given(machines, st.sampled_from(WORSE))
def test_more_trouble_is_never_less_risk_and_the_score_stays_in_the_matrix(facts: Facts, worse: Any) -> None:
    before, after = assess(facts, WEIGHTS), assess(worse(facts), WEIGHTS)
    assert after.score >= before.score
    for found in (before, after):
        assert 1 <= found.likelihood <= 5
        assert 1 <= found.consequence <= 5
        assert risk_matrix().band(found.score)
        assert assess(facts, WEIGHTS) == before


POLICY = RiskPolicy("demo", 15, 10, 7)


def scored(score: int) -> Assessment:
    likelihood, consequence = {3: (1, 3), 10: (2, 5), 12: (3, 4), 15: (3, 5), 25: (5, 5)}[score]
    return Assessment("p1", "demo", likelihood, consequence, ())


def play(*steps: tuple[int, int]) -> list[bool]:
    """(day, score) by turns: whether each has crossed."""
    standing: Standing | None = None
    crossings = []
    for day, score in steps:
        standing, crossed = moved(standing, scored(score), POLICY, NOW + timedelta(days=day))
        crossings.append(crossed)
    return crossings


def test_a_warning_is_made_once_and_again_only_after_it_was_over() -> None:
    assert play((0, 12), (1, 15), (2, 25), (3, 15)) == [False, True, False, False]
    assert play((0, 15), (1, 12), (2, 15)) == [True, False, False]
    assert play((0, 15), (1, 10), (5, 15)) == [True, False, False]
    assert play((0, 15), (1, 10), (8, 10), (9, 15)) == [True, False, False, True]
    assert play((0, 15), (1, 10), (2, 12), (8, 10), (9, 15)) == [True, False, False, False, False]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([3, 10, 12, 15, 25])), max_size=40))
def test_between_two_reports_the_risk_was_low_for_as_long_as_it_has_to_be(moves: list[tuple[int, int]]) -> None:
    day, steps = 0, []
    for after, score in moves:
        day += after
        steps.append((day, score))
    crossings = [place for place, crossed in enumerate(play(*steps)) if crossed]
    for first, second in pairwise(crossings):
        between = steps[first:second]
        low = [
            (start, end)
            for start, (_, score) in enumerate(between)
            for end in range(start, len(between))
            if score <= 10 and all(one <= 10 for _, one in between[start : end + 1])
        ]
        assert any(between[end][0] - between[start][0] >= 7 for start, end in low)
    assert all(steps[place][1] >= 15 for place in crossings)


def test_what_has_not_changed_is_not_written() -> None:
    found = risk(faults=3)
    first, _ = moved(None, found, POLICY, NOW)
    again, _ = moved(first, found, POLICY, NOW + timedelta(days=1))
    assert unlike(None, first)
    assert not unlike(first, again)
    assert again.since == NOW
    worse, _ = moved(first, risk(faults=9), POLICY, NOW + timedelta(days=1))
    assert unlike(first, worse)
    assert worse.since == NOW + timedelta(days=1)


PLAN = EmergencyPlan("k", "EP-EQ", Category.EQUIPMENT_FAILURE, LocalName("设备故障应急预案", "Equipment failure"))


def report(facts: Facts, **around: Any) -> Any:
    given = {"matrix": risk_matrix(), "made": CLASSES[facts.asset.equipment_class]} | around
    return make_report("r1", 1, facts, assess(facts, WEIGHTS), POLICY, Around(**given), NOW)


def test_a_report_has_the_four_parts_in_both_languages() -> None:
    mode = next(mode for mode in CLASSES["pump"].failure_modes if mode.first_checks)
    facts = replace(
        old(PUMP, 1.3),
        episodes=(episode(Severity.CRITICAL, mode.key),),
        tickets=(replace(ticket(Severity.CRITICAL), state=State.IN_PROGRESS, assignee="li"),),
        overdue=overdue(1, law=True),
        faults=4,
    )
    made = report(facts, place="1号楼 / 水泵房", plan=PLAN, last_done=LocalName("最近完成：SP-01", "Last: SP-01"))
    for part in (made.overview, made.impact, made.measures, made.advice):
        assert part
        assert all(line.zh and line.en for line in part)
    assert "1号楼 / 水泵房" in made.overview[0].zh
    assert "15" in made.overview[0].en
    assert "状态模型" in made.overview[-1].zh
    assert "未知" in made.overview[-1].zh
    assert "法定" in made.impact[-1].zh
    assert made.measures == (
        LocalName("工单#7 漏水：处理中，li", "#7 Leak: in progress, li"), LocalName("最近完成：SP-01", "Last: SP-01"),
    )  # fmt: skip
    said = "\n".join(line.en for line in made.advice)
    assert mode.first_checks[0].en in said
    for word in ("#1 Inspection", "root cause", "renewal", "spare parts", "EP-EQ"):
        assert word in said


def test_a_report_says_when_nothing_has_been_done_yet() -> None:
    made = report(Facts(LIFT, systems=frozenset({"elevator"}), health=Health.ACT))
    assert made.measures == (LocalName("目前没有针对该设备的工单。", "No ticket is open for the machine."),)
    said = [line.en for line in made.advice]
    assert "No emergency plan fits: write one." in said
    assert "Enter the day of installation on its card." in said


def test_a_report_stays_short() -> None:
    made = report(Facts(PUMP, tickets=tuple(ticket(number=n) for n in range(30)), overdue=overdue(30, law=False)))
    assert len(made.measures) == len(made.advice) == MOST_LINES
    assert made.measures[-1].en == "... and 19 more"


def test_the_file_s_mistakes_are_named() -> None:
    text = FILE.read_text(encoding="utf-8")
    for old_text, new, said in (
        ("levels = [0, 2, 4, 6, 8]", "levels = [0, 2, 2, 6, 8]", "levels"),
        ("clear_value = 10", "clear_value = 15", "clear_value"),
        ("critical = 8", "critical = -1", "critical"),
        ("[health]", "[health]\nbad = 1", "bad"),
        ('"elevator_escalator"]', '"rocket"]', "rocket"),
        ("from = 1.25", "from = 0.5", "age"),
    ):
        assert old_text in text
        with pytest.raises(BadData, match=said):
            read_weights(text.replace(old_text, new, 1))


def test_the_warning_value_is_where_the_band_high_of_the_products_begins() -> None:
    matrix = risk_matrix()
    products = sorted({a * b for a in range(1, 6) for b in range(1, 6)})
    high = [score for score in products if matrix.band(score).key == "high"]
    assert built_in("demo").warning_value == high[0] == 15
    assert WEIGHTS.status == "default"


@pytest.mark.parametrize(
    ("values", "field"),
    [((26, 10, 7), "warning_value"), ((1, 1, 7), "warning_value"), ((15, 15, 7), "clear_value"),
     ((15, 0, 7), "clear_value"), ((15, 10, -1), "clear_after_days")],
)  # fmt: skip
def test_a_policy_that_cannot_stand_is_named(values: tuple[int, int, int], field: str) -> None:
    with pytest.raises(BadData) as caught:
        check_policy(RiskPolicy("demo", *values))
    assert field in [one.field for one in caught.value.problems]
