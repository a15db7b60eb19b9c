"""``source test`` ends with 4 when nothing of a message would be stored, and says why."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from plantroom.bootstrap.parts import open_parts
from plantroom.catalogue import equipment_classes
from plantroom.cli.main import app
from plantroom.domain.assets import Asset, LocalName, Point
from plantroom.settings import Settings

NAME = LocalName("泵", "Pump")


@pytest.fixture
def folder(started: Path) -> Path:
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        pump = Asset("k1", "demo", "B-1", "pump", NAME)
        tx.assets.add(pump, [Point("k1", point) for point in equipment_classes()["pump"].points])
    parts.close()
    return started


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["source", *words, "--data-dir", str(folder)])


def tried(folder: Path, field: str, body: object) -> Result:
    given = ("--site", "demo", "--topics", "tele/boiler/#", "--dialect", "tasmota", "--asset", "B-1", "--field", field)
    assert run(folder, "add", "plug", *given).exit_code == 0
    (folder / "payload").write_text(json.dumps(body))
    return run(folder, "test", "--topic", "tele/boiler/SENSOR", "--payload", str(folder / "payload"))


def test_a_mistyped_field_is_named(folder: Path) -> None:
    done = tried(folder, "ENERGY.Powr=power@W", {"ENERGY": {"Power": 123}})
    assert done.exit_code == 4
    assert "nothing of it is mapped: the source maps ENERGY.Powr; the message has ENERGY.Power" in done.stdout


def test_what_is_mapped_is_stored_whatever_else_is_there(folder: Path) -> None:
    done = tried(folder, "ENERGY.Power=power@W", {"ENERGY": {"Power": 123, "Voltage": 230}, "Vendor": "x"})
    assert done.exit_code == 0, done.output
    assert "nothing of it" not in done.stdout
