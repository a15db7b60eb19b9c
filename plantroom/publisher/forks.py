"""What a fork of the process must not touch: a connection to SQLite, and a lock that another thread held."""

import ctypes
import os
import sqlite3
import weakref
from typing import Protocol


class Inherited(Protocol):
    """Something that belongs to the process that opened it."""

    def leave_to_parent(self) -> None:
        """In a fork: let nothing of the parent's be used, nor be closed at the end."""


_open: "weakref.WeakSet[Inherited]" = weakref.WeakSet()


def note(one: Inherited) -> None:
    """From now on a fork leaves this one to its parent."""
    _open.add(one)


def keep_open(connection: sqlite3.Connection) -> None:
    """Never close it, not at the end of the process either: SQLite would empty and delete the log (WAL) that the
    parent goes on writing."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _leave_all() -> None:
    for one in list(_open):
        one.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)
