"""Migrated ledgers of the test's own, without migrating each: a copied file or folder, an emptied database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from plantroom.bootstrap.parts import open_parts
from plantroom.settings import Settings
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.tables import counters, metadata
from plantroom.storage.ledger.tables_audit import APPEND_ONLY as HISTORY
from plantroom.storage.ledger.tables_records import FROZEN
from tests.servers.postgres import Postgres

APPEND_ONLY = (*HISTORY, *reversed(FROZEN))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, closed file."""
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    ledger = SqlLedger(f"sqlite:///{path}")
    ledger.open()
    ledger.close()
    return path


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server: Postgres) -> str:
    """The URL of a migrated database."""
    url = postgres_server.url(postgres_server.create_database())
    ledger = SqlLedger(url)
    ledger.open()
    ledger.close()
    return url


@pytest.fixture(scope="session")
def started_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start leaves in the data folder."""
    folder = tmp_path_factory.mktemp("started")
    open_parts(Settings(data_dir=folder)).close()
    return folder


@pytest.fixture
def started(started_template: Path, tmp_path: Path) -> Path:
    """The test's own folder, as a first start leaves it."""
    shutil.copytree(started_template, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLAlchemy's address of a migrated, empty ledger in a file."""
    path = tmp_path / "ledger.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def emptying(postgres_migrated: str) -> Iterator[psycopg.Connection]:
    """A connection whose ``SELECT emptied()`` empties the database: kept, and with it the plans of its statements."""
    plain = make_url(postgres_migrated).set(drivername="postgresql").render_as_string(hide_password=False)
    # Triggers and foreign keys rest while everything is emptied: a new database a test takes half a second.
    rest = "-c lock_timeout=5000 -c session_replication_role=replica"
    filled = [table.name for table in reversed(metadata.sorted_tables) if table not in (counters, *APPEND_ONLY)]
    steps = [*map(_emptied, filled), *(_unlocked(table.name) for table in APPEND_ONLY)]
    body = "".join([*steps, "UPDATE counters SET value = 0;"])
    with psycopg.connect(plain, options=rest, autocommit=True) as connection:
        connection.execute(f"CREATE FUNCTION emptied() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        yield connection


@pytest.fixture
def postgresql_url(postgres_migrated: str, emptying: psycopg.Connection) -> Iterator[str]:
    """SQLAlchemy's address of a migrated, empty ledger on PostgreSQL; emptied again after the test."""
    yield postgres_migrated
    emptying.execute("SELECT emptied()")


def _emptied(table: str, rows: str = "true", before: str = "", after: str = "") -> str:
    """Statements that empty a table, if it has ``rows``."""
    delete = f'DELETE FROM "{table}" WHERE {rows};'
    return f'IF EXISTS (SELECT 1 FROM "{table}" WHERE {rows}) THEN {before}{delete}{after} END IF;'


def _unlocked(table: str) -> str:
    """Statements that empty a table whose rows nobody may delete, but for the history's first entry."""
    kept = "action <> 'begun'" if table == "audit_entries" else "true"
    trigger = f"TRIGGER {table}_append_only"
    return _emptied(
        table, kept, f"ALTER TABLE {table} DISABLE {trigger};", f"ALTER TABLE {table} ENABLE ALWAYS {trigger};"
    )
