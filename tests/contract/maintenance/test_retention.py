"""How long records are kept, where whose law holds, and what a pack says of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from maintenance.ports import MaintenanceTx
from maintenance.records.retention import DEFAULT_LAW, laws_at, retention
from maintenance.reports.asking import ask
from maintenance.seed import seed_default_profile
from maintenance.seed.profiles import jurisdictions
from plantroom.catalogue.classes import equipment_classes
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.conftest import SYSTEMS
from tests.contract.maintenance.reporting import NOW, furnish
from tests.contract.maintenance.test_reports import PACK, made, text_of
from tests.contract.maintenance.test_seeding import seeded

LIFT = "TSG T5002-2017 art. 5(6)：记录至少保存 4 年"
FIRE = "GB 25201-2010：记录至少保存 5 年"
FIRE_PACK = replace(PACK, asset=None, system="fire")


def test_the_figures_are_those_of_the_jurisdictions() -> None:
    cn = {one.records: one for one in jurisdictions()["cn"].retention}
    for equipment_class, records in (("elevator", "elevator"), ("escalator", "elevator"), ("fire_panel", "fire_tests")):
        kept = retention(equipment_class)
        assert (kept.years, kept.basis, kept.status.value) == (cn[records].years, cn[records].basis, cn[records].status)
    longest = max(one.years for place in jurisdictions().values() for one in place.retention)
    for equipment_class in ("pump", None):
        assert (retention(equipment_class).years, retention(equipment_class).status.value) == (longest, "default")
    for equipment_class in equipment_classes():
        assert retention(equipment_class, frozenset({"nfpa"})) == retention(None), "nothing is known of it there"


@pytest.fixture
def lived(any_ledger: Ledger[MaintenanceTx], tmp_path: Path) -> Ledger[MaintenanceTx]:
    furnish(any_ledger, FolderFiles(tmp_path))
    return any_ledger


def test_a_pack_says_what_the_law_asks_of_what_it_is_about(lived: Ledger[MaintenanceTx], tmp_path: Path) -> None:
    lift = text_of(made(lived, tmp_path, PACK)[1])
    fire = text_of(made(lived, tmp_path, FIRE_PACK)[1])
    other = text_of(made(lived, tmp_path, replace(PACK, asset="pump-1"))[1])
    assert [LIFT in lift, FIRE in lift, LIFT in fire, FIRE in fire] == [True, False, False, True]
    assert "记录至少保存" not in other
    english = text_of(made(lived, tmp_path, replace(PACK, language="en"))[1])
    assert "TSG T5002-2017 art. 5(6): records are kept for at least 4 years" in english


def test_where_another_law_holds_nothing_is_said_of_ours(any_ledger: Ledger[MaintenanceTx], tmp_path: Path) -> None:
    with any_ledger.begin() as tx:
        assert laws_at(tx, "demo") == DEFAULT_LAW, "an empty plan"
        seed_default_profile(tx)
    seeded(any_ledger)
    with any_ledger.read() as tx:
        assert laws_at(tx, "demo") == {"cn"}
    seeded(any_ledger, jurisdiction="intl-nfpa", site="demo")
    with any_ledger.begin() as tx:
        assert laws_at(tx, "demo") == {"nfpa"}
        report = ask(tx, replace(FIRE_PACK, first=None, last=None), "wang", NOW, SYSTEMS)
        assert report is not None
        assert report.first.year == NOW.year - retention(None).years
    assert "GB 25201-2010：" not in text_of(made(any_ledger, tmp_path, FIRE_PACK)[1])
