"""Who may let a row stand for one that the law asks for with less than it asks for: by a change, and by a table."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from maintenance.imports.outcome import AllRights, Rights
from maintenance.imports.outcome import Outcome as Imported
from maintenance.imports.plan import PlanImport
from maintenance.imports.reading import read_plan_table
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.plan import AppliesTo, FulfilsSince, Layer, PlanRow
from maintenance.plan_changes.model import Action
from maintenance.plan_changes.rules import Outcome, Proposal, outcome_of
from maintenance.plan_changes.standing import weakened
from maintenance.schedules import (
    BY_INTERVAL,
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    SeasonSchedule,
)
from maintenance.seed.loader import plan_rows
from tests.unit.maintenance.rows import row

TODAY = date(2026, 3, 2)
YEARLY = Interval(1, IntervalUnit.YEAR)
SHIPPED = {one.code: one for one in plan_rows()}


class Supervisor(AllRights):
    def may_leave_law(self, site: str | None) -> bool:
        return False


def like(law: PlanRow, **fields: object) -> PlanRow:
    """A row of ours that stands for the law's and is as that one but for some fields."""
    given = {"lineage": "ours", "code": "OURS", "layer": Layer.CONTRACT, "fulfils": (law.code,), "basis": ""} | fields
    return replace(law, **given)  # type: ignore[arg-type]


def made(wanted: PlanRow, *rows: PlanRow, before: PlanRow | None = None, site: str | None = None) -> Outcome:
    action = Action.CREATE if before is None else Action.CHANGE
    known = (*rows, *((before,) if before is not None else ()))
    return outcome_of(Proposal(action, site, before, wanted, TODAY), "new", known)


def codes(found: Outcome) -> list[str]:
    return [one.code for one in found.cautions]


@pytest.mark.parametrize("code", ["HV-TWR", "ES-FLOOD", "EL-SELF", "EL-INSP", "EL-HM"])
def test_a_row_with_the_law_s_own_dates_and_proof_stands_for_it_without_an_administrator(code: str) -> None:
    law = SHIPPED[code]
    assert made(like(law), *SHIPPED.values()) == Outcome(made(like(law)).row, (), leaves_law=False)


@pytest.mark.parametrize("code", ["HV-TWR", "ES-FLOOD", "EL-SELF", "EL-INSP"])
@pytest.mark.parametrize("every", [Interval(1, IntervalUnit.MONTH), YEARLY])
def test_an_interval_in_the_place_of_a_season_or_another_job_needs_one(code: str, every: Interval) -> None:
    law = SHIPPED[code]
    found = made(like(law, schedule=BY_INTERVAL, interval=every), *SHIPPED.values())
    assert (codes(found), found.leaves_law) == (["stand_in_dates"], True)
    (told,) = found.cautions
    for text in (told.text.zh, told.text.en):
        assert code in text
        assert "OURS" in text
    assert law.name.zh in told.text.zh
    assert "管理员" in told.text.zh
    assert "administrator" in told.text.en


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "preventive"}, {"executor": "in_house"}, {"evidence": ("signature",)}, {"checklist": None},
        {"fulfilled_by": FulfilledBy("run")}, {"kind": "preventive", "executor": "in_house", "evidence": ()},
    ],
)  # fmt: skip
def test_less_proof_than_the_law_s_needs_one(fields: dict[str, object]) -> None:
    found = made(like(SHIPPED["EL-HM"], **fields), *SHIPPED.values())
    assert (codes(found), found.leaves_law) == (["stand_in_proof"], True)
    assert "EL-HM" in found.cautions[0].text.zh
    assert "EL-HM" in found.cautions[0].text.en


SEASON = row("LAW", 1, "year", 10, 3, layer=Layer.LAW, schedule=SeasonSchedule(("rain",), 14))
BEFORE = replace(SEASON, schedule=BeforeSchedule("I", 14))
WEEKLY = row("LAW", 1, "week", layer=Layer.LAW, max_gap_days=7)
COLD = replace(WEEKLY, schedule=IntervalSchedule("winter"))
PATROL = row("LAW", 2, "hour", layer=Layer.LAW, schedule=IntervalSchedule(open_hours=True))
AGE = replace(SEASON, schedule=AgeSchedule((1, 3), then=YEARLY))
METER = row("LAW", 1, "year", layer=Layer.LAW, schedule=MeterSchedule("run_hours", 1500))
FAULT = replace(SEASON, interval=NO_INTERVAL, schedule=ConditionSchedule(("bearing",)))
REST = replace(WEEKLY, before_reuse=SHIPPED["EL-INSP"].before_reuse)


