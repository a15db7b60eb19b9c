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


@pytest.fixture
def postgresql_url(postgres_migrated: str) -> Iterator[str]:
    """SQLAlchemy's address of a migrated, empty ledger on PostgreSQL; emptied again after the test."""
    yield postgres_migrated
    plain = make_url(postgres_migrated).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, options="-c lock_timeout=5000") as connection:
        # Triggers and foreign keys rest while everything is emptied: a new database a test takes half a second.
        filled = [table.name for table in reversed(metadata.sorted_tables) if table not in (counters, *APPEND_ONLY)]
        connection.execute(
            ";".join(
                [
                    "SET session_replication_role = replica",
                    *(f'DELETE FROM "{name}"' for name in filled),
                    *(statement for table in APPEND_ONLY for statement in _emptied(table.name)),
                    "UPDATE counters SET value = 0",
                ]
            )
        )


def _emptied(table: str) -> tuple[str, ...]:
    """Statements that empty a table whose rows nobody may delete, but for the history's first entry."""
    trigger = f"{table}_append_only"
    kept = " WHERE action <> 'begun'" if table == "audit_entries" else ""
    return (
        f"ALTER TABLE {table} DISABLE TRIGGER {trigger}",
        f"DELETE FROM {table}{kept}",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    )
