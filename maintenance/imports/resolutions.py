"""Contradictions of the users' tables, reported and resolved as requirements.md Part III says. Pure.

Every resolution is a warning on the line that it concerns: what was found, and what is done about it. The rows that the
law asks for are in the default profile; a table never takes them away.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from maintenance.frequencies import canonical
from maintenance.imports.law_names import is_as_often
from maintenance.imports.law_words import classes_of, meant
from maintenance.imports.problems import Problems, in_words
from maintenance.imports.tables import Row
from maintenance.plan import Layer, PlanRow
from maintenance.reasons import frequency
from maintenance.recurrence import longest_days
from maintenance.schedule_words import how_often
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName

Told = tuple[str, LocalName | None]
Rule = Callable[["PlanLine", Sequence["PlanLine"], Sequence[PlanRow]], Told | None]

_QUARTER, _HALF_YEAR, _YEAR = (3, "month"), (6, "month"), (12, "month")
_TOLD = 3
_LIFTS = frozenset({"elevator", "elevator_escalator"})


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line and the row that it has become. ``system``: the one that it names, ``plain``: it has no task,
    ``classes``: those of the assets that it names."""

    row: Row
    plan: PlanRow
    system: str | None
    has_department: bool
    plain: bool
    classes: frozenset[str] = frozenset()
    is_new: bool = False
    """Whether the line has made its row."""
    law: PlanRow | None = None
    """Of a new row: the law's one whose work its task names."""


def resolve(lines: Sequence[PlanLine], known: Sequence[PlanRow], problems: Problems) -> None:
    """Tell what was found and how it is resolved."""
    for line in lines:
        _stricter_law(line, known, problems)
        beside = _beside_law(line, known)
        if beside is not None:
            code, said_of_it = beside
            problems.warn(line.row.problem(_column(line, code), code, in_words(code, said_of_it)))
        for rule in _RULES:
            said = rule(line, lines, known)
            if said is not None:
                code, more = said
                problems.warn(line.row.problem(_column(line, code), code, in_words(code, more)))
    _other_frequencies(lines, problems)


_COLUMNS = {"department_assumed": "department", "elevator_twice": "system", "beside_law": "task"}


def _column(line: PlanLine, code: str) -> str:
    wanted = _COLUMNS.get(code, "frequency")
    return wanted if wanted in line.row.headings else next(iter(line.row.headings), wanted)


def frequency_of(row: PlanRow) -> str:
    """How often a row comes, in Chinese words."""
    return frequency(row.interval).zh if row.interval.every else row.schedule.type


def _stricter_law(line: PlanLine, known: Sequence[PlanRow], problems: Problems) -> None:
    """Where the law asks for more than the line does: its rows go on beside it (III, "strictest wins")."""
    row = line.plan
    if not row.interval.every:
        return
    law = [one for one in known if one.layer is Layer.LAW and one.lineage != row.lineage and one.interval.every]
    stricter = [one for one in law if longest_days(one.interval) < longest_days(row.interval)]
    about = meant(row, stricter, _classes_of_line(line), plain=line.plain)
    if not about:
        return
    zh = "、".join(f"{one.name.zh}（{how_often(one).zh}）" for one in about)
    en = ", ".join(f"{one.name.en} ({how_often(one).en})" for one in about)
    said = LocalName(f"法规要求更严，以下项目照常安排：{zh}", f"the law asks for more, these stay: {en}")
    message = in_words("law_is_stricter", said)
    problems.warn(line.row.problem(_column(line, "law_is_stricter"), "law_is_stricter", message))


