"""A column's value in a record and in a cell: how it is read, compared, shown and written. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import Any, Generic, TypeVar

from maintenance.imports.cells import Cell, plain_text
from maintenance.imports.columns import Column
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.imports.values import (
    Words,
    clears,
    is_roc,
    read_date,
    read_number,
    read_text,
    read_whole,
    read_yes_no,
    yes_no,
)
from plantroom.domain.assets import LocalName

R = TypeVar("R")


class _Needed:
    """Stands for: cannot be emptied."""


NEEDED = _Needed()


@dataclass(frozen=True, slots=True)
class Field(Generic[R]):
    """One column of a record ``R``. ``read`` gives the value of a cell, ``write`` the cell of a value in a language;
    ``write(get(record))`` read again gives the same. ``empty`` is the value that the word for clearing stands for."""

    column: Column
    get: Callable[[R], Any]
    put: Callable[[R, Any], R]
    read: Callable[[Cell], Any]
    write: Callable[[Any, str], Cell]
    empty: Any = NEEDED
    attribute: str | None = None
    """The record's field that ``get`` and ``put`` are about, where it is one."""

    @property
    def key(self) -> str:
        """The column's key."""
        return self.column.key


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a table: texts without the blanks around them, whole numbers or not."""
    if one == other:
        return True
    return isinstance(one, str) and isinstance(other, str) and plain_text(one) == plain_text(other)


def by_key(fields: Iterable[Field[R]]) -> dict[str, Field[R]]:
    """The fields by their columns' keys."""
    return {one.key: one for one in fields}


def values_of(row: Row, fields: Mapping[str, Field[R]], problems: Problems) -> dict[str, Any]:
    """The values that a row gives, by column; blank cells give none. What cannot be read becomes an error."""
    found: dict[str, Any] = {}
    for key, cell in row.cells.items():
        one = fields.get(key)
        if one is None or key in row.refused:
            continue
        try:
            found[key] = _value(one, cell)
            if isinstance(found[key], date) and is_roc(cell):
                problems.warn(row.problem(key, "roc_date", in_words("roc_date", _converted(cell, found[key]))))
        except CellProblem as problem:
            problems.error(row.problem(key, problem.code, in_words(problem.code, problem.said)))
            row.refused.add(key)
    return found


def _converted(cell: Cell, day: date) -> LocalName:
    return LocalName(f"“{cell}”按民国纪年换算为{day}", f"{cell} has a year of the Republic of China: {day}")


def _value(field: Field[Any], cell: Cell) -> Any:
    if not clears(cell):
        return field.read(cell)
    if field.empty is NEEDED:
        raise CellProblem("missing_value")
    return field.empty


def changed(
    record: R, fields: Mapping[str, Field[R]], values: Mapping[str, Any], *, is_new: bool = False
) -> tuple[R, dict[str, list[object]]]:
    """The record with the values, and what differs by column: before and after in words (nothing of a new record)."""
    changes: dict[str, list[object]] = {}
    plain: dict[str, Any] = {}
    for key, after in values.items():
        one = fields[key]
        before = one.get(record)
        if same(before, after) or (not is_new and _reads_back(one, before, after)):
            continue
        if not is_new:
            changes[key] = [told(one, before), told(one, after)]
        if one.attribute is not None:
            plain[one.attribute] = after
        else:
            record = one.put(record, after)
    if plain:
        record = with_values(record, plain)
    return record, changes


def _reads_back(field: Field[Any], before: Any, after: Any) -> bool:
    """Whether the value that is there, exported and read again, is the one that the table has: then nobody has changed
    it, even if a table cannot hold all of it (control characters, blanks around a text)."""
    try:
        return same(field.read(field.write(before, "zh")), after)
    except CellProblem:
        return False


def with_values(record: Any, values: Mapping[str, Any]) -> Any:
    """The record with some of its fields replaced, by name."""
    return replace(record, **values)


def told(field: Field[Any], value: Any) -> object:
    """A value as the differences show it: numbers and truth as such, everything else in Chinese words."""
    cell = field.write(value, "zh")
    return cell.isoformat() if isinstance(cell, date) else cell


