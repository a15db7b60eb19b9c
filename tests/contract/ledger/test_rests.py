"""Times out of use: kept with the asset, and made up for when an older ledger is opened."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.rests import Rest
from maintenance.work_orders import State, Transition
from plantroom.domain.assets import AssetStatus
from plantroom.errors import Conflict
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from plantroom.storage.ledger.tables_audit import audit_entries
from plantroom.storage.ledger.tables_maintenance import asset_rests
from tests.contract.ledger.given import NOW, add_plant, order
from tests.contract.ledger.older import back_to

DAY = timedelta(days=1)


def test_one_rest_at_most_goes_on_and_none_ends_before_it_began(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.rests.begin([Rest("r1", "demo", "p1", NOW)])
        tx.rests.begin([Rest("r2", "demo", "p1", NOW + DAY)])
        assert tx.rests.of(["p1"]) == {"p1": [Rest("r1", "demo", "p1", NOW)]}
        tx.rests.end("p1", NOW - DAY)
        assert tx.rests.of_site("demo") == {"p1": [Rest("r1", "demo", "p1", NOW, NOW)]}
        tx.rests.begin([Rest("r2", "demo", "p1", NOW + DAY)])
        tx.rests.end("p1", NOW + 3 * DAY)
    with planted.read() as tx:
        assert [one.until for one in tx.rests.of(["p1"])["p1"]] == [NOW, NOW + 3 * DAY]
        assert tx.rests.of_site("elsewhere") == {}


def test_an_asset_that_was_entered_by_mistake_goes_with_its_rests(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.rests.begin([Rest("r1", "demo", "p1", NOW)])
        tx.assets.remove_many(["p1"])
        assert tx.rests.of(["p1"]) == {}


def back_to_0033(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        assert isinstance(tx, SqlTx)
        back_to(tx.work.connection, "0033")


def said(ledger: SqlLedger, asset: str, *statuses: AssetStatus) -> list[object]:
    """Give an asset one status after the other; when the history says each was recorded."""
    for status in statuses:
        with ledger.begin() as tx:
            tx.assets.set_status(asset, status)
    with ledger.read() as tx:
        assert isinstance(tx, SqlTx)
        of_it = sa.select(audit_entries.c.at, audit_entries.c.after).where(
            audit_entries.c.entity == "asset", audit_entries.c.key == asset, audit_entries.c.before.is_not(None)
        )
        told = tx.work.connection.execute(of_it.order_by(audit_entries.c.position)).all()
    return [at for at, after in told if '"status":' in after]


def test_an_older_ledger_s_history_says_since_when_a_machine_is_out_of_service(empty_url: str) -> None:
    gone, back, scrapped = AssetStatus.OUT_OF_SERVICE, AssetStatus.IN_SERVICE, AssetStatus.SCRAPPED
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        add_plant(made)
        first = said(made, "p1", gone, back, gone, scrapped)
        second = said(made, "p2", gone, back)
        third = said(made, "n1", scrapped, gone)
        back_to_0033(made)
    assert [len(one) for one in (first, second, third)] == [4, 2, 2]
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        with opened.read() as tx:
            rests = tx.rests.of(["p1", "p2", "n1"])
            assert {key: [(one.since, one.until) for one in some] for key, some in rests.items()} == {
                "p1": [(first[2], None)], "n1": [(third[0], None)],
            }  # fmt: skip
            assert tx.rests.scrapped(["p1", "p2", "n1"]) == {"p1": first[3]}


def test_of_what_an_older_ledger_withdrew_only_what_was_not_over_at_the_scrapping_is_waived(empty_url: str) -> None:
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        add_plant(made)
        (at,) = said(made, "p1", AssetStatus.SCRAPPED)
        assert isinstance(at, datetime)
        day = at.astimezone(ZoneInfo("Asia/Shanghai")).date()
        with made.begin() as tx:
            for number, (why, latest) in enumerate(
                [
                    ("asset scrapped", day - DAY),
                    ("asset scrapped", day),
                    ("asset scrapped", day + DAY),
                    ("x", day + DAY),
                ]
            ):
                withdrawn = replace(
                    order(f"w{number}", number + 900), state=State.CANCELLED, asset="p1", end_reason=why
                )
                tx.orders.add(withdrawn)
                tx.orders.add_transition(
                    Transition(withdrawn.id, State.CANCELLED, at + timedelta(minutes=1), at, "system:planner", why)
                )
                key = OccurrenceKey("l1", "p1", number)
                one = Occurrence(key, "demo", "R", latest, latest, latest, OccurrenceState.MISSED, None, withdrawn.id)
                tx.plan.add_occurrences([one])
        back_to_0033(made)
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        with opened.read() as tx:
            found = sorted(tx.plan.occurrences_of("demo", "p1"), key=lambda one: one.key)
    assert [one.state.value for one in found] == ["missed", "waived", "waived", "missed"]


def test_no_second_rest_of_a_machine_can_go_on(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.rests.begin([Rest("r1", "demo", "p1", NOW), Rest("r0", "demo", "p2", NOW, NOW + DAY)])
    again = asset_rests.insert().values(id="r2", site="demo", asset="p1", since=NOW)
    with pytest.raises(Conflict), planted.begin() as tx:
        tx.work.connection.execute(again)  # type: ignore[attr-defined]