@pytest.mark.parametrize(
    ("law", "fields", "laxer"),
    [
        (SEASON, {"schedule": SeasonSchedule(("rain", "winter"), 14)}, False),
        (SEASON, {"schedule": SeasonSchedule(("winter",), 14)}, True),
        (SEASON, {"schedule": SeasonSchedule(("rain",), 12), "early_days": 60}, False),
        (SEASON, {"schedule": SeasonSchedule(("rain",), 300)}, True),
        (SEASON, {"schedule": SeasonSchedule(("rain",), 2)}, True),
        (SEASON, {"early_days": 200}, True),
        (SEASON, {"anchor": date(2026, 9, 1)}, True),
        (SEASON, {"anchor": date(2025, 1, 1)}, False),
        (BEFORE, {"interval": Interval(6, IntervalUnit.MONTH)}, False),
        (BEFORE, {"interval": Interval(3, IntervalUnit.YEAR)}, True),
        (BEFORE, {"interval": NO_INTERVAL}, True),
        (BEFORE, {"schedule": BeforeSchedule("J", 14)}, True),
        (WEEKLY, {"interval": YEARLY}, False),
        (WEEKLY, {"schedule": IntervalSchedule("cooling")}, True),
        (WEEKLY, {"anchor": date(2026, 3, 9)}, False),
        (WEEKLY, {"anchor": date(2026, 3, 10)}, True),
        (WEEKLY, {"schedule": ConditionSchedule(("bearing",)), "interval": NO_INTERVAL}, True),
        (COLD, {"schedule": BY_INTERVAL}, False),
        (PATROL, {"schedule": BY_INTERVAL}, False),
        (PATROL, {"interval": Interval(12, IntervalUnit.HOUR)}, True),
        (PATROL, {"interval": Interval(1, IntervalUnit.DAY), "schedule": BY_INTERVAL}, True),
        (replace(PATROL, schedule=BY_INTERVAL), {"schedule": IntervalSchedule(open_hours=True)}, True),
        (AGE, {"schedule": AgeSchedule((1, 2, 3), then=YEARLY)}, False),
        (AGE, {"schedule": AgeSchedule((1, 3))}, True),
        (AGE, {"schedule": AgeSchedule((1, 3), "in_service_on", YEARLY)}, True),
        (METER, {"schedule": MeterSchedule("run_hours", 1000)}, False),
        (METER, {"schedule": MeterSchedule("run_hours", 2000)}, True),
        (METER, {"interval": NO_INTERVAL}, True),
        (FAULT, {"schedule": ConditionSchedule(("bearing", "seal"))}, False),
        (FAULT, {"schedule": ConditionSchedule(("seal",))}, True),
        (REST, {"before_reuse": None}, True),
    ],
)  # fmt: skip
def test_dates_of_the_same_kind_that_are_as_strict_need_none(
    law: PlanRow, fields: dict[str, object], laxer: bool
) -> None:
    assert codes(made(like(law, **fields), law)) == (["stand_in_dates"] if laxer else [])


def test_what_stands_for_the_law_by_way_of_another_row_needs_one_too() -> None:
    law = SHIPPED["HV-TWR"]
    ours, lax = like(law, fulfils=()), like(law, code="LAX", lineage="lax", fulfils=("OURS",), evidence=())
    known = (*SHIPPED.values(), lax)
    found = made(replace(ours, fulfils=("HV-TWR",)), *known, before=ours)
    assert (codes(found), found.leaves_law) == (["stand_in_proof"], True)
    assert "LAX" in found.cautions[0].text.en
    assert codes(made(lax, ours, *SHIPPED.values())) == []


