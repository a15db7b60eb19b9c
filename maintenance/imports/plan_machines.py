"""The machines that a line of a plan table names as people call them, in the column of the equipment or in the task:
the line goes on as if it gave their codes. Pure but for the look-up of ``Machines``.

What carries a number and is no machine of the ledger is an error, never a line for all of the class; where the ledger
has no machine yet that is what it becomes, with a warning.
"""

from collections.abc import Sequence

from maintenance.imports.fields import join_codes, split_codes
from maintenance.imports.machine_names import NOT_THERE, SAME_NAME, Names, classes_beside
from maintenance.imports.plan_assets import Machine, Machines
from maintenance.imports.plan_sections import said_name
from maintenance.imports.plan_subject import EQUIPMENT
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.vocabulary import Named, kind_named, meaning
from plantroom.domain.assets import LocalName

TO_COME = "machines_to_come"


def put_machines(row: Row, machines: Machines, site: str | None, problems: Problems) -> str:
    """Write the codes of the machines that a line names into its column of assets. Returns the task without their
    names; empty where the task names none. Errors refuse the column that they are of."""
    if row.text("assets"):
        _names_for_codes(row, Names(machines, site), problems)
        return ""
    key = EQUIPMENT if row.text(EQUIPMENT) else "system"
    wide = row.text("system") if key == EQUIPMENT else ""
    if row.refused or (wide and kind_named(wide) != "preventive"):
        return ""
    names = Names(machines, site, classes_beside(wide))
    try:
        found = names.read(row.text(key)) if row.text(key) else ()
    except CellProblem as problem:
        _tell(row, key, problem, names, problems)
        return ""
    if not found:
        return _of_task(row, Names(machines, site, classes_beside(row.text(key)) or names.classes), problems)
    _say_word(row, key, found, problems)
    _write(row, key, found)
    if key == EQUIPMENT and wide and not isinstance(meaning(wide), Named):
        _leave_system_out(row, wide, problems)
    return ""


def _names_for_codes(row: Row, names: Names, problems: Problems) -> None:
    """Names in the column of codes become the codes; what is neither is told where the codes are looked up."""
    text = row.text("assets")
    try:
        codes = split_codes(text)
        if names.machines.knows(codes):
            return
        found = names.read(text)
    except CellProblem as problem:
        if problem.code == SAME_NAME:
            _tell(row, "assets", problem, names, problems)
        return
    if found:
        _write(row, "assets", found)


def _of_task(row: Row, names: Names, problems: Problems) -> str:
    task = row.text("task")
    beside = row.text(EQUIPMENT) or row.text("system")
    if not task or (beside and kind_named(beside) != "preventive"):
        return ""
    try:
        found, rest = names.of_task(task)
    except CellProblem as problem:
        _tell(row, "task", problem, names, problems)
        return ""
    if not found or (names.classes and any(one.equipment_class not in names.classes for one in found)):
        _say_number(row, task, names, problems)
        return ""
    _write(row, "task", found)
    return rest


def _say_number(row: Row, task: str, names: Names, problems: Problems) -> None:
    """Say of a task with a number that is not taken for a machine's that the line is for all of what stands beside it.
    A row that comes back by its code says so no more."""
    said = [one for one in (meaning(row.text(EQUIPMENT)), meaning(row.text("system"))) if isinstance(one, Named)]
    if row.text("code") or not said:
        return
    number = names.number_in(task)
    if number:
        of = said_name(said[0])
        taken = LocalName(
            f"“{number}”未按单台设备理解，本项适用于“{of.zh}”的全部设备（只适用于其中一部分时请填“适用设备编号”）",
            f"{number} was not taken for a machine: the row is for every machine of {of.en} (for some of them only, "
            "name these in the column Assets)",
        )
        problems.warn(row.problem("task", "system_read_as", in_words("system_read_as", taken)))


def _tell(row: Row, key: str, problem: CellProblem, names: Names, problems: Problems) -> None:
    if problem.code == NOT_THERE and not names.machines.at(names.site):
        problems.warn(row.problem(key, TO_COME, in_words(TO_COME)))
        return
    problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
    row.refused.add(key)


def _say_word(row: Row, key: str, found: Sequence[Machine], problems: Problems) -> None:
    """Say so where a word for a kind of machine is taken for the one that is called so."""
    text = row.text(key)
    said = meaning(text)
    if isinstance(said, Named) and not said.read_as:
        codes = ", ".join(one.code for one in found)
        taken = LocalName(
            f"“{text}”按名为“{text}”的设备 {codes} 理解", f"{text} was taken for the asset called so: {codes}"
        )
        problems.warn(row.problem(key, "system_read_as", in_words("system_read_as", taken)))


def _write(row: Row, key: str, found: Sequence[Machine]) -> None:
    """The codes in the column of assets; entries go on showing what stands in the cell."""
    codes = join_codes(list(dict.fromkeys(one.code for one in found)))
    text = row.text(key)
    row.written["assets"] = text
    if key != "assets":
        row.headings = {**row.headings, "assets": row.heading(key)}
        row.written[key] = text
    kept = {other: cell for other, cell in row.cells.items() if other != key or key == "task"}
    row.cells = {**kept, "assets": codes}


def _leave_system_out(row: Row, wide: str, problems: Problems) -> None:
    """The machines count without the word beside them, which names no equipment."""
    if meaning(wide) is None:
        problems.warn(row.problem("system", "system_left_out"))
    row.written["system"] = wide
    row.cells = {key: cell for key, cell in row.cells.items() if key != "system"}
