"""Rows to the domain's dataclasses and back.

A field of the dataclass is the column of the same name; a ``LocalName`` is two columns (``_zh``, ``_en``), an
enumeration its value, a nested record JSON. Columns that the dataclass does not have are the caller's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from operator import attrgetter
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import sqlalchemy as sa

from plantroom.domain.assets import LocalName
from plantroom.storage.ledger.codec import Reader, dump, load_shared, reader, same
from plantroom.storage.ledger.columns import Json

T = TypeVar("T")
Row = Sequence[Any]
Getter = Callable[[Any], Any]


class Record(Generic[T]):
    """One dataclass in one table. ``renamed`` maps a field to its column where the names differ, ``fixed`` gives fields
    that have no column, or that are not read, their value in every item, ``read_as`` a column what is read in its
    place."""

    def __init__(
        self,
        kind: type[T],
        table: sa.Table,
        renamed: Mapping[str, str] | None = None,
        fixed: Mapping[str, object] | None = None,
        read_as: Mapping[str, sa.Label[Any]] | None = None,
    ) -> None:
        self.kind = kind
        self._fixed = dict(fixed or {})
        self.table = table
        self._read_as = read_as or {}
        self.columns: list[sa.Column[Any] | sa.Label[Any]] = []
        self._writers: list[tuple[str, Getter]] = []
        self._readers: list[tuple[str, int, Reader]] = []
        self._names: list[tuple[str, int]] = []
        hints = get_type_hints(kind)
        for f in fields(kind):  # type: ignore[arg-type]
            if f.name not in self._fixed:
                self._field(f.name, hints[f.name], (renamed or {}).get(f.name, f.name))

    def _field(self, name: str, hint: Any, column: str) -> None:
        position = len(self.columns)
        if hint is LocalName:
            self._column(f"{column}_zh", attrgetter(f"{name}.zh"))
            self._column(f"{column}_en", attrgetter(f"{name}.en"))
            self._names.append((name, position))
            return
        read = reader(hint)
        stored = self.table.c[column]
        get = attrgetter(name)
        if _is_enumeration_or_none(hint):
            self._column(column, lambda item: None if get(item) is None else get(item).value)
            self._readers.append((name, position, read))
        elif isinstance(stored.type, sa.Text) and read is not same and not _is_enumeration(hint):
            self._column(column, lambda item: dump(get(item)))
            self._readers.append((name, position, lambda text: load_shared(hint, text)))
        elif isinstance(stored.type, Json):
            self._column(column, get)
            self._readers.append((name, position, read))
        elif _is_enumeration(hint):
            self._column(column, attrgetter(f"{name}.value"))
            self._readers.append((name, position, read))
        else:
            self._column(column, get)
            self._readers.append((name, position, same))

    def _column(self, column: str, get: Getter) -> None:
        self.columns.append(self._read_as.get(column, self.table.c[column]))
        self._writers.append((column, get))

    def row(self, item: T) -> dict[str, Any]:
        """The columns' values of an item."""
        return {column: get(item) for column, get in self._writers}

    def rows(self, items: Sequence[T]) -> list[dict[str, Any]]:
        """As ``row``, for many."""
        return [self.row(item) for item in items]

    def item(self, row: Row, offset: int = 0) -> T:
        """The item of a row selected with ``columns``, beginning at ``offset``."""
        values: dict[str, Any] = dict(self._fixed)
        for name, position, read in self._readers:
            value = row[offset + position]
            values[name] = value if read is same else read(value)
        for name, position in self._names:
            values[name] = LocalName(row[offset + position], row[offset + position + 1])
        return self.kind(**values)

    def select(self) -> sa.Select[Any]:
        """Select every item's columns, in the order that ``item`` reads."""
        return sa.select(*self.columns)


def _is_enumeration_or_none(hint: Any) -> bool:
    parts = get_args(hint)
    return len(parts) == 2 and parts[1] is NoneType and _is_enumeration(parts[0])


def _is_enumeration(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)
