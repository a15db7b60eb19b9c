"""Sites, locations, assets, points, sources, learn windows."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from plantroom.domain.assets import (
    AssetStatus,
    Health,
    LearnWindow,
    Location,
    Presence,
    Priority,
    Source,
    SourceClock,
)
from plantroom.errors import BadData, Conflict, NotFound, VersionConflict
from plantroom.ports.ledger import AssetFilter, HealthChange, PresenceChange
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, asset, name, point, site

ALL = PageRequest()


def test_a_site_is_kept_and_its_code_is_unique(ledger: SqlLedger) -> None:
    kept = site(time_zone="Europe/Berlin")
    with ledger.begin() as tx:
        tx.assets.add_site(kept)
    with ledger.begin() as tx:
        assert tx.assets.site("demo") == kept
        assert list(tx.assets.sites()) == [kept]
        with pytest.raises(Conflict, match="demo"):
            tx.assets.add_site(site())
        with pytest.raises(NotFound):
            tx.assets.site("nowhere")


def test_no_site_is_kept_whose_session_would_be_anothers(ledger: SqlLedger) -> None:
    with pytest.raises(BadData, match="-safety") as caught, ledger.begin() as tx:
        tx.assets.add_site(site("hall-safety"))
    assert [(one.field, one.code) for one in caught.value.problems] == [("code", "reserved")]
    with ledger.read() as tx:
        assert "hall-safety" not in [one.code for one in tx.assets.sites()]


def test_locations_form_a_tree_inside_their_site(planted: SqlLedger) -> None:
    house = Location("l1", "demo", "building", name("A"))
    floor = Location("l2", "demo", "floor", name("1"), parent="l1")
    with planted.begin() as tx:
        tx.assets.add_location(house)
        tx.assets.add_location(floor)
        assert list(tx.assets.locations("demo")) == [house, floor]
        assert list(tx.assets.locations("north")) == []
        with pytest.raises(NotFound):
            tx.assets.add_location(replace(floor, key="l3", site="north"))
        with pytest.raises(NotFound):
            tx.assets.add_location(replace(house, key="l4", site="nowhere"))
        with pytest.raises(Conflict):
            tx.assets.add_location(house)


def test_an_asset_comes_back_with_every_field(planted: SqlLedger) -> None:
    full = asset(
        "k1",
        "EL-01",
        equipment_class="elevator",
        status=AssetStatus.STANDBY,
        criticality="A",
        location="l1",
        department="工程部",
        manufacturer="某厂",
        model="M-1",
        serial="S 'quoted' \"1\"",
        installed_on=date(2020, 2, 29),
        in_service_on=date(2020, 3, 1),
        custom={"floors": 18, "额定": [1.5, None], "nested": {"a": True}},
    )
    with planted.begin() as tx:
        tx.assets.add_location(Location("l1", "demo", "building", name("A")))
        tx.assets.add(full, [])
    with planted.read() as tx:
        view = tx.assets.get("k1")
        assert view.asset == full
        assert (view.presence, view.health) == (Presence.UNKNOWN, Health.UNKNOWN)
        assert (view.presence_since, view.last_seen, view.health_reason) == (None, None, None)
        with pytest.raises(NotFound):
            tx.assets.get("k2")


def test_a_code_is_unique_within_its_site_only(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        with pytest.raises(Conflict, match="P-101"):
            tx.assets.add(asset("p9"), [])
        with pytest.raises(Conflict, match="p1"):
            tx.assets.add(asset("p1", "P-999"), [])
        found = tx.assets.find("north", "P-101")
        assert found is not None
        assert found.key == "n1"
        assert tx.assets.find("demo", "P-999") is None


def test_an_asset_needs_a_known_site_and_a_location_of_that_site(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.add_location(Location("l1", "demo", "building", name("A")))
        with pytest.raises(NotFound):
            tx.assets.add(asset("p9", "P-9", site="nowhere"), [])
        with pytest.raises(NotFound):
            tx.assets.add(asset("p9", "P-9", location="l9"), [])
        with pytest.raises(NotFound):
            tx.assets.add(asset("p9", "P-9", site="north", location="l1"), [])
        with pytest.raises(BadData):
            tx.assets.add(asset("p9", "P-9"), [point(asset="p1")])


def test_a_changed_code_leaves_its_alias_behind(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        changed = tx.assets.update(asset(code="NEW-1"), expected_version=1)
        assert (changed.code, changed.version) == ("NEW-1", 2)
    with planted.begin() as tx:
        assert tx.assets.find("demo", "P-101") == changed
        assert tx.assets.find("demo", "NEW-1") == changed
        codes = tx.assets.plant().codes
        assert codes["demo", "P-101"] == codes["demo", "NEW-1"] == "p1"
        with pytest.raises(Conflict, match="P-101"):
            tx.assets.add(asset("p9"), [])
        with pytest.raises(Conflict):
            tx.assets.update(asset("p2", "P-101"), expected_version=None)
        back = tx.assets.update(asset(code="P-101"), expected_version=2)
        assert back.code == "P-101"


def test_an_update_writes_all_but_key_site_and_class(planted: SqlLedger) -> None:
    wanted = asset(name=name("other"), site="north", equipment_class="ahu", custom={"a": 1}, department="x")
    with planted.begin() as tx:
        stored = tx.assets.update(wanted, expected_version=None)
        assert stored == replace(wanted, site="demo", equipment_class="pump", version=2)
        assert tx.assets.get("p1").asset == stored


def test_an_outdated_version_is_refused(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.update(asset(serial="1"), expected_version=1)
    with planted.begin() as tx:
        with pytest.raises(VersionConflict):
            tx.assets.update(asset(serial="2"), expected_version=1)
        with pytest.raises(NotFound):
            tx.assets.update(asset("p9"), expected_version=1)
        assert tx.assets.get("p1").asset.serial == "1"


def test_setting_a_status_counts_as_a_change_once(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.set_status("p1", AssetStatus.UNDER_MAINTENANCE)
        tx.assets.set_status("p1", AssetStatus.UNDER_MAINTENANCE)
        stored = tx.assets.get("p1").asset
        assert (stored.status, stored.version) == (AssetStatus.UNDER_MAINTENANCE, 2)
        with pytest.raises(NotFound):
            tx.assets.set_status("p9", AssetStatus.STANDBY)


def test_points_keep_their_template_and_their_order(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        assert list(tx.assets.points("p1")) == [point(), point("flow", unit="m3/h")]
        tx.assets.put_points([point("acceleration", unit="m/s2"), point(physical_high=80.0)])
        assert [p.key for p in tx.assets.points("p1")] == ["vibration", "flow", "acceleration"]
        assert tx.assets.points("p1")[0].template.physical_high == 80.0
        assert list(tx.assets.points("n1")) == []
        with pytest.raises(NotFound):
            tx.assets.points("p9")
        with pytest.raises(NotFound):
            tx.assets.put_points([point(asset="p9")])


def test_a_unit_that_is_set_stays(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        with pytest.raises(Conflict, match="mm/s"):
            tx.assets.put_points([point(unit="m/s")])
        tx.assets.put_points([point(unit=""), point("new", unit="")])
        tx.assets.put_points([point("new", unit="Cel")])
        units = {p.key: p.template.unit for p in tx.assets.points("p1")}
        assert units == {"vibration": "mm/s", "flow": "m3/h", "new": "Cel"}


def test_a_source_is_replaced(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.put_source(Source("p1"))
        tx.assets.put_source(Source("p1", "senml", Priority.SAFETY, SourceClock.SIMULATED))
        assert tx.assets.plant().sources == {"p1": Source("p1", "senml", Priority.SAFETY, SourceClock.SIMULATED)}
        with pytest.raises(NotFound):
            tx.assets.put_source(Source("p9"))


def test_learn_windows_are_numbered_and_kept(planted: SqlLedger) -> None:
    end = NOW + timedelta(hours=1)
    with planted.begin() as tx:
        first = tx.assets.add_learn_window("p1", NOW, end, "op")
        second = tx.assets.add_learn_window("p1", NOW, NOW, "op")
        assert first == LearnWindow(first.id, "p1", NOW, end, "op")
        assert second.id > first.id
        assert list(tx.assets.plant().learn_windows) == [first, second]
        with pytest.raises(BadData):
            tx.assets.add_learn_window("p1", end, NOW, "op")
        with pytest.raises(NotFound):
            tx.assets.add_learn_window("p9", NOW, end, "op")


def test_every_change_of_the_plant_raises_its_revision(planted: SqlLedger) -> None:
    changes = [
        lambda a: a.add_site(site("south")),
        lambda a: a.add_location(Location("l1", "demo", "building", name("A"))),
        lambda a: a.add(asset("p3", "P-103"), []),
        lambda a: a.update(asset(serial="1"), None),
        lambda a: a.set_status("p1", AssetStatus.STANDBY),
        lambda a: a.put_points([point(stale_after_s=1.0)]),
        lambda a: a.put_source(Source("p1")),
        lambda a: a.add_learn_window("p1", NOW, NOW, "op"),
    ]
    for change in changes:
        with planted.read() as tx:
            before = tx.assets.revision()
        with planted.begin() as tx:
            change(tx.assets)
        with planted.read() as tx:
            assert tx.assets.revision() > before
            assert tx.assets.plant().revision == tx.assets.revision()


def test_what_the_plant_does_not_show_leaves_the_revision_alone(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        before = tx.assets.revision()
        tx.collect.put_presence([PresenceChange("p1", Presence.ONLINE, NOW, NOW)])
        tx.collect.put_health([HealthChange("p1", Health.GOOD, {})])
        assert tx.assets.revision() == before


def test_the_plant_shows_everything_but_scrapped_assets(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.put_source(Source("p2"))
        tx.assets.add_learn_window("p2", NOW, NOW, "op")
        full = tx.assets.plant()
        tx.assets.set_status("p2", AssetStatus.SCRAPPED)
        rest = tx.assets.plant()
    assert set(full.sites) == {"demo", "north"}
    assert set(full.assets) == {"p1", "p2", "n1"}
    assert full.codes == {("demo", "P-101"): "p1", ("demo", "P-102"): "p2", ("north", "P-101"): "n1"}
    assert full.points["p1"] == {"vibration": point(), "flow": point("flow", unit="m3/h")}
    assert full.points["n1"] == {}
    assert set(rest.assets) == set(rest.points) == {"p1", "n1"}
    assert rest.codes == {("demo", "P-101"): "p1", ("north", "P-101"): "n1"}
    assert rest.sources == {}
    assert list(rest.learn_windows) == []


def test_a_view_shows_presence_and_health(planted: SqlLedger) -> None:
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    with planted.begin() as tx:
        tx.collect.put_presence([PresenceChange("p1", Presence.LATE, NOW, seen)])
        tx.collect.put_health([HealthChange("p1", Health.ACT, {"score": 9.5})])
        view = tx.assets.get("p1")
    assert (view.presence, view.presence_since, view.last_seen) == (Presence.LATE, NOW, seen)
    assert (view.health, view.health_reason) == (Health.ACT, {"score": 9.5})


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        (AssetFilter(), ["p1", "p2", "n1"]),
        (AssetFilter(scope=Scope(frozenset({"demo"}))), ["p1", "p2"]),
        (AssetFilter(scope=Scope(frozenset())), []),
        (AssetFilter(scope=Scope(frozenset({"demo"})), site="north"), []),
        (AssetFilter(site="north"), ["n1"]),
        (AssetFilter(code="P-101"), ["p1", "n1"]),
        (AssetFilter(equipment_class="ahu"), []),
        (AssetFilter(equipment_class="pump,ahu", site="demo"), ["p1", "p2"]),
        (AssetFilter(status="standby"), ["p2"]),
        (AssetFilter(text="p-10"), ["p1", "p2", "n1"]),
        (AssetFilter(text="102号"), ["p2"]),
        (AssetFilter(text="100%"), []),
        (AssetFilter(text="P_101"), []),
    ],
)
def test_the_list_filters(planted: SqlLedger, filters: AssetFilter, keys: list[str]) -> None:
    with planted.begin() as tx:
        tx.assets.set_status("p2", AssetStatus.STANDBY)
        assert [v.asset.key for v in tx.assets.list(filters, ALL).items] == keys


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        (None, ["p1", "p2", "n1"]),
        ("site", ["p1", "p2", "n1"]),
        ("-site", ["n1", "p2", "p1"]),
        ("code", ["p1", "n1", "p2"]),
        ("status", ["p1", "n1", "p2"]),
        ("class", ["p1", "p2", "n1"]),
        ("criticality", ["p1", "p2", "n1"]),
        ("presence", ["p2", "p1", "n1"]),
        ("health", ["n1", "p1", "p2"]),
    ],
)
def test_the_list_sorts(planted: SqlLedger, sort: str | None, keys: list[str]) -> None:
    with planted.begin() as tx:
        tx.assets.set_status("p2", AssetStatus.STANDBY)
        tx.collect.put_presence([PresenceChange("p2", Presence.OFFLINE, NOW, None)])
        tx.collect.put_health([HealthChange("n1", Health.WATCH, {})])
        assert [v.asset.key for v in tx.assets.list(AssetFilter(), PageRequest(sort=sort)).items] == keys
        one_by_one: list[str] = []
        cursor = None
        for _ in keys:
            page = tx.assets.list(AssetFilter(), PageRequest(limit=1, cursor=cursor, sort=sort))
            one_by_one += [v.asset.key for v in page.items]
            cursor = page.next_cursor
        assert (one_by_one, cursor) == (keys, None)


def test_a_locked_asset_is_the_newest_and_stays_so(planted: SqlLedger, other: SqlLedger) -> None:
    def rename() -> int:
        with other.begin() as tx:
            mine = tx.assets.lock("p1").asset
            return tx.assets.update(replace(mine, model="M"), mine.version).version

    with ThreadPoolExecutor(1) as pool:
        with planted.begin() as tx:
            mine = tx.assets.lock("p1").asset
            theirs = pool.submit(rename)
            with pytest.raises(TimeoutError):
                theirs.result(timeout=0.3)
            tx.assets.update(replace(mine, serial="S"), mine.version)
        assert theirs.result(timeout=5) == 3
    with planted.read() as tx:
        assert (tx.assets.get("p1").asset.serial, tx.assets.get("p1").asset.model) == ("S", "M")
    with planted.begin() as tx, pytest.raises(NotFound):
        tx.assets.lock("p9")
