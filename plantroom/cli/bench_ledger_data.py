"""The plant that ``bench ledger`` measures with: campuses with buildings, floors, rooms, and machines in them."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Location, Point, PointKind, PointTemplate, Site
from plantroom.domain.keys import new_key
from plantroom.domain.papers import Licence
from plantroom.ports.accounts import Grant, Role, User

SITES = tuple(f"campus-{number:02d}" for number in range(1, 11))
BUILDINGS, FLOORS, ROOMS = 20, 8, 5
DEPARTMENTS = ("水务管理部门", "电气管理部门", "电梯维修部门", "消防管理部门", "空调维修部门")
CLASSES = ("pump", "pump", "pump", "elevator", "ahu", "generic", "lighting", "fire_panel", "water_tank", "smoke_fan")
MAKERS = ("威乐", "格兰富 Grundfos", "凯泉", "三菱 Mitsubishi", "开利 Carrier", "海湾 GST", "施耐德 Schneider")
ZONES = ("低区", "中区", "高区")
NAMES = {
    "pump": LocalName("生活水泵", "Domestic water pump"),
    "elevator": LocalName("客梯", "Passenger elevator"),
    "ahu": LocalName("空调机组", "Air handler"),
    "generic": LocalName("排污水泵", "Sump pump"),
    "lighting": LocalName("走廊照明", "Corridor lighting"),
    "fire_panel": LocalName("火灾报警控制器", "Fire alarm panel"),
    "water_tank": LocalName("水泵房水箱", "Tank of the pump room"),
    "smoke_fan": LocalName("排烟风机", "Smoke fan"),
}
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Content:
    """What the ledger holds, to ask for: keys of assets, keys of places, classes."""

    keys: Sequence[str]
    places: Sequence[str]
    classes: Sequence[str]


def fill(address: str, assets: int, points: int, say: Callable[[str], None]) -> Content:
    """Fill an empty ledger. Without plan rows: their dates are another benchmark's."""
    from plantroom.storage.ledger import SqlLedger

    keys: list[str] = []
    with closing(SqlLedger(address)) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.accounts.put_user(User("bench", "bench", "!", (Grant(Role.ADMIN),), active=False))
            for code in SITES:
                tx.assets.add_site(Site(code, LocalName(f"{code[-2:]}号园区", code)))
            for code in SITES:
                tx.places.add_many(_places(code))
        with ledger.read() as tx:
            trees = {code: list(tx.places.tree(code)) for code in SITES}
        done = 0
        while done < assets:
            count = min(BATCH, assets - done)
            left = points * (done + count) // assets - points * done // assets
            made, own = batch(done, count, left, trees)
            with ledger.begin() as tx:
                tx.assets.add_many(made, own)
            keys += [asset.key for asset in made]
            done += count
            say(f"{done} of {assets} assets")
    return Content(keys, [key for tree in trees.values() for key in tree], sorted(set(CLASSES)))


def batch(first: int, count: int, points: int, trees: Mapping[str, Sequence[str]]) -> tuple[list[Asset], list[Point]]:
    """Assets with their points: ``points`` in all, or those of their classes (0)."""
    pick = random.Random(first)  # noqa: S311 - figures that can be repeated
    classes = equipment_classes()
    assets, found = [], []
    for number in range(first, first + count):
        asset = _asset(number, pick, trees)
        share = points * (number - first + 1) // count - points * (number - first) // count
        templates: Sequence[PointTemplate] = classes[asset.equipment_class].points
        if points:
            templates = [*templates, *_EXTRA][:share]
        assets.append(asset)
        found += [Point(asset.key, template) for template in templates]
    return assets, found


_EXTRA = tuple(
    PointTemplate(f"extra_{number}", LocalName(f"附加{number}", f"Extra {number}"), "1", PointKind.STATE)
    for number in range(40)
)


def _asset(number: int, pick: random.Random, trees: Mapping[str, Sequence[str]]) -> Asset:
    site, kind = SITES[number % len(SITES)], CLASSES[pick.randrange(len(CLASSES))]
    name = NAMES[kind]
    made = Asset(
        key=new_key(),
        site=site,
        code=f"{kind[:2].upper()}-{number:06d}",
        equipment_class=kind,
        name=LocalName(f"{name.zh}{number % 90 + 1}", f"{name.en} {number % 90 + 1}"),
        status=AssetStatus.STANDBY if number % 13 == 0 else AssetStatus.IN_SERVICE,
        criticality="ABC"[number % 3],
        location=pick.choice(trees[site]),
        department=DEPARTMENTS[number % len(DEPARTMENTS)],
        manufacturer=pick.choice(MAKERS),
        model=f"CR {pick.randrange(1, 99)}-{pick.randrange(1, 20)}",
        serial=f"SN{number:x}",
        installed_on=date(2005, 1, 1) + timedelta(days=pick.randrange(7000)),
        custom={"zone": pick.choice(ZONES)},
    )
    if kind != "elevator":
        return made
    expires = date(2026, 1, 1) + timedelta(days=pick.randrange(700))
    return replace(made, licences=(Licence("periodic_inspection", f"T-{number}", expires_on=expires),))


def _places(site: str) -> list[Location]:
    found: list[Location] = []

    def add(kind: str, name: LocalName, parent: str | None) -> str:
        found.append(Location(new_key(), site, kind, name, parent))
        return found[-1].key

    for building in range(1, BUILDINGS + 1):
        house = add("building", LocalName(f"{building}号楼", f"Building {building}"), None)
        for floor in range(1, FLOORS + 1):
            level = add("floor", LocalName(f"{floor}层", f"Floor {floor}"), house)
            for room in range(1, ROOMS + 1):
                names: Any = ("水泵房", "Pump room") if room == 1 else (f"{floor}0{room}室", f"Room {floor}0{room}")
                add("space", LocalName(*names), level)
    return found