def _beside_law(line: PlanLine, known: Sequence[PlanRow]) -> Told | None:
    """A new row beside one of the law whose work it names, however often, or one for the same machines and as often,
    which it may well be under another name."""
    row = line.plan
    if not line.is_new or row.layer is Layer.LAW or row.code in {one.code for one in known}:
        return None
    if line.law is not None:
        return None if line.law.code in row.fulfils else ("beside_law", _same_work(row, line.law))
    law = [one for one in known if one.layer is Layer.LAW and is_as_often(row.interval, one)]
    classes = _classes_of_line(line)
    same = [one for one in law if classes and classes <= frozenset(classes_of(one))]
    about = same or (meant(row, law, classes, plain=False) if not line.plain else [])
    if not about:
        return None
    zh = "、".join(f"{one.code} {one.name.zh}（{how_often(one).zh}）" for one in about[:_TOLD])
    en = ", ".join(f"{one.code} {one.name.en} ({how_often(one).en})" for one in about[:_TOLD])
    return "beside_law", LocalName(
        f"法规项目对同样的设备以同样周期另有安排：{zh}；本行是另外一项，两项都会安排",
        f"the law's rows for the same machines at the same interval stay beside this new row: {en}",
    )


def _same_work(row: PlanRow, law: PlanRow) -> LocalName:
    """That a row does the law's work a second time, and how the two become one."""
    of, mine = how_often(law), how_often(row)
    zh = f"法规项目 {law.code} {law.name.zh}（{of.zh}）照常安排，本行（{mine.zh}）是同样的工作，另立一项，两项都会安排"
    en = (
        f"{law.code} {law.name.en} ({of.en}), which the law asks for, goes on; this row ({mine.en}) is the same work "
        "beside it, both are planned"
    )
    if row.applies_to.assets:
        zh += f"；只由本行对这些设备代替它的，在“满足项目”列填 {law.code}"
        en += f"; for this row to stand for it on these machines give {law.code} in the column Fulfils"
    return LocalName(zh, en)


def _classes_of_line(line: PlanLine) -> frozenset[str]:
    if line.classes:
        return line.classes
    named = systems()[line.system].classes if line.system in systems() and line.system else ()
    return frozenset(named).union(classes_of(line.plan))


def _other_frequencies(lines: Sequence[PlanLine], problems: Problems) -> None:
    """Where one system has lines of several frequencies without tasks: both stand (III.2)."""
    first: dict[str, PlanLine] = {}
    for line in lines:
        if line.system is None or not line.plain:
            continue
        earlier = first.setdefault(line.system, line)
        if earlier.plan.lineage == line.plan.lineage:
            continue
        zh = (
            f"同一系统另有周期（第{earlier.row.number}行：{frequency_of(earlier.plan)}），两行并存，"
            "较深的一次在同一期限内可代替较浅的一次"
        )
        en = f"another frequency of the system stands in line {earlier.row.number}"
        message = in_words("second_frequency", LocalName(zh, en))
        column = _column(line, "second_frequency")
        problems.warn(line.row.problem(column, "second_frequency", message))


def _elevator_layers(line: PlanLine, _lines: Sequence[PlanLine], known: Sequence[PlanRow]) -> Told | None:
    """III.1: the property's monthly look, the contractor's half-month and deeper visits, none dropped."""
    if line.system != "elevator" or not line.plain:
        return None
    visit = next((row for row in known if row.code == "EL-HM"), None)
    if visit is None or line.plan.lineage == visit.lineage or longest_days(line.plan.interval) <= 15:
        return None
    is_quarter = canonical(line.plan.interval) == _QUARTER
    zh = (
        "此行为维保单位的季度维保（含制动系统、安全装置）"
        if is_quarter
        else "此行为物业自己的检查（监督维保单位、试乘、试报警）"
    )
    en = "this line is the contractor's quarter layer" if is_quarter else "this line is the property's own supervision"
    return "elevator_layers", LocalName(
        f"{zh}；法定半月维保（间隔不超过15天）与季度、半年、年度维保照常安排",
        f"{en}; the legal half-month visits (at most 15 days) and deeper ones go on",
    )


def _elevator_twice(line: PlanLine, lines: Sequence[PlanLine], _known: Sequence[PlanRow]) -> Told | None:
    """III.3: 电梯系统 and 电梯、扶梯 with one cycle become lifts and escalators."""
    if line.system != "elevator_escalator":
        return None
    other = next((one for one in lines if one.system == "elevator" and one.plain), None)
    if other is None:
        return None
    return "elevator_twice", LocalName(
        f"电梯已在第{other.row.number}行，本行按自动扶梯安排",
        f"lifts are in line {other.row.number}, this line is taken for the escalators",
    )


