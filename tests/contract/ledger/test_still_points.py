"""Ledgers from before ``stuck_while``: their points take over what the classes say by now."""

from contextlib import closing
from dataclasses import replace

from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, LocalName, Point, PointTemplate
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import site
from tests.contract.ledger.older import insert_asset, insert_site, older_ledger

NAME = LocalName("名", "name")


def as_before(kind: str) -> list[PointTemplate]:
    known = {
        "fire_pump_set": {"main_pressure": 7200.0},
        "pump": {"discharge_pressure": 3600.0},
        "ahu": {"supply_temp": 7200.0, "filter_dp": 7200.0},
    }.get(kind, {})
    return [
        replace(one, stuck_while=None, stuck_after_s=known.get(one.key, one.stuck_after_s))
        for one in equipment_classes()[kind].points
    ]


def test_points_of_an_older_ledger_have_to_move_only_while_their_machine_runs(empty_url: str) -> None:
    own = PointTemplate("vibration", NAME, "mm/s", as_before("pump")[0].kind, stuck_after_s=60)
    code = site().code
    with older_ledger(empty_url, "0014") as connection:
        insert_site(connection, code)
        for kind in ("pump", "ahu", "fire_pump_set", "chiller"):
            made = Asset(kind, code, kind, kind, NAME)
            insert_asset(connection, made, [Point(kind, one) for one in as_before(kind)])
        insert_asset(connection, Asset("own", code, "own", "pump", NAME), [Point("own", own)])
    with closing(SqlLedger(empty_url)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            points = tx.assets.plant().points
    for kind in ("pump", "ahu", "fire_pump_set", "chiller"):
        assert [point.template for point in points[kind].values()] == list(equipment_classes()[kind].points)
    assert points["own"]["vibration"].template == own
