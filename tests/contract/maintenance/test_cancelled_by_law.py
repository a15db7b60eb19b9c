"""Work that a law asks for and that somebody cancels: it stays in the figures and in the inspection pack."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from maintenance.figures.groups import By, Catalogue, figures, period_of
from maintenance.plan import Layer, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.resting import status_was_changed
from maintenance.work_orders import State
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import AssetStatus
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.conftest import SYSTEMS
from tests.contract.maintenance.reporting import HALF_MONTH, NOW, furnish, visit
from tests.contract.maintenance.test_reports import PACK, made, text_of

Store = Ledger[MaintenanceTx]
DAY = date(2026, 3, 25)


@pytest.fixture
def lived(any_ledger: Store, tmp_path: Path) -> Store:
    furnish(any_ledger, FolderFiles(tmp_path), [])
    return any_ledger


def cancel(ledger: Store, tmp_path: Path, late: int = 0) -> None:
    with ledger.begin() as tx:
        visit(tx, FolderFiles(tmp_path), 1, DAY, late, missed=True, ended=State.CANCELLED)


def counted(ledger: Store) -> tuple[int, int, int]:
    with ledger.read() as tx:
        site = tx.assets.site("demo")
        names = Catalogue(SYSTEMS, equipment_classes(), {}, {row.lineage: row for row in tx.plan.rows("demo")})
        period = period_of(site, date(2026, 3, 1), date(2026, 3, 31))
        (found,) = figures(tx, site, period, By.SITE, NOW, names)
    return found.statutory.due, found.statutory.missed, found.statutory.cancelled


def state(ledger: Store) -> OccurrenceState:
    with ledger.read() as tx:
        (one,) = tx.plan.occurrences_of("demo", "lift-1")
    return one.state


def test_it_counts_as_missed_and_the_pack_says_by_whom_and_why(lived: Store, tmp_path: Path) -> None:
    cancel(lived, tmp_path)
    assert counted(lived) == (1, 1, 1)
    text = text_of(made(lived, tmp_path, replace(PACK, language="en"))[1])
    assert re.search(r"2026-03-25 E-1 EL-HM cancelled 春节停梯 / lift closed – Ended by: 王经理", text)
    assert "已取消" in text_of(made(lived, tmp_path, PACK)[1])


def out_of_service(tx: MaintenanceTx) -> None:
    gone(tx, AssetStatus.OUT_OF_SERVICE)


def scrapped(tx: MaintenanceTx) -> None:
    gone(tx, AssetStatus.SCRAPPED)


def gone(tx: MaintenanceTx, to: AssetStatus, at: datetime = datetime(2026, 3, 20, tzinfo=UTC)) -> None:
    before = tx.assets.lock("lift-1").asset
    tx.assets.set_status("lift-1", to)
    status_was_changed(tx, tx.assets.get("lift-1").asset, before.status, at)


def ended(tx: MaintenanceTx) -> None:
    tx.plan.put_row(replace(HALF_MONTH, ends=date(2026, 3, 10)))


@pytest.mark.parametrize("before", [out_of_service, scrapped, ended])
def test_what_nothing_asked_for_any_more_is_waived(
    lived: Store, tmp_path: Path, before: Callable[[MaintenanceTx], None]
) -> None:
    with lived.begin() as tx:
        before(tx)
    cancel(lived, tmp_path, late=1)
    assert state(lived) is OccurrenceState.WAIVED
    assert counted(lived) == (0, 0, 0)
    if before is out_of_service:  # whatever becomes of the machine later
        with lived.begin() as tx:
            gone(tx, AssetStatus.IN_SERVICE)
        assert counted(lived) == (0, 0, 0)


def test_the_pack_shows_what_is_waived_and_the_times_out_of_service(lived: Store, tmp_path: Path) -> None:
    with lived.begin() as tx:
        out_of_service(tx)
    cancel(lived, tmp_path, late=1)
    text = text_of(made(lived, tmp_path, replace(PACK, language="en"))[1])
    assert re.search(r"2026-03-25 E-1 EL-HM waived 春节停梯 / lift closed – Ended by: 王经理", text)
    assert re.search(r"Times out of service or scrapped .* E-1 2026-03-20 08:00 \S+ still out of use", text)
    with lived.begin() as tx:
        gone(tx, AssetStatus.IN_SERVICE, datetime(2026, 3, 28, 2, tzinfo=UTC))
    text = text_of(made(lived, tmp_path, PACK)[1])
    assert re.search(r"停用与报废期间 .* E-1 2026-03-20 08:00 \S+ 2026-03-28 10:00 \S+", text)
    assert "无需执行" in text


def test_a_row_that_ends_later_excuses_nothing(lived: Store, tmp_path: Path) -> None:
    cancel(lived, tmp_path)
    with lived.begin() as tx:
        ended(tx)
    assert counted(lived) == (1, 1, 1)


def test_what_the_contract_asks_for_may_be_cancelled(lived: Store, tmp_path: Path) -> None:
    with lived.begin() as tx:
        tx.plan.put_row(replace(HALF_MONTH, layer=Layer.CONTRACT, kind="preventive"))
    cancel(lived, tmp_path)
    assert state(lived) is OccurrenceState.MISSED
    with lived.read() as tx:
        assert [one.end_reason for one in tx.report_store.due("demo", DAY, DAY)] == ["春节停梯 / lift closed"]
    assert "2026-03-25 E-1 EL-HM" not in text_of(made(lived, tmp_path, replace(PACK, language="en"))[1])