def cells_of(record: R, fields: Sequence[Field[R]], language: str) -> list[Cell]:
    """The row that an export writes. What would be read as the word for clearing is left out: a blank cell leaves the
    field as it is."""
    return [None if clears(cell) else cell for cell in (one.write(one.get(record), language) for one in fields)]


def of_attribute(
    column: Column, name: str, read: Callable[[Cell], Any], write: Callable[[Any, str], Cell], empty: Any = NEEDED
) -> Field[Any]:
    """A field of the record itself, by its name there."""

    def put(record: Any, value: Any) -> Any:
        return replace(record, **{name: value})

    return Field(column, attrgetter(name), put, read, write, empty, name)


def _as_it_is(value: Any, _language: str) -> Cell:
    found: Cell = value
    return found


def text_field(column: Column, name: str, most: int = 500, empty: Any = "") -> Field[Any]:
    """A text."""
    return of_attribute(column, name, lambda cell: read_text(cell, most), as_text, empty)


def as_text(value: Any, _language: str) -> Cell:
    """A text as its cell. One that is the word for clearing cannot be told from it, so it is left out."""
    return None if value is None or value == "" or clears(value) else str(value)


def name_field(column: Column, name: str, side: str, most: int = 500) -> Field[Any]:
    """One language of a ``LocalName``."""

    def get(record: Any) -> Any:
        return getattr(getattr(record, name), side)

    def put(record: Any, value: Any) -> Any:
        return replace(record, **{name: replace(getattr(record, name), **{side: value})})

    return Field(column, get, put, lambda cell: read_text(cell, most), as_text, "")


def date_field(column: Column, name: str, empty: Any = None) -> Field[Any]:
    """A day."""
    return of_attribute(column, name, read_date, _as_it_is, empty)


def number_field(column: Column, name: str, low: float | None = None, high: float | None = None) -> Field[Any]:
    """A number that may be missing."""
    return of_attribute(column, name, lambda cell: read_number(cell, low, high), _as_it_is, None)


def whole_field(column: Column, name: str, low: int, high: int, empty: Any = NEEDED) -> Field[Any]:
    """A whole number."""
    return of_attribute(column, name, lambda cell: read_whole(cell, low, high), _as_it_is, empty)


def yes_no_field(column: Column, name: str) -> Field[Any]:
    """Yes or no."""
    return of_attribute(column, name, read_yes_no, yes_no)


def word_field(column: Column, name: str, words: Words[Any], empty: Any = NEEDED) -> Field[Any]:
    """A word of a closed list."""

    def write(value: Any, language: str) -> Cell:
        return None if value is None else words.said(value, language)

    offered = replace(column, choices=words.choices)
    return of_attribute(offered, name, words.read, write, empty)


def list_field(column: Column, name: str, most: int = 100) -> Field[Any]:
    """Several codes in one cell: blanks, commas, ``、`` or line ends between them."""

    def read(cell: Cell) -> tuple[str, ...]:
        return split_codes(read_text(cell, 120 * most))

    return of_attribute(column, name, read, lambda value, _: join_codes(value) or None, ())


def split_codes(text: str) -> tuple[str, ...]:
    """The codes in a text. A code with blanks or commas of its own stands in quotation marks."""
    found: list[str] = []
    rest = text
    while rest := rest.lstrip(" \t\n,，、;；"):
        if rest[0] == '"':
            code, rest = _quoted(rest)
        else:
            end = next((n for n, char in enumerate(rest) if char in " \t\n,，、;；"), len(rest))
            code, rest = rest[:end], rest[end:]
        found.append(code)
    return tuple(dict.fromkeys(found))


def _quoted(text: str) -> tuple[str, str]:
    code, place = "", 1
    while place < len(text):
        if text[place] == '"':
            if text[place + 1 : place + 2] != '"':
                return code, text[place + 1 :]
            place += 1
        code += text[place]
        place += 1
    raise CellProblem("bad_code")


def join_codes(codes: Sequence[str]) -> str:
    """The codes as ``split_codes`` reads them."""
    return ", ".join(
        '"' + code.replace('"', '""') + '"' if not code or any(c in ' \t\n,，、;；"' for c in code) else code
        for code in codes
    )
