"""Lines of a plan table, or of last completions, that are not in force: INACTIVE, DRAFT, 停用. Pure."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from maintenance.imports.cells import fold
from maintenance.imports.columns import Column
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.values import read_yes_no
from plantroom.domain.assets import LocalName

FILE = Path(__file__).parent / "data" / "plan_states.toml"


@cache
def _file() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


STATE = Column("in_force", "启用情况", "啟用情況", "In force", tuple(_file()["headings"]["also"]))
"""The column; an export has none. Its words count under the status of a figure, too: other programs head theirs so."""


def in_force(rows: Iterable[Row], problems: Problems) -> Iterator[Row]:
    """The rows without those that are not in force, which a warning names."""
    for row in rows:
        key = next((one for one in (STATE.key, "status") if _may_say(row, one) and _state(row, one) is not None), None)
        if key is None:
            yield row
        elif _state(row, key):
            row.cells = {name: cell for name, cell in row.cells.items() if name != key}
            yield row
        else:
            said = LocalName(f"状态为“{row.text(key)}”的行未导入", f"a line that is {row.text(key)} is not imported")
            problems.warn(row.problem(key, "inactive_row", in_words("inactive_row", said)))


def _may_say(row: Row, key: str) -> bool:
    """Whether a column says that a row is in force: under our own heading 草稿 is the status of a figure."""
    return key == STATE.key or fold(row.heading(key)) not in _words("figures")


def _state(row: Row, key: str) -> bool | None:
    """Whether a row is in force by a column; ``None``: the column does not say."""
    word = fold(row.text(key))
    if word in _words("active"):
        return True
    if word in _words("inactive"):
        return False
    if key != STATE.key or not word:
        return None
    try:
        return read_yes_no(row.cells.get(key))
    except CellProblem:
        return None


@cache
def _words(which: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _file()[which]["words"])
