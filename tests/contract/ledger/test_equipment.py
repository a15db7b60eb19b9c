"""Places, parts of machines and pairs, papers, custom fields, spare parts, sensors, files; many assets at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from plantroom.domain.assets import AssetStatus, DutyRole, LocalName, Location
from plantroom.domain.custom import CustomField, CustomType
from plantroom.domain.papers import Document, Licence, MakerLimit
from plantroom.domain.parts import Part, PointSensor
from plantroom.errors import BadData, Conflict, NotFound, VersionConflict
from plantroom.ports.equipment import FileEntry, PartFilter
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, asset, name, point

ALL, EVERY = PageRequest(), Scope()


def house(key: str = "h", **more: Any) -> Location:
    return replace(Location(key, "demo", "building", LocalName("1号楼", "Building 1")), **more)


def keys(found: Sequence[Any]) -> list[str]:
    return [one.asset.key for one in found]


def search(ledger: SqlLedger, text: str) -> list[str]:
    with ledger.read() as tx:
        return keys(tx.assets.list(AssetFilter(text=text), ALL).items)


def test_a_machine_comes_back_with_all_that_is_known_of_it(planted: SqlLedger) -> None:
    full = asset(
        "p9",
        "P-109",
        parent="p1",
        design_life_years=15.5,
        purchase_cost=120_000.0,
        replacement_cost=150_000.5,
        warranty_until=date(2028, 1, 31),
        licences=(Licence("inspection", "T-1", date(2025, 1, 1), date(2026, 1, 1), "特检院"),),
        maker_limits=(MakerLimit("ambient_temperature", "Cel", 5.0, 40.0),),
        documents=(
            Document("手册 / manual", "manual", url="https://x.example/m.pdf"),
            Document("照片", sha256="ab" * 32),
        ),
        custom={"zone": "高区", "head": 32.5, "spare": True},
    )
    with planted.begin() as tx:
        tx.assets.add(full, [])
    with planted.read() as tx:
        assert tx.assets.get("p9").asset == full
        assert tx.assets.find("demo", "P-109") == full
        assert list(tx.assets.parts_of("p1")) == [full]
        known = tx.assets.plant().assets["p9"]
    assert known.abridged
    assert replace(known, abridged=False) == replace(full, custom={}, licences=(), maker_limits=(), documents=())
    with planted.begin() as tx, pytest.raises(ValueError, match="without all of its fields"):
        tx.assets.update(known, None)


def test_a_place_is_found_by_its_name_and_so_are_the_machines_in_it(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.places.add(house())
        tx.places.add(Location("r", "demo", "space", LocalName("水泵房", "Pump room"), "h"))
        tx.assets.update(replace(tx.assets.get("p1").asset, location="r"), None)
        assert [place.key for place in tx.places.path("r")] == ["h", "r"]
        assert tx.places.path(None) == []
    assert search(planted, "水泵 1号") == ["p1"]
    with planted.begin() as tx:
        before = tx.assets.revision()
        changed = tx.places.update(replace(tx.places.get("h"), name=LocalName("东楼", "East")), 1)
        assert (changed.version, changed.name.zh) == (2, "东楼")
        with pytest.raises(VersionConflict):
            tx.places.update(house(), 1)
        assert tx.assets.revision() > before
    assert search(planted, "east 泵房") == ["p1"]
    assert search(planted, "1号楼") == []
    with planted.read() as tx:
        for place, inside in (("h", ["p1"]), ("r", ["p1"]), ("nowhere", [])):
            assert keys(tx.assets.list(AssetFilter(location=place), ALL).items) == inside
        assert tx.places.assets_in("demo") == {"r": 1, None: 1}


def test_a_place_that_is_not_empty_stays(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.places.add(house())
        tx.places.add(Location("f", "demo", "floor", name("1"), "h"))
        tx.assets.update(replace(tx.assets.get("p1").asset, location="f", status=AssetStatus.SCRAPPED), None)
        for full in ("h", "f"):
            with pytest.raises(Conflict, match="not empty"):
                tx.places.remove(full)
        tx.assets.update(replace(tx.assets.get("p1").asset, location=None), None)
        tx.places.remove("f")
        tx.places.remove("h")
        assert not tx.places.tree("demo")
        with pytest.raises(NotFound):
            tx.places.remove("h")


@pytest.mark.parametrize(
    "wrong",
    [
        Location("x", "demo", "floor", name("x")),
        Location("x", "north", "floor", name("x"), "h"),
        Location("x", "demo", "floor", name("x"), "nowhere"),
        Location("h", "demo", "building", name("x")),
        Location("x", "nowhere", "building", name("x")),
    ],
)
def test_a_place_that_cannot_stand_there_changes_nothing(planted: SqlLedger, wrong: Location) -> None:
    with planted.begin() as tx:
        tx.places.add(house())
    with pytest.raises((BadData, Conflict, NotFound)), planted.begin() as tx:
        tx.places.add_many([Location("ok", "demo", "building", name("ok")), wrong])
    with planted.read() as tx:
        assert list(tx.places.tree()) == ["h"]


def test_a_move_into_what_stands_inside_is_refused(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.places.add_many([Location("a", "demo", "space", name("a")), Location("b", "demo", "space", name("b"), "a")])
        with pytest.raises(BadData, match="circle"):
            tx.places.update(replace(tx.places.get("a"), parent="b"), None)
        assert tx.places.update(replace(tx.places.get("b"), parent=None), None).parent is None


def test_partners_name_each_other_whichever_is_written(planted: SqlLedger) -> None:
    def roles() -> list[tuple[str | None, DutyRole | None]]:
        with planted.read() as tx:
            return [(a.duty_partner, a.duty_role) for a in (tx.assets.get(key).asset for key in ("p1", "p2"))]

    def write(key: str, partner: str | None, role: DutyRole | None) -> None:
        with planted.begin() as tx:
            tx.assets.update(replace(tx.assets.get(key).asset, duty_partner=partner, duty_role=role), None)

    write("p1", "p2", DutyRole.DUTY)
    assert roles() == [("p2", DutyRole.DUTY), ("p1", DutyRole.STANDBY)]
    write("p2", "p1", DutyRole.DUTY)
    assert roles() == [("p2", DutyRole.STANDBY), ("p1", DutyRole.DUTY)]
    with planted.begin() as tx:
        tx.assets.add(asset("p3", "P-103"), [])
        with pytest.raises(BadData, match="apart first"):
            tx.assets.update(replace(tx.assets.get("p3").asset, duty_partner="p1", duty_role=DutyRole.DUTY), None)
    write("p2", "p3", DutyRole.DUTY)
    assert roles() == [(None, None), ("p3", DutyRole.DUTY)]
    with planted.begin() as tx:
        tx.assets.set_status("p3", AssetStatus.SCRAPPED)
    assert roles() == [(None, None), (None, None)]


def test_many_are_written_in_any_order_or_none_at_all(planted: SqlLedger) -> None:
    many = [
        asset("c", "C", parent="b", licences=(Licence("x", "1", expires_on=date(2026, 1, 1)),)),
        asset("d", "D", duty_partner="e", duty_role=DutyRole.DUTY),
        asset("b", "B", parent="a", custom={"zone": "高区"}),
        asset("e", "E"),
        asset("a", "A"),
        *[asset(f"m{n}", f"M-{n}", parent="a") for n in range(120)],
    ]
    points = [point(asset=key) for key in ("a", "b")] + [point("flow", "b", "m3/h")]
    with planted.begin() as tx:
        tx.assets.add_many(many, points)
    with planted.read() as tx:
        found = tx.assets.several([one.key for one in many])
        assert len(found) == len(many)
        assert (found["e"].duty_partner, found["e"].duty_role) == ("d", DutyRole.STANDBY)
        assert {key: [p.key for p in own] for key, own in tx.assets.points_of(found).items()} == {
            "a": ["vibration"],
            "b": ["vibration", "flow"],
        }
        assert tx.assets.find_many([("demo", "C"), ("demo", "M-7"), ("north", "C")]).keys() == {
            ("demo", "C"),
            ("demo", "M-7"),
        }
        assert tx.assets.plant().assets.keys() >= found.keys()
    with planted.begin() as tx:
        written = tx.assets.update_many([replace(one, model="M") for one in found.values()])
    with planted.read() as tx:
        plant = tx.assets.plant()
        assert {one.model for one in written} == {plant.assets[key].model for key in found} == {"M"}
    for wrong in (
        [asset("x", "X"), asset("y", "X")],
        [asset("x", "X"), asset("y", "P-101")],
        [asset("x", "X"), asset("y", "Y", parent="nope")],
        [asset("x", "X", parent="y"), asset("y", "Y", parent="x")],
        [asset("x", "X"), asset("y", "Y", location="nope")],
        [asset("x", "X"), asset("y", "Y", site="nope")],
        [asset("x", "X"), asset("x", "Y")],
        [asset("x", "X"), asset("a", "Y")],
    ):
        with pytest.raises((BadData, Conflict, NotFound)), planted.begin() as tx:
            tx.assets.add_many(wrong, [])
    with planted.read() as tx:
        assert tx.assets.find("demo", "X") is None


def test_many_are_changed_at_once_and_keep_their_former_codes(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        stored = tx.assets.several(["p1", "p2", "n1"])
        changed = tx.assets.update_many(
            [replace(one, code=f"{one.code}-NEW", model="X", site="nowhere") for one in stored.values()]
        )
    assert [(one.site, one.version) for one in changed] == [(stored[one.key].site, 2) for one in changed]
    with planted.read() as tx:
        assert tx.assets.several(stored) == {one.key: one for one in changed}
        assert keys(tx.assets.list(AssetFilter(text="p-101 new", site="demo"), ALL).items) == ["p1"]
        former = tx.assets.find("demo", "P-101")
        assert former is not None
        assert former.code == "P-101-NEW"
    with planted.begin() as tx, pytest.raises(NotFound):
        tx.assets.update_many([asset("nope", "N")])
    with planted.begin() as tx, pytest.raises(Conflict):
        tx.assets.update_many([replace(changed[0], code="P-102-NEW"), replace(changed[1], code="P-102-NEW")])


def test_what_was_entered_by_mistake_is_taken_away_unless_something_needs_it(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.assets.add(asset("kid", "KID", parent="p2"), [])
        with pytest.raises(Conflict, match="scrap it instead"):
            tx.assets.remove_many(["p2"])
        tx.sensors.put([PointSensor("p2", "vibration", "S-1")])
        tx.assets.remove_many(["p2", "kid"])
    with planted.read() as tx:
        assert tx.assets.find("demo", "P-102") is None
        assert "p2" not in tx.assets.plant().assets
        assert not tx.sensors.of(["p2"])
    with planted.begin() as tx:
        tx.assets.add(asset("p2", "P-102"), [])
        with pytest.raises(NotFound):
            tx.assets.remove_many(["nope"])


def test_licences_that_expire_are_listed_by_the_one_that_counts(planted: SqlLedger) -> None:
    old = Licence("inspection", "1", expires_on=date(2025, 1, 1))
    new = Licence("inspection", "2", expires_on=date(2026, 6, 1))
    other = Licence("registration", "3", expires_on=date(2026, 5, 1))
    with planted.begin() as tx:
        tx.assets.update(replace(tx.assets.get("p1").asset, licences=(old, new, other)), None)
        tx.assets.update(replace(tx.assets.get("n1").asset, licences=(old,)), None)
        tx.assets.update(replace(tx.assets.get("p2").asset, licences=(old,), status=AssetStatus.SCRAPPED), None)

    def due(before: date, scope: Scope = EVERY, site: str | None = None) -> list[tuple[str, str]]:
        with planted.read() as tx:
            return [(one.asset.key, one.licence.number) for one in tx.assets.licences_due(scope, before, site)]

    assert due(date(2026, 1, 1)) == [("n1", "1")]
    assert due(date(2026, 5, 2)) == [("n1", "1"), ("p1", "3")]
    assert due(date(2027, 1, 1), site="demo") == [("p1", "3"), ("p1", "2")]
    assert due(date(2027, 1, 1), Scope(frozenset({"north"}))) == [("n1", "1")]
    assert due(date(2025, 1, 1)) == []


def test_custom_fields_keep_their_type_while_there_are_values(planted: SqlLedger) -> None:
    zone = CustomField("zone", name("z"), CustomType.CHOICE, "pump", choices=("高区", "低区"), required=True)
    with planted.begin() as tx:
        tx.custom_fields.add(zone)
        tx.custom_fields.add(CustomField("a", name("a")))
        assert [one.key for one in tx.custom_fields.list()] == ["a", "zone"]
        assert tx.custom_fields.get("zone") == zone
        with pytest.raises(Conflict):
            tx.custom_fields.add(zone)
        assert tx.custom_fields.update(replace(zone, choices=("高区",)), 1).version == 2
        with pytest.raises(VersionConflict):
            tx.custom_fields.update(zone, 1)
        tx.custom_fields.update(replace(zone, type=CustomType.TEXT, choices=()), None)
        tx.custom_fields.update(zone, None)
        tx.assets.update(replace(tx.assets.get("p1").asset, custom={"zone": "高区"}), None)
        with pytest.raises(Conflict, match="type"):
            tx.custom_fields.update(replace(zone, type=CustomType.TEXT, choices=()), None)
        tx.custom_fields.remove("zone")
        with pytest.raises(NotFound):
            tx.custom_fields.remove("zone")
        assert tx.assets.get("p1").asset.custom == {"zone": "高区"}


def part(key: str = "b1", **more: Any) -> Part:
    bearing = Part(key, "demo", f"6205-{key}", LocalName("轴承", "Bearing"), stock=3, minimum=2, unit_cost=18.5)
    return replace(bearing, **more)


def test_parts_are_found_by_what_they_fit_and_what_is_short(planted: SqlLedger) -> None:
    bearing = part(classes=("pump",))
    seal = part("s1", number="MS-32", name=LocalName("机械密封", "Seal"), assets=("p2",), stock=0, minimum=1)
    with planted.begin() as tx:
        tx.parts.add(bearing)
        tx.parts.add(seal)
        tx.parts.add(part("far", site="north", classes=("pump",)))
        with pytest.raises(Conflict):
            tx.parts.add(part("b2", number=bearing.number))
        with pytest.raises(NotFound):
            tx.parts.add(part("b2", site="nowhere"))

    def found(**filters: Any) -> list[str]:
        with planted.read() as tx:
            return [one.key for one in tx.parts.list(PartFilter(**filters), ALL).items]

    assert found() == ["b1", "s1", "far"]
    assert found(fits="p1") == ["b1"]
    assert found(fits="p2") == ["b1", "s1"]
    assert found(fits="nope") == []
    assert found(below_minimum=True) == ["s1"]
    assert found(text="密封") == ["s1"]
    assert found(text="BEARING 6205", site="demo") == ["b1"]
    assert found(scope=Scope(frozenset({"north"}))) == ["far"]
    with planted.begin() as tx:
        changed = tx.parts.update(replace(bearing, classes=(), minimum=9, site="north"), 1)
        assert (changed.site, changed.version, changed.below_minimum) == ("demo", 2, True)
        with pytest.raises(VersionConflict):
            tx.parts.update(bearing, 1)
        assert tx.parts.get("b1") == changed
        assert tx.parts.find("demo", "MS-32") == seal
        tx.parts.remove("s1")
        with pytest.raises(NotFound):
            tx.parts.get("s1")
    assert found(fits="p2") == []


def test_bookings_at_one_moment_are_all_counted(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.parts.add(part(stock=10))

    def take(_: int) -> None:
        with planted.begin() as tx:
            tx.parts.book("b1", -1.5)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take, range(8)))
    with planted.begin() as tx:
        assert (tx.parts.get("b1").stock, tx.parts.get("b1").version) == (-2.0, 9)
        with pytest.raises(NotFound):
            tx.parts.book("nope", 1)


def test_calibrations_that_are_due_are_listed(planted: SqlLedger) -> None:
    day = date(2026, 3, 2)
    never = PointSensor("p1", "flow", "F-1", interval_days=365)
    due = PointSensor("p1", "vibration", "V-1", date(2025, 3, 2), 365, "C-77")
    later = PointSensor("p2", "vibration", "V-2", day, 365)
    with planted.begin() as tx:
        tx.sensors.put([later, due, never])
        assert list(tx.sensors.due(EVERY, day)) == [never, due]
        assert list(tx.sensors.due(Scope(frozenset({"north"})), day)) == []
        assert list(tx.sensors.due(EVERY, day, "demo")) == [never, due]
        tx.sensors.put([replace(due, calibrated_on=day, version=2), replace(never, interval_days=None)])
        assert tx.sensors.of(["p1"])["p1", "vibration"].version == 2
        assert list(tx.sensors.due(EVERY, day)) == []
        tx.assets.remove_points([("p1", "flow")])
        assert [p.key for p in tx.assets.points("p1")] == ["vibration"]
        assert ("p1", "flow") not in tx.sensors.of(["p1"])
        with pytest.raises(NotFound):
            tx.sensors.put([PointSensor("nope", "flow")])


def test_a_file_belongs_to_the_sites_that_have_it(planted: SqlLedger) -> None:
    entry = FileEntry("ab" * 32, "demo", "p.jpg", "image/jpeg", 7, "li", NOW)
    with planted.begin() as tx:
        tx.files.add(entry)
        tx.files.add(replace(entry, name="again.jpg"))
        tx.files.add(replace(entry, site="north"))
        assert [(one.site, one.name) for one in tx.files.of(entry.sha256)] == [("demo", "p.jpg"), ("north", "p.jpg")]
        assert tx.files.known(entry.sha256)
        assert not tx.files.known("cd" * 32)
        with pytest.raises(NotFound):
            tx.files.add(replace(entry, site="nowhere"))
