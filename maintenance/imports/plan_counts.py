"""A frequency whose number, unit and times stand in columns of their own. Pure."""

import re

from maintenance.imports.cells import fold
from maintenance.imports.columns import remark
from maintenance.imports.frequency_intervals import UNITS
from maintenance.imports.frequency_words import Frequency, read_frequency
from maintenance.imports.problems import CellProblem
from maintenance.imports.tables import Row
from plantroom.domain.assets import LocalName

_NUMBER = re.compile(r"[0-9]{1,3}")


def read_beside(row: Row) -> Frequency:
    """How often by the frequency's cell and what stands beside it: the unit of a number, how many times in a unit.
    Raises ``CellProblem``, also for a number under 频次 that may be times as well as units: 2 with 年 in its own
    column (in the heading, 频次（月）, it is units)."""
    text, heading = row.text("frequency"), fold(row.heading("frequency"))
    unit = row.text("frequency_unit") or remark(row.heading("frequency"))
    number, is_unit = _NUMBER.fullmatch(fold(text)), _unit(unit) is not None
    times = row.text("frequency_times")
    if number is not None and is_unit and heading.startswith(("次数", "times")):
        return read_frequency(f"{text}次/{_unit(unit)}")
    if number is not None and is_unit and int(number[0]) > 1 and "次" in heading and row.text("frequency_unit"):
        zh = f"可能是每{number[0]}{_of(unit)}一次，也可能是每{_unit(unit)}{number[0]}次"
        en = f"this may be every {number[0]} of the unit ({unit}) or {number[0]} times in one"
        raise CellProblem("ambiguous_frequency", LocalName(zh, en))
    if _NUMBER.fullmatch(times) and int(times) > 1:
        within = _unit(text.removeprefix("每"))
        if within is not None:
            return read_frequency(f"{times}次/{within}")
    return read_frequency(text, unit)


def _unit(text: str) -> str | None:
    """A bare unit (年, 每月, 季度, years), as it stands behind 次/; ``None``: it is none."""
    bare = fold(text).removeprefix("每").removeprefix("个")
    return next((one for one in (bare, bare.removesuffix("s"), bare.removesuffix("度")) if one in UNITS), None)


def _of(unit: str) -> str:
    named = _unit(unit) or unit
    return f"个{named}" if named in ("月", "季", "季度") else named
