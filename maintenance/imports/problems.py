"""What can be wrong with a table, or odd about it: codes with their meaning and remedy, and entries that name the cell.

``docs/imports.md`` lists the codes from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from maintenance.imports.codes import CODES
from plantroom.domain.assets import LocalName

MOST = 1_000
"""Errors, and warnings, that a document lists; further ones are counted."""

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with (or odd about) one cell: where, what, and what to do. ``row`` is the one that a spreadsheet
    program shows, ``column`` the heading as it was written."""

    sheet: str
    row: int
    column: str
    value: str
    code: str
    message: str

    def as_json(self) -> dict[str, object]:
        """The entry as CONTRACTS' ``/imports`` shows it, with the code's remedy."""
        remedy = CODES[self.code].remedy
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "message": self.message,
            "remedy": {"zh": remedy.zh, "en": remedy.en},
        }


@dataclass(slots=True)
class Problems:
    """Errors and warnings of one import, the first ``MOST`` of each; the others are counted."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    errors_left_off: int = 0
    warnings_left_off: int = 0

    @property
    def wrong(self) -> bool:
        """Whether there is any error."""
        return bool(self.errors)

    def error(self, problem: Problem) -> None:
        """Note an error."""
        if len(self.errors) < MOST:
            self.errors.append(problem)
        else:
            self.errors_left_off += 1

    def warn(self, problem: Problem) -> None:
        """Note a warning."""
        if len(self.warnings) < MOST:
            self.warnings.append(problem)
        else:
            self.warnings_left_off += 1


def count(problems: Problems) -> int:
    """How many errors there are."""
    return len(problems.errors) + problems.errors_left_off


class Unreadable(Exception):
    """A file, sheet or row that cannot be read at all: nothing more can be said about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class CellProblem(Exception):
    """One value that cannot be taken. ``said`` is what is wrong, in both languages; the remedy is the code's."""

    def __init__(self, code: str, said: LocalName | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.said = said or CODES[code].meaning


def not_yours(department: LocalName) -> str:
    """The message for a record of a department that whoever imports may not change."""
    en = department.en or department.zh
    said = LocalName(f"没有权限更改“{department.zh}”的内容", f"you may not change what belongs to {en}")
    return in_words("not_yours", said if department.zh else None)


def there_are(said: LocalName, zh: Iterable[str], en: Iterable[str] | None = None) -> LocalName:
    """What is wrong, with the ones that there are behind it; of none that is said."""
    zh = list(zh)
    if not zh:
        return LocalName(f"{said.zh}；目前还没有", f"{said.en}; there is none yet")
    return LocalName(f"{said.zh}；有：{'、'.join(zh)}", f"{said.en}; there are: {', '.join(en or zh)}")


def in_both(text: str) -> LocalName:
    """A message that says 中文 / English, taken apart; one that does not stands for both."""
    zh, divided, en = text.partition(" / ")
    return LocalName(zh, en) if divided else LocalName(text, text)


def in_words(code: str, said: LocalName | None = None) -> str:
    """A problem's message: what is wrong and what to do, 中文 / English."""
    known = CODES[code]
    what = said or known.meaning
    return f"{what.zh}，{known.remedy.zh} / {what.en}: {known.remedy.en}"


def shown(value: object) -> str:
    """A value as a message shows it, cut where it is very long."""
    text = "" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
