"""Licences in force, calibrations due, ages of machines, labels, folded texts."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plantroom.domain.assets import Asset, AssetStatus, DesignLife, EquipmentClass, LocalName
from plantroom.domain.labels import asset_address
from plantroom.domain.papers import Licence, first_expiry, in_force
from plantroom.domain.parts import PointSensor, due_sensors
from plantroom.domain.renewal import ageing, renewal_list
from plantroom.domain.searching import fold, search_text, words_of

NAME = LocalName("电梯", "Elevator")
LIFT = EquipmentClass("elevator", NAME, (), life=DesignLife(15, "TSG"))


def lift(**more: Any) -> Asset:
    return replace(Asset("e1", "demo", "EL-1", "elevator", NAME, installed_on=date(2010, 5, 1)), **more)


def test_of_one_kind_the_licence_that_expires_last_counts() -> None:
    old = Licence("inspection", "1", expires_on=date(2025, 1, 1))
    new = Licence("inspection", "2", expires_on=date(2026, 1, 1))
    other = Licence("registration", "3")
    assert in_force([old, new, other]) == [new, other]
    assert first_expiry([old, new, other]) == date(2026, 1, 1)
    assert first_expiry([replace(old, expires_on=None), new]) is None, "one without an end counts"
    assert first_expiry([]) is None


def test_sensors_that_were_never_calibrated_come_first() -> None:
    day = date(2026, 3, 2)
    never = PointSensor("a", "p", interval_days=365)
    over = PointSensor("b", "p", calibrated_on=date(2025, 1, 1), interval_days=365)
    today = PointSensor("c", "p", calibrated_on=day - timedelta(days=365), interval_days=365)
    later = PointSensor("d", "p", calibrated_on=day, interval_days=365)
    free = PointSensor("e", "p")
    assert due_sensors([later, today, over, free, never], day) == [never, over, today]
    assert today.due_on == day
    assert PointSensor("f", "p", calibrated_on=date.max, interval_days=1).due_on == date.max


def test_the_age_is_counted_against_the_machines_own_life_or_its_classs() -> None:
    found = ageing(lift(), LIFT, date(2025, 5, 1))
    assert found is not None
    assert (found.life_years, found.basis, found.ends_on) == (15, "TSG", date(2025, 5, 1))
    assert found.share == pytest.approx(1.0, abs=0.001)
    own = ageing(lift(design_life_years=30), LIFT, date(2025, 5, 1))
    assert own is not None
    assert own.share == pytest.approx(0.5, abs=0.001)
    leap = ageing(lift(installed_on=date(2024, 2, 29), design_life_years=1), LIFT, date(2024, 3, 1))
    assert leap is not None
    assert leap.ends_on == date(2025, 2, 28)


@pytest.mark.parametrize(
    "without",
    [{"installed_on": None}, {"status": AssetStatus.SCRAPPED}, {"installed_on": date(2030, 1, 1)}],
)
def test_what_has_no_age_is_in_no_renewal_list(without: dict[str, Any]) -> None:
    assert renewal_list([lift(**without)], {"elevator": LIFT}, date(2026, 1, 1)) == []
    assert ageing(lift(), None, date(2026, 1, 1)) is None


def test_the_oldest_by_their_life_come_first() -> None:
    young = lift(key="e2", installed_on=date(2025, 1, 1))
    oldest = lift(key="e3", installed_on=date(1995, 1, 1))
    found = renewal_list([young, lift(), oldest], {"elevator": LIFT}, date(2026, 1, 1))
    assert [one.asset.key for one in found] == ["e3", "e1"]


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.floats(0.1, 200), st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_a_life_ends_about_when_its_share_is_one(since: date, life: float, on: date) -> None:
    found = ageing(lift(installed_on=since, design_life_years=life), None, on)
    if found is None:
        assert on < since
    elif abs((on - found.ends_on).days) > 3:
        assert (found.share > 1) == (on > found.ends_on)


def test_a_label_says_site_and_code_whatever_is_in_them() -> None:
    assert asset_address("https://p.example/", "demo", "P-1") == "https://p.example/assets/P-1?site=demo"
    assert asset_address("http://x", "园区 1", "泵&#1") == (
        "http://x/assets/%E6%B3%B5%26%231?site=%E5%9B%AD%E5%8C%BA%201"
    )


def test_width_and_case_do_not_matter_to_a_search() -> None:
    assert fold("  P-１０１  Pump ") == "p-101 pump"
    assert words_of("水泵　Ａ 水泵") == ["水泵", "a"]
    text = search_text(lift(serial="SN 7", custom={"zone": "高区", "n": 3}), ["OLD"], [])
    assert text.splitlines() == ["el-1", "old", "电梯", "elevator", "sn 7", "高区"]
