"""Dataclasses to JSON text and back, by their annotations.

Covers what the domain's records are made of: dataclasses, enumerations, dates and instants, optional values,
tuples and sequences (read back as tuples), mappings of plain values, and unions of dataclasses that each have a field
``type`` with a default of their own, which is not given at construction.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import orjson

T = TypeVar("T")
Reader = Callable[[Any], Any]
"""Makes the Python value of a parsed JSON value."""

_INT64 = 2**63
_LARGEST = 10**308
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON document")


def dump(value: object) -> str:
    """JSON text of a value. NaN and infinities become null, half surrogate pairs a question mark, whole numbers
    beyond 64 bits the nearest float."""
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS).decode()
    except TypeError:  # devices send what JSON's text form allows and orjson refuses
        return orjson.dumps(_tamed(value), default=_plain, option=_OPTIONS).decode()


def dump_sorted(value: object) -> str:
    """As ``dump``, with the keys of every object in their order: equal values give equal texts."""
    option = _OPTIONS | orjson.OPT_SORT_KEYS
    try:
        return orjson.dumps(value, default=_plain, option=option).decode()
    except TypeError:
        return orjson.dumps(_tamed(value), default=_plain, option=option).decode()


def _tamed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return float(value) if abs(value) < _LARGEST else None
    if isinstance(value, Mapping):
        return {_tamed(key): _tamed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_tamed(one) for one in value]
    return value


def load(kind: type[T], text: str) -> T:
    """The value of ``kind`` that ``dump`` wrote."""
    return cast("T", reader(cast("Hashable", kind))(orjson.loads(text)))


def load_shared(kind: type[T], text: str) -> T:
    """As ``load``; equal texts give one shared object, so ``kind`` must be immutable."""
    return cast("T", _shared(cast("Hashable", kind), text))


@lru_cache(maxsize=2048)
def _shared(kind: Any, text: str) -> Any:
    return reader(kind)(orjson.loads(text))


def same(value: Any) -> Any:
    """Reader of values that JSON keeps as they are."""
    return value


@cache
def reader(hint: Any) -> Reader:
    """The reader of an annotation; ``same`` when nothing has to be done."""
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _optional([a for a in get_args(hint) if a is not NoneType])
    if origin is tuple or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return _sequence(reader(get_args(hint)[0]))
    return _of_class(hint) if isinstance(hint, type) else same


def _of_class(kind: type[Any]) -> Reader:
    if is_dataclass(kind):
        return _record(kind)
    if issubclass(kind, Enum):
        return _member(kind)
    if issubclass(kind, datetime):
        return datetime.fromisoformat
    return date.fromisoformat if issubclass(kind, date) else same


def _optional(parts: list[Any]) -> Reader:
    read = reader(parts[0]) if len(parts) == 1 else _tagged(parts)
    return same if read is same else lambda value: None if value is None else read(value)


def _tagged(parts: list[Any]) -> Reader:
    """The reader of a union of dataclasses told apart by ``type``; of other unions ``same``."""
    if not all(is_dataclass(part) for part in parts):
        return same
    readers = {f.default: reader(part) for part in parts for f in fields(part) if f.name == "type"}

    def read(document: Any) -> Any:
        kind = document.get("type")
        if kind not in readers:
            raise ValueError(f"a stored record of the unknown type {kind!r}")
        return readers[kind](document)

    return read


def _sequence(read: Reader) -> Reader:
    return tuple if read is same else lambda value: tuple(read(v) for v in value)


def _member(kind: type[Enum]) -> Reader:
    return {m.value: m for m in kind}.__getitem__


def _record(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    readers = [(f.name, reader(hints[f.name])) for f in fields(kind) if f.init]
    required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}

    def read(document: Any) -> Any:
        missing = required - document.keys()
        if missing:
            raise ValueError(f"a stored {kind.__name__} lacks {', '.join(sorted(missing))}")
        return kind(**{name: one(document[name]) for name, one in readers if name in document})

    return read
