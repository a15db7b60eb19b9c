"""What owners wrote is printed in no report that every owner reads."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maintenance.emergency.plans import Category
from maintenance.incidents.keeping import Wanted as WantedIncident
from maintenance.incidents.keeping import open_incident
from maintenance.incidents.model import Involved, Part
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.reports.asking import Wanted, ask
from maintenance.reports.incidents import incidents_of
from maintenance.reports.making import ReportMaker
from maintenance.reports.model import ReportKind
from maintenance.seed.codes import owner_faults
from maintenance.work.reporting import Said, take_report
from maintenance.work_orders import Kind, Origin
from plantroom.domain.assets import LocalName
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.conftest import SYSTEMS
from tests.contract.maintenance.reporting import NOW, Fixed, names, no_pdf
from tests.contract.maintenance.test_reports import text_of

AT = datetime(2026, 3, 12, 2, tzinfo=UTC)
MARCH = Wanted("demo", ReportKind.MONTHLY, month=date(2026, 3, 9), pdf=False)
PLACE = "3幢502王女士家"


def month(ledger: Ledger[MaintenanceTx], folder: Path, wanted: Wanted) -> str:
    """The report with everything that the product puts into it."""
    with ledger.begin() as tx:
        asked = ask(tx, wanted, "wang", NOW, SYSTEMS)
    assert asked is not None
    files = FolderFiles(folder)
    report = ReportMaker(ledger, files, Fixed(), names(), pdf=no_pdf, incidents=incidents_of).make(asked.id)
    assert report is not None
    path = files.path(report.html_sha256 or "")
    assert path is not None, report.problem
    return path.read_text()


@pytest.mark.parametrize(
    ("language", "kind", "by_hand"),
    [("zh", "水淹、爆管", "业主报修"), ("en", "Flooding, burst pipe", "Reported by an owner")],
)
def test_the_month_names_what_owners_report_in_our_words(
    any_ledger: Ledger[MaintenanceTx], tmp_path: Path, language: str, kind: str, by_hand: str
) -> None:
    said = Said("demo", None, PLACE, owner_faults()["flooding"], "王女士家漏水", phone="13800000000")
    with any_ledger.begin() as tx:
        _, order = take_report(tx, said, "0" * 64, AT)
        _, joined = take_report(tx, said, "1" * 64, AT + timedelta(minutes=2))
        written_down = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.OWNER, title=LocalName(PLACE, PLACE), by="li", now=AT,
        )  # fmt: skip
        opened = WantedIncident(
            "demo", Category.EQUIPMENT_FAILURE, work_order=order.id, at=AT, people=[Involved(Part.REPORTER, "李工")]
        )
        incident = open_incident(tx, opened, "li", AT)
    assert joined.id == order.id
    assert PLACE in incident.title.zh
    text = text_of(month(any_ledger, tmp_path, replace(MARCH, language=language)))
    assert f"{order.number} {kind} " in text
    assert f"{written_down.number} {by_hand} " in text
    assert f"{incident.code} {kind} " in text
    assert PLACE not in text
    assert "王女士" not in text


def test_a_machine_s_ticket_keeps_its_title(any_ledger: Ledger[MaintenanceTx], tmp_path: Path) -> None:
    with any_ledger.begin() as tx:
        asset = tx.assets.get("pump-1").asset
        take_report(tx, Said("demo", asset, PLACE, owner_faults()["flooding"], "漏水"), "0" * 64, AT)
    html = month(any_ledger, tmp_path, MARCH)
    assert f"{asset.name.zh}：水淹、爆管" in text_of(html)
    assert PLACE not in html