def test_what_an_administrator_has_let_stand_is_not_asked_about_again() -> None:
    law = SHIPPED["HV-TWR"]
    lax = like(law, schedule=BY_INTERVAL, evidence=())
    assert codes(made(replace(lax, estimated_minutes=5), law, before=lax)) == []
    assert codes(made(replace(lax, interval=Interval(5, IntervalUnit.YEAR)), law, before=lax)) == ["stand_in_dates"]
    wider = replace(lax, applies_to=AppliesTo(system="hvac"))
    assert codes(made(wider, law, before=lax)) == ["stand_in_dates", "stand_in_proof"]
    for_a_time = replace(lax, ends=date(2026, 12, 1))
    assert codes(made(lax, law, before=for_a_time)) == ["stand_in_dates", "stand_in_proof"]
    assert codes(made(replace(law, evidence=("photo", "report")), lax, before=law)) == []
    assert codes(made(replace(law, schedule=SeasonSchedule(("cooling", "rain"), 14)), lax, before=law)) == ["law_dates"]
    ended = outcome_of(Proposal(Action.RETIRE, None, lax, None, TODAY), "", (law, lax))
    assert (codes(ended), ended.leaves_law) == ([], False)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"evidence": ("photo", "lab_report")}, ["stand_in_proof"]),
        ({"checklist": "HV-TWR+HV-LEG"}, ["stand_in_proof"]),
        ({"schedule": SeasonSchedule(("cooling", "rain"), 14)}, ["law_dates", "stand_in_dates"]),
        ({"estimated_minutes": 5}, []),
    ],
)
def test_a_law_that_is_made_stricter_than_what_stands_for_it_says_so(
    fields: dict[str, object], told: list[str]
) -> None:
    law = SHIPPED["HV-TWR"]
    ours = like(law)
    found = made(replace(law, **fields), ours, before=law)  # type: ignore[arg-type]
    assert (codes(found), found.leaves_law) == (told, bool(told))
    assert all("OURS" in one.text.zh for one in found.cautions if one.code.startswith("stand_in"))
    of_the_site = made(replace(law, **fields), ours, before=law, site="demo")  # type: ignore[arg-type]
    assert codes(of_the_site) == told


def test_the_law_s_row_of_the_site_counts_where_it_has_one() -> None:
    law = SHIPPED["HV-TWR"]
    strict = replace(law, lineage="own", site="demo", evidence=("photo", "lab_report"))
    assert codes(made(like(law), law, strict, site="demo")) == ["stand_in_proof"]
    assert codes(made(like(law), law, strict)) == ["stand_in_proof"], "every site's row stands there too"
    assert codes(made(like(law), law, strict, site="other")) == []


class Read(list[PlanRow]):
    """Rows that count how often somebody goes through them."""

    times = 0

    def __iter__(self) -> Iterator[PlanRow]:
        self.times += 1
        return super().__iter__()


def of_sites(count: int) -> list[PlanRow]:
    """Every site's rows, and of each site one of its own that stands for the law's."""
    sites = (f"s{n}" for n in range(count))
    return [*plan_rows(), *(like(SHIPPED["HV-TWR"], lineage=f"own-{site}", site=site) for site in sites)]


def looked_at(before: list[PlanRow], after: list[PlanRow]) -> tuple[int, list[str | None]]:
    """How often the rows are gone through, and at which sites something is weaker."""
    was, now = Read(before), Read(after)
    found = weakened(was, now, TODAY)
    return was.times + now.times, [one.row.site for one in found]


@pytest.mark.parametrize("of", ["s1", None])
def test_what_a_change_weakens_is_found_without_going_through_all_rows_for_each_site(of: str | None) -> None:
    seen = []
    for count in (2, 40):
        before = of_sites(count)
        lineage = SHIPPED["HV-TWR"].lineage if of is None else f"own-{of}"
        fields = {"evidence": ("photo", "report")} if of is None else {"evidence": ()}
        after = [replace(one, **fields) if one.lineage == lineage else one for one in before]
        times, sites = looked_at(before, after)
        assert sites == (sorted(f"s{n}" for n in range(count)) if of is None else [of])
        seen.append(times)
    assert seen[0] == seen[1]


