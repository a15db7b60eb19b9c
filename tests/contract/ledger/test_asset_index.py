"""The index of a large ledger gives what the database gives, whatever is asked for and changed meanwhile."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from plantroom.domain.assets import Asset, AssetStatus, LocalName, Location
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.asset_index import IndexKeeper
from plantroom.storage.ledger.asset_list import list_by_database
from plantroom.storage.ledger.engine import SqlTx
from tests.contract.ledger.given import name, point, site

WORDS = ("水泵", "泵房", "生活", "Pump", "威乐", "CR 32-4", "010", "𠮷", "%", "_", "'")
SORTS = ("site", "-site", "code", "-code", "class", "-class", "status", "-status", "criticality", "-criticality", None)


@pytest.fixture
def indexed(url: str) -> Iterator[SqlLedger]:
    opened = SqlLedger(url, index_from=0)
    opened.open()
    yield opened
    opened.close()


def machine(number: int, pick: random.Random) -> Asset:
    return Asset(
        key=f"k{number:04d}",
        site=pick.choice(["demo", "north"]),
        code=f"P-{number:04d}",
        equipment_class=pick.choice(["pump", "elevator"]),
        name=LocalName("".join(pick.sample(WORDS, 2)), pick.choice(WORDS)),
        status=pick.choice(list(AssetStatus)),
        criticality=pick.choice("ABC"),
        department=pick.choice([None, "水务管理部门"]),
        manufacturer=pick.choice(WORDS),
        custom={"zone": pick.choice(["高区", "低区"])},
    )


def filters(pick: random.Random) -> AssetFilter:
    text = "".join(pick.sample(WORDS, pick.choice([1, 1, 2]))) if pick.random() < 0.3 else pick.choice(WORDS)
    return AssetFilter(
        scope=pick.choice([Scope(), Scope(frozenset({"demo"})), Scope(frozenset())]),
        site=pick.choice([None, None, "demo", "nowhere"]),
        equipment_class=pick.choice([None, None, "pump", "pump, elevator", "none"]),
        status=pick.choice([None, None, "in_service,standby", "scrapped"]),
        criticality=pick.choice([None, None, "A", "A,C"]),
        department=pick.choice([None, None, "水务管理部门", "nobody"]),
        location=pick.choice([None, None, None, "h", "f", "gone"]),
        text=pick.choice([None, text, text[:1], text[1:] or None, f"{text} p-0", "  "]),
    )


def same_lists(ledger: SqlLedger, pick: random.Random, rounds: int) -> int:
    found = 0
    for _ in range(rounds):
        wanted, sort, limit = filters(pick), pick.choice(SORTS), pick.choice([1, 3, 50])
        with ledger.read() as tx:
            assert isinstance(tx, SqlTx)
            cursor = None
            while True:
                page = PageRequest(limit, cursor, sort)
                by_index, by_database = tx.assets.list(wanted, page), list_by_database(tx.work, wanted, page)
                assert by_index == by_database, (wanted, page)
                found += len(by_index.items)
                cursor = by_index.next_cursor
                if cursor is None:
                    break
    return found


def test_the_index_lists_as_the_database_does(indexed: SqlLedger) -> None:
    pick = random.Random(5)
    with indexed.begin() as tx:
        tx.assets.add_site(site())
        tx.assets.add_site(site("north"))
        tx.places.add(Location("h", "demo", "building", LocalName("1号楼", "Building 1")))
        tx.places.add(Location("f", "demo", "floor", LocalName("泵房层", "Pump floor"), "h"))
        tx.assets.add_many([machine(number, pick) for number in range(60)], [])
    indexed.build_index()
    assert same_lists(indexed, pick, 40) > 50
    for _ in range(6):
        with indexed.begin() as tx:
            for key in pick.sample(range(60), 5):
                before = tx.assets.get(f"k{key:04d}").asset
                other = machine(key, pick)
                place = pick.choice([None, "h", "f"]) if before.site == "demo" else None
                tx.assets.update(replace(other, code=pick.choice([before.code, f"Q-{key}"]), location=place), None)
            tx.places.update(replace(tx.places.get("f"), name=name(pick.choice(WORDS))), None)
        with indexed.begin() as tx:
            fresh = machine(pick.randrange(1000, 9999), pick)
            if not tx.assets.several([fresh.key]):
                tx.assets.add(fresh, [])
        same_lists(indexed, pick, 20)
    keeper = indexed.asset_index
    assert isinstance(keeper, IndexKeeper)
    with indexed.read() as tx:
        assert isinstance(tx, SqlTx)
        snapshot = keeper.at(tx.work.connection)
        assert snapshot is not None
        assert snapshot.changed, "what has changed is kept beside the columns"
        counted = tx.places.assets_in("demo")
    with indexed.begin() as tx:
        assert counted == tx.places.assets_in("demo")


def test_assets_that_were_taken_away_are_in_no_index(indexed: SqlLedger) -> None:
    with indexed.begin() as tx:
        tx.assets.add_site(site())
        tx.assets.add_many(
            [replace(machine(n, random.Random(n)), site="demo") for n in range(3)], [point(asset="k0001")]
        )
    indexed.build_index()
    with indexed.begin() as tx:
        tx.assets.remove_many(["k0001"])
    for _ in range(2):
        with indexed.read() as tx:
            found = tx.assets.list(AssetFilter(), PageRequest())
            assert [view.asset.key for view in found.items] == ["k0000", "k0002"]
        indexed.build_index()


def test_a_small_ledger_needs_no_index_and_a_large_one_makes_it_by_itself(url: str) -> None:
    ledger = SqlLedger(url, index_from=2)
    ledger.open()
    with ledger.begin() as tx:
        tx.assets.add_site(site())
    keeper = ledger.asset_index
    for number in range(4):
        with ledger.begin() as tx:
            tx.assets.add(replace(machine(number, random.Random(number)), site="demo"), [])
        with ledger.read() as tx:
            assert len(tx.assets.list(AssetFilter(text="p-0"), PageRequest()).items) == number + 1
    keeper.wait()
    with ledger.read() as tx:
        assert isinstance(tx, SqlTx)
        assert keeper.at(tx.work.connection) is not None
        assert len(tx.assets.list(AssetFilter(text="p-0"), PageRequest()).items) == 4
    ledger.close()
