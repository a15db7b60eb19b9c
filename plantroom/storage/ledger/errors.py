"""The one place where a database driver's errors become the ledger's."""

import sqlite3

from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

from plantroom.errors import BadData, Conflict, NothingLeft, PlantroomError, SettingError, Unreachable
from plantroom.ports.ledger import LEDGER, Contended, Occupied

_FULL = ("53100", "53200", "53400")
"""SQLSTATE: disk full, out of memory, configuration limit exceeded."""

_CONTENDED = ("40001", "40P01")
"""SQLSTATE: serialization failure, deadlock detected. The whole transaction is undone and may be begun again."""

_OCCUPIED = "55P03"
"""SQLSTATE: lock not available within the time that it is waited for."""

_AWAY = ("25006", "25P03")
"""SQLSTATE of a standby or of a reading transaction, and of one that did nothing for so long that it was ended."""


def translate_errors(engine: Engine) -> None:
    """From now on the engine's connections raise ``Unreachable``, ``NothingLeft``, ``Contended``, ``Conflict``
    or ``BadData`` instead of a driver's error. Mistakes in a statement stay what they are."""

    @event.listens_for(engine, "handle_error")
    def _handle(context: ExceptionContext) -> PlantroomError | None:
        return translated(context.original_exception)


def translated(error: BaseException) -> PlantroomError | None:
    """What a driver's error means to the ledger's callers; ``None``: a mistake of ours."""
    problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _sqlite(error, problem) if isinstance(error, sqlite3.Error) else _postgresql(error, problem)


def _postgresql(error: BaseException, problem: str) -> PlantroomError | None:
    import psycopg  # loaded already wherever its errors come from

    if isinstance(error, psycopg.IntegrityError):
        return Conflict(problem)
    if isinstance(error, psycopg.DataError):
        return BadData(problem)
    state = getattr(error, "sqlstate", None)
    if state in _CONTENDED:
        return Contended(f"{LEDGER}: {problem}")
    if state == _OCCUPIED:
        return Occupied(LEDGER, problem)
    if state in _FULL:
        return NothingLeft(LEDGER, problem)
    is_away = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or state in _AWAY
    return Unreachable(LEDGER, problem) if is_away else None


def _sqlite(original: sqlite3.Error, problem: str) -> PlantroomError | None:
    if isinstance(original, sqlite3.IntegrityError):
        return Conflict(problem)
    code = getattr(original, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return NothingLeft(LEDGER, problem)
    if code == sqlite3.SQLITE_NOTADB:
        words = "a ledger, or a file that does not exist yet; restore the ledger from a backup"
        return SettingError("PLANTROOM_LEDGER_URL", f"the file is no ledger, or damaged ({problem})", words)
    if code == sqlite3.SQLITE_TOOBIG:
        return BadData(problem)
    if isinstance(original, sqlite3.OperationalError | sqlite3.DatabaseError) and code != sqlite3.SQLITE_ERROR:
        return Unreachable(LEDGER, problem)
    return None
