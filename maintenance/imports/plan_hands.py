"""Whose work a line of a plan table is: the department and who does it, in whichever of the two columns. Pure."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

from maintenance.imports.cells import fold
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.values import clears, says_nothing
from maintenance.imports.vocabulary import Departments
from maintenance.imports.words import EXECUTORS
from plantroom.domain.assets import LocalName

FILE = Path(__file__).parent / "data" / "plan_hands.toml"
_SEVERAL = re.compile(r"[、,，/／;；|（()）\s]+")
_REFERS = re.compile(
    r"[\d\W_]*|同上|ditto|idem|(?:详?见|参见|按照?|根据|待|另行).*|.*(?:招标|合同).*|"
    r"(?:see|refer|as per|per|under|to be|pending)\b.*|(?:the )?(?:contract|tender)(?: pending)?"
)
"""Texts under a heading for companies that name none: a number, a contract, a tender to come, a line above that names
none either."""

Companies: TypeAlias = Callable[[str], bool]
"""Whether a name is that of a contractor that is set up for the site."""


def any_company(_name: str) -> bool:
    """As if every contractor were set up."""
    return True


def hands_of(row: Row, known: Departments, problems: Problems, companies: Companies = any_company) -> LocalName | None:
    """The department of a line; ``None``: it names none, or an unknown one, which is an error then. A name of a
    department in the column of who does it counts as the department, the other way round likewise; the row's cells
    have the executor afterwards. A company that is no contractor of the site (``companies``) has a warning: the plan
    says that a contractor does it, not which one."""
    beside = _executor(row, known, problems, companies)
    text = row.text("department")
    if not text or "department" in row.refused or clears(row.cells.get("department")):
        return beside
    found = known.find(text)
    if found is not None:
        return found
    executor = _executor_named(text, company=fold(row.heading("department")) in _loose())
    if executor is not None:
        if not row.text("executor"):
            _put_executor(row, "department", text, executor, problems)
            _say_not_set_up(row, "department", text, companies, problems)
        return beside
    return _one_of(row, text, known, problems) or beside


def _one_of(row: Row, text: str, known: Departments, problems: Problems) -> LocalName | None:
    """The one department among several names; of a heading for people and companies an unknown name is left out,
    and so is one with a known department under another heading beside it (责任人)."""
    parts = [part for part in _SEVERAL.split(text) if part]
    named = {one.zh: one for one in map(known.find, parts) if one is not None}
    if len(named) == 1 and len(parts) > 1:
        left = "、".join(part for part in parts if known.find(part) is None)
        _leave_out(row, left or text, problems)
        return next(iter(named.values()))
    beside = next((one for one in map(known.find, row.others.get("department", ())) if one is not None), None)
    if beside is not None:
        _leave_out(row, text, problems, beside)
        return beside
    try:
        return known.read(text)
    except CellProblem as problem:
        if fold(row.heading("department")) in _loose():
            _leave_out(row, text, problems)
        else:
            problems.error(row.problem("department", problem.code, in_words(problem.code, problem.said)))
        return None


def _executor(row: Row, known: Departments, problems: Problems, companies: Companies) -> LocalName | None:
    """The department that stands where a line says who does it; another word for an executor becomes the known one, and
    so does whatever may be the name of a company where the heading is one of companies."""
    text = row.text("executor")
    if not text or "executor" in row.refused or clears(row.cells.get("executor")) or EXECUTORS.find(text) is not None:
        return None
    found = known.find(text)
    of_companies = fold(row.heading("executor")) in _of_companies()
    executor = _executor_named(text)
    if executor is None and found is None and of_companies and _may_be_company(text):
        executor = "contractor"
    if executor is not None:
        _put_executor(row, "executor", text, executor, problems)
        _say_not_set_up(row, "executor", text, companies, problems)
        return None
    if found is not None:
        row.cells = {key: cell for key, cell in row.cells.items() if key != "executor"}
        row.written["executor"] = text
        said = LocalName(
            f"“{text}”是部门，按责任部门理解", f"“{text}” is a department and was taken for the one responsible"
        )
        problems.warn(row.problem("executor", "executor_read_as", in_words("executor_read_as", said)))
    elif of_companies:
        row.cells = {key: cell for key, cell in row.cells.items() if key != "executor"}
        row.written["executor"] = text
        said = LocalName(f"“{text}”不是单位名称，未采用", f"“{text}” names no company: it was not taken over")
        problems.warn(row.problem("executor", "company_ignored", in_words("company_ignored", said)))
    return found


def _may_be_company(text: str) -> bool:
    """Whether a text may be a company's name. Crews and people are our own, so are departments called after their trade
    alone (保洁队, 客服中心); with a proper name before it they are a company's (蓝天保洁队, 三菱电梯服务中心)."""
    if says_nothing(text) or _REFERS.fullmatch(text.strip().casefold()) is not None:
        return False
    return _of_our_own().fullmatch(fold(text)) is None


def _put_executor(row: Row, key: str, text: str, executor: str, problems: Problems) -> None:
    zh, en = EXECUTORS.said(executor, "zh"), EXECUTORS.said(executor, "en")
    said = LocalName(f"“{text}”按执行方“{zh}”理解", f"“{text}” was taken for who does it: {en}")
    problems.warn(row.problem(key, "executor_read_as", in_words("executor_read_as", said)))
    row.written["executor"] = text
    row.cells = {**row.cells, "executor": zh}


def _say_not_set_up(row: Row, key: str, text: str, companies: Companies, problems: Problems) -> None:
    """Say so of a company that is no contractor of the site yet; words such as 厂家 name none."""
    if EXECUTORS.find(text) is not None or fold(text) in _taken_for() or companies(text):
        return
    said = LocalName(f"“{text}”尚未登记为本站点的外包单位", f"{text} is not set up as a contractor of the site yet")
    problems.warn(row.problem(key, "contractor_not_set_up", in_words("contractor_not_set_up", said)))


def _leave_out(row: Row, text: str, problems: Problems, beside: LocalName | None = None) -> None:
    zh, en = ("未采用", "it was not taken over") if beside is None else (
        f"按旁边的“{beside.zh}”理解", f"{beside.en or beside.zh} beside it was taken"
    )  # fmt: skip
    said = LocalName(f"“{text}”不是本系统的部门，{zh}", f"“{text}” is no department: {en}")
    problems.warn(row.problem("department", "department_ignored", in_words("department_ignored", said)))


def _executor_named(text: str, *, company: bool = True) -> str | None:
    """The executor that a word stands for: one of the list, a maker, a ``company`` by its name."""
    folded = fold(text)
    found = EXECUTORS.find(text) or _taken_for().get(folded)
    if found is not None:
        return found
    return "contractor" if company and len(folded) > 2 and folded.endswith(tuple(_companies())) else None


@cache
def _file() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def _loose() -> frozenset[str]:
    return frozenset(fold(word) for word in _file()["loose"]["headings"])


@cache
def _of_companies() -> frozenset[str]:
    return frozenset(fold(word) for word in _file()["companies"]["headings"])


@cache
def _taken_for() -> Mapping[str, str]:
    return {fold(word): key for key, words in _file()["taken_for"].items() for word in words}


@cache
def _companies() -> Sequence[str]:
    return [fold(word) for word in _file()["companies"]["ends"]]


@cache
def _of_our_own() -> re.Pattern[str]:
    ours = _file()["ours"]
    people, units, trades = ("|".join(map(re.escape, map(fold, ours[key]))) for key in ("people", "units", "trades"))
    return re.compile(rf".*(?:{people})|(?:(?:{trades})|第?[0-9一二三四五六七八九十])*(?:{units})")
