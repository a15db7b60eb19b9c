"""What the seed remembers: what it was asked for, and what the equipment classes had."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from maintenance.ports import MaintenanceTx
from maintenance.seed import seed_default_profile
from maintenance.seed.applying import apply_seed, plan_seed
from maintenance.seed.choices import NothingChosen, chosen, remembered
from maintenance.seed.class_points import apply_points, plan_points
from maintenance.seed.compose import compose
from maintenance.seed.profiles import jurisdictions, profiles
from maintenance.seed_ports import EVERY_SITE, SeedChoice
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Asset, EquipmentClass, LocalName, Point, PointKind, PointTemplate, Site
from plantroom.errors import BadData
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SeedCommand

Store = Ledger[MaintenanceTx]
NEW = PointTemplate("new_point", LocalName("新测点", "New point"), "Cel", PointKind.MEASURE)


def seeded(ledger: Store, choice: SeedChoice) -> bool:
    wanted = compose(profiles()[choice.profile], jurisdictions()[choice.jurisdiction], choice.options)
    with ledger.begin() as tx:
        plan = plan_seed(tx, wanted, choice.scope or None, NOW)
        apply_seed(tx, plan)
    return plan.changes


def test_a_choice_is_kept_for_every_site_and_for_one(any_ledger: Store) -> None:
    with any_ledger.read() as tx, pytest.raises(NothingChosen):
        chosen(tx, None, "residential", None)
    every = SeedChoice(EVERY_SITE, "residential", "cn", ("boiler",))
    own = SeedChoice("demo", "commercial", "cn-beijing")
    assert seeded(any_ledger, every)
    assert seeded(any_ledger, own)
    with any_ledger.read() as tx:
        assert remembered(tx) == [every, own]
        assert chosen(tx, None, None, None, ("diesel_pump",)) == replace(every, options=("boiler", "diesel_pump"))
        assert chosen(tx, "demo", "commercial", None) == own
        with pytest.raises(BadData, match=r"各站点已按residential、cn设置.*every site was seeded for residential, cn"):
            chosen(tx, None, "commercial", None)
        with pytest.raises(BadData, match="demo was seeded for commercial, cn-beijing: add --switch"):
            chosen(tx, "demo", None, "cn")
        assert chosen(tx, "demo", None, "cn", switch=True).jurisdiction == "cn"
    assert not seeded(any_ledger, every)
    assert not seeded(any_ledger, own)


def test_what_is_done_for_every_site_leaves_the_seasons_of_one_with_its_own_choice(any_ledger: Store) -> None:
    with any_ledger.begin() as tx:
        tx.assets.add_site(Site("south", LocalName("南区", "South")))
    seeded(any_ledger, SeedChoice("south", "commercial", "intl-nfpa"))
    with any_ledger.read() as tx:
        before = tx.assets.site("south")
    seeded(any_ledger, SeedChoice(EVERY_SITE, "residential", "cn"))
    with any_ledger.read() as tx:
        assert tx.assets.site("south") == before
        assert tx.assets.site("demo").calendar.country == "CN"


def grown(key: str = "pump") -> Mapping[str, EquipmentClass]:
    """The classes of a version in which one has got a point."""
    known = dict(equipment_classes())
    return known | {key: replace(known[key], points=(*known[key].points, NEW))}


def put(ledger: Store, code: str, points: tuple[PointTemplate, ...]) -> str:
    with ledger.begin() as tx:
        asset = Asset(f"k-{code}", "demo", code, "pump", LocalName(code, code))
        tx.assets.add(asset, [Point(asset.key, point) for point in points])
    return asset.key


def grow(ledger: Store, classes: Mapping[str, EquipmentClass]) -> dict[str, int]:
    with ledger.begin() as tx:
        plan = plan_points(tx, classes)
        apply_points(tx, plan)
    return {one.key: one.assets for one in plan.grown}


def has_new(ledger: Store, key: str) -> bool:
    with ledger.read() as tx:
        return any(point.template == NEW for point in tx.assets.points(key))


@pytest.mark.parametrize("begun", ["with a seed that looks", "before the seed looked"])
def test_assets_get_the_points_that_their_class_has_got(any_ledger: Store, begun: str) -> None:
    if begun == "with a seed that looks":
        with any_ledger.begin() as tx:
            seed_default_profile(tx)
    pump = equipment_classes()["pump"].points
    whole, recorded = put(any_ledger, "W-1", pump), put(any_ledger, "R-1", pump[:3])
    assert grow(any_ledger, grown())["pump"] >= 1
    assert (has_new(any_ledger, whole), has_new(any_ledger, recorded)) == (True, False)
    assert grow(any_ledger, grown()) == {}, "a second time there is nothing to do"
    with any_ledger.begin() as tx:
        tx.assets.remove_points([(whole, NEW.key)])
    assert grow(any_ledger, grown()) == {}
    assert not has_new(any_ledger, whole), "what somebody has taken away does not come back"


def test_where_all_assets_have_a_few_points_nobody_can_tell_what_is_new(ledger: Store) -> None:
    with ledger.begin() as tx:
        asset = Asset("k-l", "demo", "L-1", "elevator", LocalName("梯", "Lift"))
        tx.assets.add(asset, [Point(asset.key, equipment_classes()["elevator"].points[0])])
    assert "elevator" not in grow(ledger, equipment_classes())
    with ledger.read() as tx:
        assert len(tx.assets.points("k-l")) == 1
        assert tx.seeding.known_points()["elevator"] == {p.key for p in equipment_classes()["elevator"].points}


def test_the_command_does_again_what_was_chosen_and_asks_before_it_does_another(
    seed_command: SeedCommand, ledger: Store
) -> None:
    assert "residential" in seed_command(code=2)
    seed_command("--profile", "residential", "--jurisdiction", "cn", "--with", "boiler")
    seed_command("--profile", "commercial", "--jurisdiction", "cn-hubei-xianning", "--site", "demo")
    again = seed_command()
    assert (again["changed"], [(one["profile"], one["site"]) for one in again["runs"]]) == (
        False, [("residential", None), ("commercial", "demo")],
    )  # fmt: skip
    assert again["runs"][0]["options"] == ["boiler"]
    with ledger.begin() as tx:
        pump = equipment_classes()["pump"]
        asset = Asset("k-p", "demo", "P-9", "pump", LocalName("泵", "Pump"))
        tx.assets.add(asset, [Point("k-p", point) for point in pump.points[:-1]])
        connection = tx.work.connection  # type: ignore[attr-defined]
        connection.exec_driver_sql(f"DELETE FROM class_points WHERE key = '{pump.points[-1].key}'")
    dry = seed_command("--dry-run")
    assert [(one["class"], one["assets"]) for one in dry["runs"][0]["points"]] == [("pump", 1)]
    assert seed_command("--dry-run") == dry, "a look writes nothing"
    assert seed_command()["changed"]
    with ledger.read() as tx:
        assert len(tx.assets.points("k-p")) == len(pump.points)
    assert "--switch" in seed_command("--profile", "commercial", code=4)
    assert "--switch" in seed_command("--jurisdiction", "cn", "--site", "demo", code=4)
    assert seed_command("--profile", "commercial", "--switch", "--dry-run")["profile"] == "commercial"
