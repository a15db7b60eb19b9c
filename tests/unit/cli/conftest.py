"""What the tests of commands begin with."""

from pathlib import Path

import pytest

from plantroom.bootstrap.parts import open_parts
from plantroom.domain.assets import Asset, LocalName, Point
from plantroom.settings import Settings


@pytest.fixture
def folder(started: Path) -> Path:
    """A data folder with the pump P-1."""
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        pump = Asset("p1", "demo", "P-1", "pump", LocalName("泵", "Pump"))
        tx.assets.add(pump, [Point("p1", template) for template in parts.classes["pump"].points])
    parts.close()
    return started
