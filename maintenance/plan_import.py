"""Import of the user's plan table (CSV): read, compare with what is there, write all of it or nothing.

A row is known by its code; without one by system, task and frequency. Month-end, leap day and DST play no part: rows
have intervals, not dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from maintenance.frequencies import canonical, parse_frequency
from maintenance.plan import AppliesTo, Interval, IntervalUnit, Layer, PlanRow
from maintenance.plan_sheet import HEADINGS, Problem, Sheet, SheetRow, read_sheet
from maintenance.ports import MaintenanceTx
from maintenance.reasons import frequency
from maintenance.recurrence import default_early_days, has_dates, longest_days
from maintenance.seed.loader import department_named, departments
from plantroom.catalogue.systems import match_system, systems
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.ports.ledger import Ledger

_COLUMN = {key: names[0] for key, names in HEADINGS.items()}
_LATE = ((1, 0), (7, 1), (31, 3), (92, 7), (184, 10))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of the table, understood."""

    line: int
    system: str
    interval: Interval
    department: LocalName | None
    code: str | None = None
    task: str = ""
    standard: str = ""


@dataclass(slots=True)
class Comparison:
    """What an import would do: rows to write, and the document that says so."""

    put: list[PlanRow] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)

    def document(self, import_id: str) -> dict[str, object]:
        """The import as CONTRACTS' ``/imports`` shows it."""
        count = {a: sum(r["action"] == a for r in self.rows) for a in ("created", "updated", "unchanged")}
        return {
            "import_id": import_id,
            **(count if not self.errors else dict.fromkeys(count, 0)),
            "warnings": [p.as_json() for p in self.warnings],
            "errors": [p.as_json() for p in self.errors],
            "rows": [] if self.errors else self.rows,
        }


def import_plan_table(
    ledger: Ledger[MaintenanceTx], data: bytes, filename: str, *, dry_run: bool, site: str | None = None
) -> dict[str, object]:
    """Import a CSV plan table (UTF-8 or GB 18030; comma, semicolon or tab). ``site``: for one site only.

    Gives the import's document; with errors nothing is written. Raises ``Unreachable`` when the ledger is away.
    """
    sheet = read_sheet(data, filename)
    with ledger.begin() as tx:
        compared = compare(sheet, tx.plan.rows(site), site)
        if not dry_run and not compared.errors:
            for row in compared.put:
                tx.plan.put_row(row)
    return compared.document(new_key())


def compare(sheet: Sheet, known: Sequence[PlanRow], site: str | None = None) -> Comparison:
    """What a table would change in the known rows. Pure."""
    done = Comparison(errors=list(sheet.problems))
    mine = [row for row in known if row.site == site]
    seen: dict[str, int] = {}
    for line in sheet.rows:
        wanted, problems = understand(sheet.name, line)
        done.errors += problems
        if wanted is None:
            continue
        match = _find(wanted, mine)
        row, changes = _merge(wanted, match, mine, site)
        if row.code in seen:
            message = f"与第{seen[row.code]}行相同 / the same row as line {seen[row.code]}"
            column = _COLUMN["code" if wanted.code else "system"]
            done.errors.append(Problem(sheet.name, wanted.line, column, row.code, "duplicate_row", message))
            continue
        seen[row.code] = wanted.line
        action = "created" if match is None else ("updated" if changes else "unchanged")
        if action != "unchanged":
            done.put.append(row)
            mine = [r for r in mine if r.lineage != row.lineage] + [row]
        done.rows.append({"row": wanted.line, "action": action, "code": row.code, "changes": changes})
        done.warnings += _law(sheet.name, wanted, row, known)
    done.warnings += _other_frequencies(sheet.name, done, mine)
    return done


