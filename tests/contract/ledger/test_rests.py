"""Times out of use: kept with the asset, and made up for when an older ledger is opened."""

from contextlib import closing
from datetime import timedelta

import sqlalchemy as sa

from maintenance.rests import Rest
from plantroom.domain.assets import AssetStatus
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from tests.contract.ledger.given import NOW, add_plant

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


def test_an_older_ledger_s_history_says_since_when_a_machine_is_out_of_service(empty_url: str) -> None:
    with closing(SqlLedger(empty_url)) as made:
        made.open()
        add_plant(made)
        with made.begin() as tx:
            tx.assets.set_status("p1", AssetStatus.OUT_OF_SERVICE)
        with made.begin() as tx:
            assert isinstance(tx, SqlTx)
            said = sa.text(
                "SELECT max(at) FROM audit_entries WHERE entity = 'asset' AND \"after\" LIKE '%out_of_service%'"
            )
            at = tx.work.connection.execute(said).scalar_one()
            tx.work.connection.execute(sa.text("DROP TABLE asset_rests"))
            tx.work.connection.execute(sa.text("UPDATE alembic_version SET version_num = '0033'"))
    with closing(SqlLedger(empty_url)) as opened:
        opened.open()
        with opened.begin() as tx:
            assert isinstance(tx, SqlTx)
            found = tx.work.connection.execute(sa.text("SELECT asset, since, until FROM asset_rests")).all()
    assert [tuple(row) for row in found] == [("p1", at, None)]
