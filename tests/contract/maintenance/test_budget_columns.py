"""A forecast counted in columns is the one that is counted one by one."""

from collections import Counter
from datetime import date, timedelta

import pytest

from maintenance.budget.costing import system_of_class
from maintenance.budget.counting import Year, count_in_columns
from maintenance.budget.forecast import Tally
from maintenance.columns.days import WorkDays
from maintenance.materialise import materialise
from maintenance.ports import MaintenanceTx
from maintenance.preview import Horizon, preview_all
from maintenance.previewing import subjects_of
from maintenance.site_plan import read_site
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.planning import NOW, SYSTEMS, furnish

MACHINES = 120


@pytest.mark.parametrize("year", [2026, 2027])
def test_columns_count_what_is_counted_one_by_one(ledger: Ledger[MaintenanceTx], year: int) -> None:
    furnish(ledger, MACHINES, sites=1)
    materialise(ledger, NOW, SYSTEMS)
    counted = Year(date(year, 1, 1), date(year, 12, 31), year == 2026)
    with ledger.read() as tx:
        site = next(one for one in tx.assets.sites() if one.code != "demo")
        plan = read_site(tx, site, NOW, SYSTEMS, (counted.last - NOW.date()).days)
        assets = [one for one in tx.assets.plant().assets.values() if one.site == site.code]
        subjects = subjects_of(site, assets)
        history = tx.plan.occurrences_of_several([one.key for one in subjects])
    rows = {row.lineage: row for row in plan.rows}
    classes = {one.key: one.equipment_class for one in assets}
    columns, singly = (Tally(year, rows, system_of_class(SYSTEMS), classes) for _ in range(2))
    keys = [one.key for one in subjects]
    left = set(count_in_columns(columns, plan, keys, history, WorkDays(plan.is_working_day), NOW, counted))
    assert len(left) < len(keys) // 2
    single = [one for one in subjects if one.key not in left]
    around = timedelta(days=100)
    first = plan.today if counted.present else counted.first - around
    horizon = Horizon(
        first, counted.last + around, plan.today, plan.zone, plan.is_working_day, site.calendar,
        overdue=counted.present,
    )  # fmt: skip
    found = preview_all(plan.rows, single, history, horizon, SYSTEMS, {}).items
    singly.coming(item for item in found if counted.has(item.job.due))
    one, other = (
        Counter({(i.source, i.system): (i.ordered, i.to_come) for i in tally.items(None)})
        for tally in (columns, singly)
    )
    assert sum(jobs for _, jobs in one.values()) > 1000
    assert one == other