def understand(sheet: str, line: SheetRow) -> tuple[Wanted | None, list[Problem]]:
    """Read one line; problems name row, column, value and remedy."""
    problems: list[Problem] = []

    def wrong(column: str, code: str, message: str) -> None:
        value = line.cells.get(column, "")
        problems.append(Problem(sheet, line.number, _COLUMN[column], value, code, message))

    for column, value in line.cells.items():
        if value.startswith(("=", "@")):
            wrong(column, "formula", "单元格是公式，请改为值 / a formula; put the value there")
    system = match_system(line.cells.get("system", ""))
    if system is None:
        names = "、".join(s.name.zh for s in systems().values())
        wrong("system", "unknown_system", f"不认识的系统；可用：{names} / unknown system")
    interval = parse_frequency(line.cells.get("frequency", ""))
    if interval is None:
        wrong(
            "frequency",
            "unknown_frequency",
            "看不懂的周期；例如：每月一次、每季度一次、每15天 / write monthly, quarterly, every 15 days or P3M",
        )
    elif not has_dates(interval):
        wrong(
            "frequency",
            "hours_not_scheduled",
            "不足一天的周期尚不能排程，请改为每日 / write daily: hours are not scheduled",
        )
    named = line.cells.get("department", "")
    department = department_named(named) if named else None
    if named and department is None:
        names = "、".join(d.name.zh for d in departments().values())
        wrong("department", "unknown_department", f"没有这个部门；可用：{names} / there is no such department")
    if problems or system is None or interval is None:
        return None, problems
    cells = line.cells
    return Wanted(
        line=line.number,
        system=system.system,
        interval=interval,
        department=department,
        code=cells.get("code") or None,
        task=cells.get("task", ""),
        standard=cells.get("standard", ""),
    ), problems


def _find(wanted: Wanted, known: Sequence[PlanRow]) -> PlanRow | None:
    if wanted.code is not None:
        return next((row for row in known if row.code == wanted.code), None)
    same = [
        row
        for row in known
        if system_of(row) == wanted.system and canonical(row.interval) == canonical(wanted.interval)
    ]
    if wanted.task:
        return next((row for row in same if wanted.task in (row.name.zh, row.name.en)), None)
    return next((row for row in same if _is_plain(row)), None)


def _is_plain(row: PlanRow) -> bool:
    """Whether the row stands for a line without a task: one of the user's own table."""
    return "user_row" in row.custom or bool(row.custom.get("no_task"))


_USER_SYSTEMS = {"ES-M": "elevator_escalator"}


def system_of(row: PlanRow) -> str | None:
    """The system whose line in a plan table this row is."""
    return row.applies_to.system or _USER_SYSTEMS.get(row.code)


def _merge(
    wanted: Wanted, match: PlanRow | None, known: Sequence[PlanRow], site: str | None
) -> tuple[PlanRow, dict[str, list[object]]]:
    if match is None:
        return _new(wanted, known, site), {}
    row = match
    changes: dict[str, list[object]] = {}
    if canonical(wanted.interval) != canonical(row.interval):
        changes["frequency"] = [frequency(row.interval).zh, frequency(wanted.interval).zh]
        row = _with_tolerance(replace(row, interval=wanted.interval))
        before, after = _tolerance(match), _tolerance(row)
        if before != after:
            changes["tolerance"] = [before, after]
    if wanted.department is not None and wanted.department != row.department:
        changes["department"] = [row.department.zh, wanted.department.zh]
        row = replace(row, department=wanted.department)
    if wanted.task and wanted.task not in (row.name.zh, row.name.en):
        changes["task"] = [row.name.zh, wanted.task]
        row = replace(row, name=LocalName(wanted.task, wanted.task))
    if wanted.standard and wanted.standard not in (row.standard.zh, row.standard.en):
        changes["standard"] = [row.standard.zh, wanted.standard]
        row = replace(row, standard=LocalName(wanted.standard, wanted.standard))
    return row, changes


def _with_tolerance(row: PlanRow) -> PlanRow:
    """The row with the tolerance of its interval; what the law asks for does not become laxer."""
    late = late_days(row.interval)
    if row.layer is Layer.LAW:
        late = min(late, row.late_days)
    return replace(row, early_days=default_early_days(row.interval, late), late_days=late)