def _hvac_depths(line: PlanLine, _lines: Sequence[PlanLine], known: Sequence[PlanRow]) -> Told | None:
    """III.2: quarterly is routine, half-yearly the change-over; the deeper one satisfies the other in its window."""
    if line.system != "hvac" or canonical(line.plan.interval) not in {_QUARTER, _HALF_YEAR}:
        return None
    wanted = _HALF_YEAR if canonical(line.plan.interval) == _QUARTER else _QUARTER
    there = any("hvac" in (row.applies_to.system or "") and canonical(row.interval) == wanted for row in known)
    return ("hvac_depths", None) if there else None


def _fire_or_water(line: PlanLine, _lines: Sequence[PlanLine], known: Sequence[PlanRow]) -> Told | None:
    """III.6: cleaning the tanks is a row of its own, as often as the city says. (III.4 is ``law_is_stricter``.)"""
    if line.system != "water" or not line.plain:
        return None
    tank = next((row for row in known if row.code == "WA-TANK"), None)
    if tank is None:
        return None
    said = frequency(tank.interval)
    return "tank_cleaning", LocalName(
        f"水箱清洗消毒是单独的法定项目（{said.zh}）", f"cleaning the tanks is a row of its own ({said.en})"
    )


def _heating_season(line: PlanLine, _lines: Sequence[PlanLine], _known: Sequence[PlanRow]) -> Told | None:
    """III.5: once a year is the overhaul before the season, not 365 days after the last one."""
    is_yearly = canonical(line.plan.interval) == _YEAR
    by_season = line.plan.schedule.type == "season" or line.plan.anchor is not None
    if line.system != "heating" or not is_yearly or not by_season or line.row.cells.get("anchor") is not None:
        return None
    return "heating_season", None


def _stairs_checked(line: PlanLine, _lines: Sequence[PlanLine], _known: Sequence[PlanRow]) -> Told | None:
    """III.8: cleaning ticks the inspection, a failed item opens a ticket for engineering."""
    return ("stairs_checked", None) if line.system == "stairs" and "清洁" in line.plan.department.zh else None


def _licensed_only(line: PlanLine, _lines: Sequence[PlanLine], known: Sequence[PlanRow]) -> Told | None:
    """III.20: a row of the law that only a licensed unit may do is not the property's own work."""
    row = line.plan
    if row.layer is not Layer.LAW or row.executor != "contractor" or line.row.cells.get("executor") is not None:
        return None
    return ("licensed_only", None) if any(one.lineage == row.lineage for one in known) else None


def _department_assumed(line: PlanLine, _lines: Sequence[PlanLine], _known: Sequence[PlanRow]) -> Told | None:
    """III.7: a missing department is inherited, and that is said."""
    if line.has_department or not line.plan.department.zh or line.row.cells.get("code") is not None:
        return None
    of = line.plan.department
    return "department_assumed", LocalName(
        f"未写部门，按“{of.zh}”安排（假设，可改）", f"no department is named, assumed: {of.en}"
    )


_RULES: Sequence[Rule] = (
    _elevator_layers, _elevator_twice, _hvac_depths, _fire_or_water, _heating_season, _stairs_checked, _licensed_only,
    _department_assumed,
)  # fmt: skip

RESOLVED: Mapping[str, str] = {
    "elevator_layers": "III.1", "hvac_depths": "III.2", "elevator_twice": "III.3", "law_is_stricter": "III.4",
    "heating_season": "III.5", "tank_cleaning": "III.6", "department_assumed": "III.7", "stairs_checked": "III.8",
    "without_plan": "III.9", "drill_floor": "III.12", "licensed_only": "III.20",
}  # fmt: skip
"""Warnings by the contradiction of requirements.md that each resolves."""
