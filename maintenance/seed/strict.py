"""Reads entries of the seed files, refusing what is wrong with the file and the entry named.

An ``Entry`` is one table of a TOML file or one line of a CSV file. What is taken from it is checked at once; ``finish``
refuses fields that nobody took. All of it raises ``plantroom.errors.BadData``.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from plantroom.domain.assets import LocalName, Status
from plantroom.errors import BadData

FOLDER = Path(__file__).parent
STATUSES = tuple(status.value for status in Status)


class Entry:
    """One entry and where it stands (``sla.toml: critical``)."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, Mapping):
            raise BadData(f"{where}: not a table")
        self.where = where
        self._left: dict[str, Any] = {str(key): value for key, value in data.items()}

    def refuse(self, message: str) -> NoReturn:
        """Say what is wrong with the entry."""
        raise BadData(f"{self.where}: {message}")

    def has(self, field: str) -> bool:
        """Whether a field is given and not taken yet."""
        return field in self._left

    def take(self, field: str) -> Any:
        """A field as it is; ``None`` when it is not given."""
        return self._left.pop(field, None)

    def finish(self) -> None:
        """Refuse what is left."""
        if self._left:
            self.refuse(f"unknown field {', '.join(sorted(self._left))}")

    def text(self, field: str, default: str | None = None) -> str:
        """A text that is not blank; without a default it has to be given."""
        value = self.take(field)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            self.refuse(f"{field} is missing")
        return value

    def key(self, field: str = "key") -> str:
        """A key: lower case letters, digits, underscores and hyphens."""
        value = self.text(field)
        if not all(c.islower() or c.isdigit() or c in "_-" for c in value):
            self.refuse(f"{field} {value!r}: a key is lower case")
        return value

    def name(self, prefix: str = "") -> LocalName:
        """``zh`` and ``en`` (``what_zh``, ``what_en`` with the prefix ``what_``): both or a refusal."""
        return LocalName(self.text(f"{prefix}zh"), self.text(f"{prefix}en"))

    def name_if_given(self, prefix: str) -> LocalName:
        """As ``name``; empty when neither language is given."""
        if not self.has(f"{prefix}zh") and not self.has(f"{prefix}en"):
            return LocalName("", "")
        return self.name(prefix)

    def words(self, field: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
        """A list of texts (nothing given: none), each of ``known`` and none twice."""
        value = self.take(field)
        given = [] if value is None else value
        if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
            self.refuse(f"{field} is a list of texts")
        for one in given:
            if known is not None and one not in known:
                self.refuse(f"{field}: there is no {one!r}")
        if len(set(given)) < len(given):
            self.refuse(f"{field}: something is there twice")
        return tuple(given)

    def one_of(self, field: str, known: Iterable[str], default: str | None = None) -> str:
        """One of some words."""
        value = self.text(field, default)
        if value not in known:
            self.refuse(f"{field} {value!r} is none of {', '.join(known)}")
        return value

    def number(self, field: str) -> float | None:
        """A number; ``None`` when it is not given."""
        value = self.take(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"{field} is a number")
        return float(value)

    def whole(self, field: str, low: int = 0, default: int | None = None) -> int:
        """A whole number from ``low`` up."""
        value = self.take(field)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            self.refuse(f"{field} is a whole number, {low} or more")
        return value

    def whole_if_given(self, field: str, low: int = 0) -> int | None:
        """As ``whole``; ``None`` when it is not given."""
        return self.whole(field, low) if self.has(field) else None

    def flag(self, field: str, default: bool = False) -> bool:
        """True or false."""
        value = self.take(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(f"{field} is true or false")
        return value

    def basis(self, default: str | None = None) -> str:
        """What the entry is based on."""
        return self.text("basis", default)

    def status(self, field: str = "status", default: str | None = None) -> Status:
        """How far the entry can be trusted."""
        return Status(self.one_of(field, STATUSES, default))

    def entries(self, field: str, named: str = "") -> "list[Entry]":
        """The tables below a field, each called by its ``named`` field or its number."""
        value = self.take(field)
        if value is None:
            value = []
        if not isinstance(value, list):
            self.refuse(f"{field} is a list of tables")
        return [Entry(one, f"{self.where}: {_called(one, named, number)}") for number, one in enumerate(value, 1)]


@cache
def document(file: str) -> Mapping[str, Any]:
    """A TOML file of the folder, parsed once. ``BadData`` when it is not TOML."""
    try:
        return tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadData(f"{file}: {error}") from error


def tables(file: str, lists: Sequence[str], *, own: Sequence[str] = ("basis", "status")) -> Entry:
    """A whole file as an entry that has only these lists and some fields of its own."""
    entry = Entry(document(file), file)
    unknown = sorted(set(document(file)) - {*lists, *own})
    if unknown:
        entry.refuse(f"unknown table {', '.join(unknown)}")
    return entry


def once(file: str, what: str, keys: Iterable[str]) -> None:
    """Refuse a key that is there twice."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise BadData(f"{file}: {what} {key} is there twice")
        seen.add(key)


def _called(value: object, named: str, number: int) -> str:
    name = value.get(named) if isinstance(value, Mapping) and named else None
    return str(name) if name else f"number {number}"
