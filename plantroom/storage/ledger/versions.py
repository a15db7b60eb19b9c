"""Records that carry a version: added, or replaced when nobody else has meanwhile."""

from collections.abc import Mapping
from dataclasses import Field, replace
from typing import Any, ClassVar, Protocol, TypeVar

import sqlalchemy as sa

from plantroom.errors import NotFound, VersionConflict
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work


class Versioned(Protocol):
    """A frozen dataclass with a ``version``."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def version(self) -> int:
        """Counts changes; 1 when new."""
        ...


V = TypeVar("V", bound=Versioned)


def put_versioned(
    work: Work, record: Record[V], item: V, keys: Mapping[str, Any], expected: int | None, what: str
) -> V:
    """Add the item (at version 1), or write it over the one with its keys, at the next version.

    Raises ``VersionConflict`` when another version than ``expected`` is stored, ``NotFound`` when one is expected and
    there is none.
    """
    table = record.table
    here = [table.c[name] == value for name, value in keys.items()]
    stored = work.connection.execute(work.locking(sa.select(table.c.version).where(*here))).scalar()
    if stored is None:
        if expected is not None:
            raise NotFound(f"there is no {what}")
        fresh = replace(item, version=1)
        work.connection.execute(table.insert(), record.row(fresh))
        return fresh
    if expected is not None and stored != expected:
        raise stale(what, stored, expected)
    changed = replace(item, version=stored + 1)
    work.connection.execute(table.update().where(*here), record.row(changed))
    return changed


def stale(what: str, stored: int, expected: int) -> VersionConflict:
    """Somebody else has changed it."""
    return VersionConflict(f"{what} is at version {stored} by now, not {expected}")
