"""What the plan's preview shows between an import of last completions and the planner's next look."""

from datetime import date

from maintenance.planner import asset_subject
from maintenance.previewing import ledger_preview
from tests.contract.imports.importing import Store, take
from tests.contract.imports.test_last_completions import HEAD, MONTHLY, look, put
from tests.contract.maintenance.conftest import NOW, SYSTEMS


def shown(store: Store) -> list[date]:
    """The dates of the row, as the preview has them."""
    with store.read() as tx:
        pump = asset_subject(tx.assets.find_many([("demo", "X-1")])["demo", "X-1"])
        site, until = tx.assets.site("demo"), date(2026, 6, 30)
        items = ledger_preview(tx, site, [pump], date(2026, 3, 2), until, NOW, SYSTEMS).items
    return [one.due for one in items if one.job.leader.row.code == "OWN-M"]


def test_it_shows_the_dates_that_the_next_look_makes(ledger: Store) -> None:
    put(ledger, MONTHLY)
    look(ledger)
    take(ledger, "last_completions", HEAD + "X-1,OWN-M,2026-02-20,,\n")
    told = shown(ledger)
    assert told == [date(2026, 3, 20), date(2026, 4, 20), date(2026, 5, 20), date(2026, 6, 20)]
    look(ledger)
    assert shown(ledger) == told