def _tolerance(row: PlanRow) -> str:
    return f"提前{row.early_days}天、延后{row.late_days}天"


def _new(wanted: Wanted, known: Sequence[PlanRow], site: str | None) -> PlanRow:
    system = systems()[wanted.system]
    late = late_days(wanted.interval)
    every, unit = canonical(wanted.interval)
    base = wanted.code or f"{wanted.system}-{every}{unit}".upper().replace("_", "-")
    codes, code, number = {row.code for row in known}, base, 1
    while code in codes:
        number += 1
        code = f"{base}-{number}"
    said = frequency(wanted.interval)
    name = (
        LocalName(wanted.task, wanted.task)
        if wanted.task
        else LocalName(f"{system.name.zh}维护（{said.zh}）", f"{system.name.en} maintenance ({said.en})")
    )
    return PlanRow(
        lineage=new_key(),
        code=code,
        name=name,
        kind="preventive",
        applies_to=AppliesTo(system=wanted.system),
        interval=wanted.interval,
        site=site,
        early_days=default_early_days(wanted.interval, late),
        late_days=late,
        basis="用户计划表 / user's plan table",
        department=wanted.department or LocalName("", ""),
        standard=LocalName(wanted.standard, wanted.standard),
        custom={} if wanted.task else {"no_task": True},
    )


def late_days(interval: Interval) -> int:
    """Days late that a plain row of this interval may be: none for a day, 1 for a week, 3 a month, 7 a quarter, 10
    half a year, 30 longer."""
    if interval.unit is IntervalUnit.HOUR:
        return 0
    days = longest_days(interval)
    return next((late for most, late in _LATE if days <= most), 30)


def _law(sheet: str, wanted: Wanted, row: PlanRow, known: Sequence[PlanRow]) -> list[Problem]:
    """A warning where the law asks for more than the line does: the law's rows go on beside it."""
    classes = set(systems()[wanted.system].classes)
    stricter = [
        r
        for r in known
        if r.layer is Layer.LAW
        and r.lineage != row.lineage
        and classes & _classes(r)
        and longest_days(r.interval) < longest_days(wanted.interval)
    ]
    if not stricter:
        return []
    zh = "、".join(f"{r.name.zh}（{frequency(r.interval).zh}）" for r in stricter)
    en = ", ".join(f"{r.name.en} ({frequency(r.interval).en})" for r in stricter)
    message = f"法规要求更严，以下项目照常安排：{zh} / the law asks for more, these stay: {en}"
    return [
        Problem(sheet, wanted.line, _COLUMN["frequency"], frequency(wanted.interval).zh, "law_is_stricter", message)
    ]


def _classes(row: PlanRow) -> set[str]:
    named = row.applies_to.system
    return set(row.applies_to.classes) | (set(systems()[named].classes) if named in systems() and named else set())


def _other_frequencies(sheet: str, done: Comparison, known: Sequence[PlanRow]) -> list[Problem]:
    """A warning where one system has lines of several frequencies without tasks: both stand."""
    by_code: Mapping[str, PlanRow] = {row.code: row for row in known}
    problems: list[Problem] = []
    first: dict[str, tuple[object, PlanRow]] = {}
    for entry in done.rows:
        row = by_code[str(entry["code"])]
        system = system_of(row)
        if system is None or not _is_plain(row):
            continue
        line, earlier = first.setdefault(system, (entry["row"], row))
        if earlier is not row:
            message = (
                f"同一系统另有周期（第{line}行：{frequency(earlier.interval).zh}），两行并存，"
                f"较深的一次在同一期限内可代替较浅的一次 / another frequency of the system stands in line {line}"
            )
            number = int(str(entry["row"]))
            problems.append(
                Problem(sheet, number, _COLUMN["frequency"], frequency(row.interval).zh, "second_frequency", message)
            )
    return problems
