"""Which database a test runs on that could run on either, and statements that are compiled once a process.

The ledger's own contract tests and whatever several threads or processes do at once always run on both. The others run
on one of them in ``make test``, half of them on each (which one depends on nothing but their name), and on both in
``make test-long``.
"""

import zlib
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from tests.examples import SHARE

DATABASES = ("sqlite", "postgresql")
SAMPLED = tuple(f"tests/contract/{name}/" for name in ("maintenance", "imports", "records", "bootstrap", "api"))
AT_ONCE = ("threading", "multiprocessing", "subprocess")
STATEMENTS = 5_000


def is_left_out(item: pytest.Item) -> bool:
    """Whether it is for ``make test-long`` alone, or its other database is the one that it runs on this time."""
    if SHARE >= 1:
        return False
    if item.get_closest_marker("long") is not None:
        return True
    if not item.nodeid.startswith(SAMPLED):
        return False
    spec = getattr(item, "callspec", None)
    used = [value for value in spec.params.values() if value in DATABASES] if spec is not None else []
    if len(used) != 1 or any(hasattr(getattr(item, "module", None), name) for name in AT_ONCE):
        return False
    name = item.nodeid.replace(used[0], "")
    return used[0] != DATABASES[zlib.crc32(name.encode()) % 2]


def share_statements() -> None:
    """Every ledger of a process shares its compiled statements with those before it on the same kind of database. A
    test opens its own ledger, and a quarter of its time went into compiling what the one before had compiled."""
    made = Engine.__init__
    caches: dict[type, LRUCache[Any, Any]] = {}

    def init(self: Engine, pool: Any, dialect: Any, *rest: Any, **more: Any) -> None:
        made(self, pool, dialect, *rest, **more)
        self._compiled_cache = caches.setdefault(type(dialect), LRUCache(STATEMENTS))

    Engine.__init__ = init  # type: ignore[method-assign]
    # A compiled statement is found by its dialect, too: ours of one kind are all alike.
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
