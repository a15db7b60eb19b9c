"""Rows of the plan table that no machine of the site goes by: they plan nothing, and that is said."""

from dataclasses import replace
from datetime import date

from maintenance.coverage import NO_MACHINE, NOT_THERE, rows_without_machines
from maintenance.plan import AppliesTo, PlanRow
from plantroom.domain.assets import Asset, AssetStatus, LocalName
from tests.unit.maintenance.rows import row

TODAY = date(2026, 3, 1)
SYSTEMS = {"lighting": ("lighting",), "water": ("pump", "water_tank")}
PUMP = Asset("k1", "demo", "P-1", "pump", LocalName("泵", "Pump"))
LIGHTS = AppliesTo(system="lighting")


def own(code: str, applies_to: AppliesTo, **more: object) -> PlanRow:
    return row(code, 1, "month", applies_to=applies_to, **{"site": "demo", **more})


def idle(*rows: PlanRow, assets: tuple[Asset, ...] = (PUMP,)) -> list[tuple[str, LocalName]]:
    return [(one.code, why) for one, why in rows_without_machines("demo", assets, rows, SYSTEMS, TODAY)]


def test_a_row_of_a_system_or_class_without_a_machine_is_named_with_the_reason() -> None:
    rows = (own("L", LIGHTS), own("S", AppliesTo(classes=("stairs",))), own("W", AppliesTo(system="water")))
    assert idle(*rows) == [("L", NO_MACHINE), ("S", NO_MACHINE)]
    assert idle(own("G", AppliesTo(assets=("k1",))), own("A", AppliesTo(assets=("gone",)))) == [("A", NOT_THERE)]


def test_work_of_the_site_and_rows_that_have_ended_are_not_among_them() -> None:
    assert idle(own("SITE", AppliesTo(site=True)), own("OLD", LIGHTS, ends=TODAY)) == []


def test_of_the_default_profile_only_the_users_own_lines_are() -> None:
    shipped = own("X", LIGHTS, site=None, custom={"profile": "default"})
    theirs = replace(shipped, code="LI-M", custom={"profile": "default", "user_row": "CY-09"})
    assert idle(shipped, theirs) == [("LI-M", NO_MACHINE)]
    assert idle(shipped, theirs, replace(theirs, site="demo", applies_to=AppliesTo(site=True))) == []
    assert idle(replace(shipped, site="elsewhere")) == []


def test_a_machine_at_rest_is_there() -> None:
    resting = replace(PUMP, key="k2", equipment_class="lighting", status=AssetStatus.OUT_OF_SERVICE)
    assert idle(own("L", LIGHTS), assets=(resting,)) == []
    assert idle(own("L", LIGHTS), assets=(replace(resting, site="elsewhere"),)) == [("L", NO_MACHINE)]
