"""What a row asks for before a machine is used again, as one cell: 365天；TSG T7001-2023；待核实. Pure."""

import re
from typing import Any

from maintenance.imports.cells import Cell, plain_text, text_of
from maintenance.imports.problems import CellProblem
from maintenance.imports.values import read_json, read_whole, write_json
from maintenance.imports.words import STATUSES_OF_FIGURES
from maintenance.plan import BeforeReuse
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

MOST_DAYS = 36_600
_MOST_BASIS = 1000
_DAYS = re.compile(r"(?:超过|超過|more than )?\s*([0-9]+)\s*(?:天|日|days?)?", re.IGNORECASE)
_WRONG = LocalName(
    "应为停用天数，可带依据与核实情况，如“365天；TSG T7001-2023；待核实”",
    "should be the days out of use, with a basis and its status where there are any: 365 days; TSG T7001-2023; "
    "From memory",
)


def read_reuse(cell: Cell) -> BeforeReuse:
    """The days out of use, then the basis, then how sure that is; or the object that an export writes where words do
    not do. Raises ``CellProblem``."""
    text = text_of(cell)
    if text.startswith("{"):
        return _of_object(text)
    days, _, rest = text.replace("；", ";").partition(";")
    found = _DAYS.fullmatch(days.strip())
    if found is None:
        raise CellProblem("unknown_choice", _WRONG)
    basis, status = rest.strip(), "default"
    head, divided, tail = basis.rpartition(";")
    known = STATUSES_OF_FIGURES.find(tail)
    if known is not None and (divided or tail):
        basis, status = head.strip(), known
    return _checked(found[1], basis, status)


def write_reuse(value: Any, language: str) -> Cell:
    """The cell that ``read_reuse`` reads as the same."""
    if value is None:
        return None
    mark, days = ("; ", counted(value.after_days, "day")) if language == "en" else ("；", f"{value.after_days}天")
    parts = [days, value.basis]
    if value.status in STATUSES_OF_FIGURES.table() and (value.basis or value.status != "default"):
        parts.append(STATUSES_OF_FIGURES.said(value.status, language))
    text = mark.join(one for one in parts if one)
    try:
        if read_reuse(text) == value:
            return text
    except CellProblem:
        pass
    return write_json({"after_days": value.after_days, "basis": value.basis, "status": value.status})


def _of_object(text: str) -> BeforeReuse:
    try:
        found = read_json(text)
    except ValueError:
        raise CellProblem("unknown_choice", _WRONG) from None
    basis, status = found.get("basis", ""), found.get("status", "default")
    is_whole = isinstance(found.get("after_days"), int) and not found.keys() - {"after_days", "basis", "status"}
    if not is_whole or not isinstance(basis, str) or status not in STATUSES_OF_FIGURES.table():
        raise CellProblem("unknown_choice", _WRONG)
    return _checked(str(found["after_days"]), plain_text(basis), status)


def _checked(days: str, basis: str, status: str) -> BeforeReuse:
    if len(basis) > _MOST_BASIS:
        raise CellProblem("too_long")
    return BeforeReuse(read_whole(days, 1, MOST_DAYS), basis, status)
