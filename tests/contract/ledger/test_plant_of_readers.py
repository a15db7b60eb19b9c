"""The plant that readers of one process share."""

from dataclasses import replace

from plantroom.domain.assets import AssetStatus, LocalName, Location
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, asset, point, site

ALL, EVERY = PageRequest(), Scope()


def test_a_changed_plant_is_the_one_that_a_fresh_reader_sees(planted: SqlLedger, other: SqlLedger, url: str) -> None:
    def both() -> None:
        fresh = SqlLedger(url)
        fresh.open()
        with planted.read() as tx, fresh.read() as clean:
            known, whole = tx.assets.plant(), clean.assets.plant()
        assert known == whole
        assert {key: list(own) for key, own in known.points.items()} == {k: list(v) for k, v in whole.points.items()}
        fresh.close()

    both()
    for change in (
        lambda tx: tx.assets.set_status("p1", AssetStatus.STANDBY),
        lambda tx: tx.assets.put_points([point("temp", "p2", "Cel"), point(asset="p2", stuck_after_s=5.0)]),
        lambda tx: tx.assets.add(asset("p3", "P-103"), [point(asset="p3")]),
        lambda tx: tx.assets.update(replace(tx.assets.get("p3").asset, code="P-3"), None),
        lambda tx: tx.assets.remove_points([("p2", "temp")]),
        lambda tx: tx.assets.set_status("p2", AssetStatus.SCRAPPED),
        lambda tx: tx.assets.add_site(site("south")),
        lambda tx: tx.assets.add_learn_window("p1", NOW, NOW, "li"),
        lambda tx: tx.assets.set_status("p2", AssetStatus.IN_SERVICE),
        lambda tx: tx.places.add(Location("h", "demo", "building", LocalName("1号楼", "Building 1"))),
        lambda tx: tx.assets.remove_many(["p3"]),
    ):
        with other.begin() as tx:
            change(tx)
        both()
    with planted.begin() as tx:
        tx.assets.set_status("p1", AssetStatus.IN_SERVICE)
        assert tx.assets.plant().assets["p1"].status is AssetStatus.IN_SERVICE
        with planted.read() as meanwhile:
            assert meanwhile.assets.plant().assets["p1"].status is AssetStatus.STANDBY
    both()


def test_readers_of_one_process_share_a_plant_and_what_has_not_changed_in_the_next(planted: SqlLedger) -> None:
    with planted.read() as tx:
        first = tx.assets.plant()
        assert tx.assets.plant() is first
    with planted.begin() as tx:
        tx.assets.set_status("p1", AssetStatus.STANDBY)
    with planted.read() as tx:
        second = tx.assets.plant()
    assert second.points["p2"] is first.points["p2"]
    assert second.assets["p2"] is first.assets["p2"]
    assert second.assets["p1"] is not first.assets["p1"]


def test_a_reader_that_began_earlier_takes_the_plant_that_others_have_read_since(planted: SqlLedger) -> None:
    with planted.read() as early:
        before = early.assets.revision()
        with planted.begin() as tx:
            tx.assets.set_status("p1", AssetStatus.STANDBY)
        with planted.read() as late:
            newest = late.assets.plant()
        assert newest.revision > before
        assert early.assets.plant() is newest


def test_a_plant_says_which_sites_have_changed(planted: SqlLedger) -> None:
    def revisions() -> dict[str, int]:
        with planted.read() as tx:
            plant = tx.assets.plant()
            return {code: plant.revision_of(code) for code in plant.sites} | {"all": plant.revision}

    first = revisions()
    with planted.begin() as tx:
        tx.assets.set_status("p1", AssetStatus.STANDBY)
    second = revisions()
    assert second == {"demo": second["all"], "north": first["north"], "all": second["all"]}
    with planted.begin() as tx:
        tx.assets.change_site(site("north", max_shelving_h=3.0))
    third = revisions()
    assert third == {"demo": second["demo"], "north": third["all"], "all": third["all"]}
