"""What was done before Plantroom, in the inspection pack: apart from its own records, and in none of their counts."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from maintenance.former import former_work
from maintenance.ports import MaintenanceTx
from plantroom.ports.ledger import Ledger
from plantroom.storage.files import FolderFiles
from tests.contract.maintenance.reporting import HALF_MONTH, furnish
from tests.contract.maintenance.test_reports import PACK, made, text_of

ZONE = ZoneInfo("Asia/Shanghai")


def test_it_is_listed_apart_and_counts_nowhere(any_ledger: Ledger[MaintenanceTx], tmp_path: Path) -> None:
    furnish(any_ledger, FolderFiles(tmp_path))
    _, before = made(any_ledger, tmp_path, PACK)
    assert "系统启用前的上次完成" not in before
    with any_ledger.begin() as tx:
        said = {"entered_by": "wang", "done_by": "迅达维保", "record": "WX-2026-9"}
        tx.plan.add_occurrences(
            [former_work(HALF_MONTH, "lift-1", "demo", date(2026, 3, 2), date(2026, 3, 3), ZONE, **said)]
        )
    text = text_of(made(any_ledger, tmp_path, PACK)[1])
    assert re.search(r"系统启用前的上次完成 .* 2026-03-02 \S+ EL-HM 迅达维保 WX-2026-9 2026-03-03 王经理", text)
    rows = re.compile(r"EL-HM 半月维保 每15天 .*? 法规 TSG T5002-2017 \S+ (\d+ \d+ \d+ \d+)")
    assert rows.findall(text) == rows.findall(text_of(before)) != []
    assert "Last completions before the system was used" in made(any_ledger, tmp_path, replace(PACK, language="en"))[1]
