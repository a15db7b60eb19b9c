"""The ledger in PostgreSQL, through psycopg 3."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, Connection, Engine

from plantroom.errors import Unreachable
from plantroom.ports.ledger import LEDGER
from plantroom.storage.ledger.audit_hook import note_copied, watch_changes
from plantroom.storage.ledger.backend import (
    IDLE_S,
    LOCK_WAIT_S,
    MIGRATION_WAIT_S,
    SHORT_IDLE_S,
    Backend,
    Insert,
    Lock,
    Plain,
)
from plantroom.storage.ledger.changes import ChangeSignal
from plantroom.storage.ledger.codec import dump
from plantroom.storage.ledger.columns import Json
from plantroom.storage.ledger.errors import translate_errors, translated
from plantroom.storage.ledger.tables import WORK_ORDER_NUMBER
from plantroom.storage.ledger.work import chunks

CHANNEL = "plantroom_ledger"
_LOCK_SPACE = 0x504C4E54
"""First half of our advisory locks' keys, apart from other programs' in the same database."""

COPY_FROM = 50
"""Rows from which COPY pays: it takes ten times as many rows a second as INSERT does."""

LINES_AT_ONCE = 500
"""Rows that go to the server in one piece."""

_NUMBERS = sa.Sequence(WORK_ORDER_NUMBER)
_LAST_NUMBER: sa.Select[int] = sa.select(sa.column("last_value", sa.BigInteger)).select_from(
    sa.table(WORK_ORDER_NUMBER)
)

CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    # A server that vanished without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "plantroom",
}

OPTIONS = (
    f"-c lock_timeout={int(LOCK_WAIT_S * 1000)} -c timezone=UTC"
    # The same the other way round: what a client held that vanished without a word must be free for the next one.
    f" -c idle_in_transaction_session_timeout={int(IDLE_S * 1000)}"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)

_SHORTLY = f"set_config('idle_in_transaction_session_timeout', '{int(SHORT_IDLE_S * 1000)}', true)"


class PostgresBackend(Backend):
    """A database on a server."""

    def __init__(self, url: URL) -> None:
        given = {k: v for k, v in CONNECT.items() if k not in url.query}
        if "options" not in url.query:
            given["options"] = OPTIONS
        self._listening = url, given
        self._engine = self._make_engine(url, given)
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.changes = PostgresChanges(*self._listening)

    def is_there(self) -> bool:
        return True  # connecting tells

    def open(self) -> None:
        self.changes = PostgresChanges(*self._listening)

    def close(self) -> None:
        self.changes.stop()
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reading.connect() as connection:  # begins with the first statement, rolls back at the end
            yield connection

    def check_writable(self, connection: Connection) -> None:
        if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar():
            raise Unreachable(LEDGER, "the server is a standby and accepts no writing")

    def prepare_migration(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(MIGRATION_WAIT_S)}s'")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        self.lock(connection, Lock.MIGRATION)

    def insert(self, table: sa.Table) -> Insert:
        return postgresql.insert(table)

    def insert_many(self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) < COPY_FROM:
            connection.execute(table.insert(), rows)
            return
        columns = list(rows[0])
        documents = {name for name in columns if isinstance(table.c[name].type, Json)}
        named = ", ".join(f'"{column}"' for column in columns)
        statement = f"COPY {table.name} ({named}) FROM STDIN"
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row([_document(row[c]) if c in documents else row[c] for c in columns])
        except psycopg.Error as error:
            known = translated(error)
            if known is None:
                raise
            raise known from error
        note_copied(connection, table, rows)

    def insert_plain(
        self, connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Plain]]
    ) -> None:
        if not rows:
            return
        named = ", ".join(f'"{column}"' for column in columns)
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
                for some in chunks(rows, LINES_AT_ONCE):
                    copy.write("".join(["\t".join(map(_field, row)) + "\n" for row in some]))
        except psycopg.Error as error:
            known = translated(error)
            if known is None:
                raise
            raise known from error

    def plain_instant(self, instant: datetime) -> Plain:
        return instant.isoformat()

    def among(self, columns: Sequence[sa.ColumnElement[Any]], rows: Sequence[Sequence[Any]]) -> sa.ColumnElement[bool]:
        # A list of thousands of tuples would be planned as as many ORs; arrays are joined.
        arrays = [
            sa.literal(list(v), postgresql.ARRAY(c.type)) for c, v in zip(columns, zip(*rows, strict=True), strict=True)
        ]
        names = [f"c{i}" for i in range(len(columns))]
        table = sa.func.unnest(*arrays).table_valued(*names).render_derived()
        return sa.tuple_(*columns).in_(sa.select(*[table.c[name] for name in names]))

    def before(self, column: sa.ColumnElement[str], mark: str) -> sa.ColumnElement[str]:
        return sa.func.split_part(column, mark, 1)

    def minute(self, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[Any]:
        return sa.func.date_trunc("minute", column)

    def seconds_between(
        self, first: sa.ColumnElement[datetime], last: sa.ColumnElement[datetime | None]
    ) -> sa.ColumnElement[Any]:
        return sa.func.extract("epoch", last) - sa.func.extract("epoch", first)

    def lock(self, connection: Connection, what: Lock) -> None:
        shortly = f"{_SHORTLY}, " if what in (Lock.FINDINGS, Lock.LIVE) else ""
        connection.exec_driver_sql(f"SELECT {shortly}pg_advisory_xact_lock({_LOCK_SPACE}, {what.value})")

    def share(self, connection: Connection, what: Lock) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_LOCK_SPACE}, {what.value})")

    def try_lock(self, connection: Connection, what: Lock) -> bool:
        statement = f"SELECT pg_try_advisory_xact_lock({_LOCK_SPACE}, {what.value})"
        return bool(connection.exec_driver_sql(statement).scalar())

    def lock_text(self, connection: Connection, text: str) -> None:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(text, _LOCK_SPACE))))

    def hurry(self, connection: Connection, wait_s: float = LOCK_WAIT_S) -> None:
        connection.exec_driver_sql(f"SELECT {_SHORTLY}, set_config('lock_timeout', '{int(wait_s * 1000)}', true)")

    def take_numbers(self, connection: Connection, count: int) -> list[int]:
        each = sa.func.generate_series(1, count).table_valued("n")
        statement = sa.select(_NUMBERS.next_value()).select_from(each)
        return [int(n) for n in connection.execute(statement).scalars()]

    def note_number(self, connection: Connection, number: int) -> None:
        last = connection.execute(_LAST_NUMBER).scalar_one()
        if number > last:
            connection.execute(sa.select(sa.func.setval(WORK_ORDER_NUMBER, number)))

    def now_ms(self) -> sa.ColumnElement[int]:
        return sa.literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)", sa.BigInteger)

    def notify(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_notify('{CHANNEL}', '')")

    @staticmethod
    def _make_engine(url: URL, given: dict[str, Any]) -> Engine:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=given,
            isolation_level="READ COMMITTED",
            pool_size=5,
            max_overflow=15,
            pool_timeout=LOCK_WAIT_S,
            pool_pre_ping=True,
            json_serializer=dump,
            json_deserializer=orjson.loads,
        )
        translate_errors(engine)
        watch_changes(engine)
        return engine


def _field(value: Plain) -> str:
    """A value in COPY's text format."""
    if value is None:
        return "\\N"
    text = str(value)
    return text.translate(_ESCAPES) if _TO_ESCAPE.search(text) else text


_TO_ESCAPE = re.compile(r"[\\\t\n\r\x00]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": "\N{REPLACEMENT CHARACTER}"})


def _document(value: Any) -> str | None:
    return None if value is None else dump(value)


class PostgresChanges(ChangeSignal):
    """Listens on a connection of its own."""

    def __init__(self, url: URL, given: dict[str, Any]) -> None:
        super().__init__()
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._given = given

    def _watch(self) -> None:
        while not self._stopping.is_set():
            with suppress(psycopg.Error):
                self._listen()
            self._stopping.wait(1.0)

    def _listen(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True, **self._given) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self.raise_()  # something may have been said before we listened
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=0.5, stop_after=1):
                    self.raise_()
