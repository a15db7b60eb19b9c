"""A ledger of the test's own on each database, already migrated."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import add_plant

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest) -> str:
    """Where a migrated ledger of the test's own is."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is nothing yet."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'new' / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    """An open ledger with nothing in it."""
    opened = SqlLedger(url)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def other(url: str) -> Iterator[SqlLedger]:
    """The same ledger opened a second time, as another process would."""
    opened = SqlLedger(url)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def planted(ledger: SqlLedger) -> SqlLedger:
    """A ledger with the sites ``demo`` and ``north`` and the pumps ``p1`` (P-101) and ``p2`` in ``demo``."""
    add_plant(ledger)
    return ledger