def test_a_site_that_gets_or_loses_a_row_is_looked_at_too() -> None:
    rows, lax = of_sites(3), like(SHIPPED["HV-TWR"], lineage="lax", code="LAX", site="s9", evidence=())
    assert looked_at(rows, [*rows, lax])[1] == ["s9"]
    every = like(SHIPPED["HV-TWR"], lineage="every", evidence=())
    hides = replace(every, lineage="hides", site="s1", fulfils=())
    shows = [*plan_rows(), every]
    assert looked_at([*shows, hides], shows)[1] == [None], "what the site had hidden holds there now"
    assert looked_at(shows, [*shows, hides])[1] == []


def imported(line: str, heading: str = "", rights: Rights | None = None) -> Imported:
    head = f"编号,适用设备类,维护内容,维护周期,维护责任部门,满足项目{heading}"
    rows, problems = read_plan_table(f"{head}\n{line}\n".encode(), "plan.csv")
    return PlanImport(plan_rows(), "demo", rights=rights, problems=problems, today=TODAY).run(rows)


FULL = ",工作类型,实施单位,证据要求,检查表"


@pytest.mark.parametrize(
    ("line", "heading", "wrong"),
    [
        ("A-1,冷却塔,塔的清洗,每年一次,空调维修部门,HV-TWR,法定检验,维保单位,照片,HV-TWR", FULL, "stand_in_dates"),
        ("A-1,冷却塔,塔的清洗,制冷季前,空调维修部门,HV-TWR", "", "stand_in_proof"),
        (
            "A-1,自动扶梯,防水,每月一次,,ES-FLOOD,法定检验,维保单位,照片、签字,ES-FLOOD",
            FULL,
            "stand_in_dates",
        ),
    ],
)
def test_a_table_says_at_its_column_what_it_weakens_and_only_an_administrator_imports_it(
    line: str, heading: str, wrong: str
) -> None:
    law = "ES-FLOOD" if "ES-FLOOD" in line else "HV-TWR"
    suffix = "need_admin" if wrong == "stand_in_dates" else "needs_admin"
    (error,) = imported(line, heading, Supervisor()).problems.errors
    assert (error.row, error.column, error.value, error.code) == (2, "满足项目", law, f"{wrong}_{suffix}")
    assert law in error.message
    assert SHIPPED[law].name.zh in error.message
    assert SHIPPED[law].name.en in error.message
    allowed = imported(line, heading)
    assert not allowed.problems.errors
    (told,) = [one for one in allowed.problems.warnings if one.code.startswith("stand_in")]
    assert (told.column, told.value, told.code) == ("满足项目", law, wrong)


def test_a_supervisor_s_table_does_not_make_the_law_stricter_than_what_stands_for_it() -> None:
    table = "编号,设施设备类别,维护周期,证据要求\nHV-TWR,,,照片、化验报告\n".encode()
    for rights in (Supervisor(), None):
        rows, problems = read_plan_table(table, "plan.csv")
        known = (*plan_rows(), like(SHIPPED["HV-TWR"]))
        found = PlanImport(known, None, rights=rights, problems=problems, today=TODAY).run(rows)
        errors = [(one.column, one.value, one.code) for one in found.problems.errors]
        told = [(one.column, one.code) for one in found.problems.warnings if one.code == "stand_in_proof"]
        assert errors == ([("证据要求", "照片、化验报告", "stand_in_proof_needs_admin")] if rights else [])
        assert told == ([] if rights else [("证据要求", "stand_in_proof")])


def test_a_supervisor_s_table_may_name_a_stand_in_with_the_law_s_season_and_proof() -> None:
    line = "A-1,冷却塔,塔的清洗,制冷季前,空调维修部门,HV-TWR,法定检验,维保单位,照片,HV-TWR,30"
    found = imported(line, f"{FULL},提前天数", Supervisor())
    assert not found.problems.errors
    assert not [one for one in found.problems.warnings if one.code.startswith("stand_in")]
    assert [one.code for one in found.changes] == ["A-1"]


def test_a_table_s_row_stands_for_what_it_names_since_the_day_of_the_import() -> None:
    rows, problems = read_plan_table("编号,设施设备类别,维护周期,满足项目\nHE-Y,,,LI-M\n".encode(), "plan.csv")
    found = PlanImport(plan_rows(), None, problems=problems, today=TODAY).run(rows)
    assert not found.problems.errors
    (row,) = [one.after for one in found.changes if isinstance(one.after, PlanRow)]
    assert row.fulfils_since == (FulfilsSince("LI-M", TODAY),)
