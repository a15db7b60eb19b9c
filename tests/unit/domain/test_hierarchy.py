"""Parts of machines, and pairs of duty and standby."""

from dataclasses import replace
from typing import Any

import pytest

from plantroom.domain.assets import Asset, AssetStatus, DutyRole, LocalName
from plantroom.domain.hierarchy import check_duty, check_parent
from plantroom.errors import BadData


def pump(key: str, **more: Any) -> Asset:
    return replace(Asset(key, "demo", key.upper(), "pump", LocalName(key, key)), **more)


KNOWN = {
    one.key: one
    for one in (
        pump("a"),
        pump("b", parent="a"),
        pump("c", parent="b"),
        pump("far", site="north"),
        pump("lift", equipment_class="elevator"),
        pump("gone", status=AssetStatus.SCRAPPED),
        pump("taken", duty_partner="other", duty_role=DutyRole.DUTY),
    )
}


@pytest.mark.parametrize(
    ("key", "parent", "code"),
    [
        ("x", "x", "cycle"),
        ("x", "nope", "unknown_asset"),
        ("x", "far", "another_site"),
        ("a", "c", "cycle"),
        ("a", "b", "cycle"),
    ],
)
def test_a_parent_that_cannot_be_is_refused(key: str, parent: str, code: str) -> None:
    with pytest.raises(BadData) as caught:
        check_parent(pump(key, parent=parent), KNOWN.get)
    assert [(one.field, one.code) for one in caught.value.problems] == [("parent", code)]


def test_a_part_may_have_parts() -> None:
    check_parent(pump("x", parent="c"), KNOWN.get)
    check_parent(pump("x"), KNOWN.get)


@pytest.mark.parametrize(
    ("partner", "role", "field", "code"),
    [
        ("x", DutyRole.DUTY, "duty_partner", "itself"),
        ("nope", DutyRole.DUTY, "duty_partner", "unknown_asset"),
        ("far", DutyRole.DUTY, "duty_partner", "another_site"),
        ("lift", DutyRole.DUTY, "duty_partner", "another_class"),
        ("gone", DutyRole.DUTY, "duty_partner", "scrapped"),
        ("taken", DutyRole.DUTY, "duty_partner", "taken"),
        ("a", None, "duty_role", "required"),
        (None, DutyRole.DUTY, "duty_partner", "required"),
    ],
)
def test_a_pair_that_cannot_be_is_refused(partner: str | None, role: DutyRole | None, field: str, code: str) -> None:
    with pytest.raises(BadData) as caught:
        check_duty(pump("x", duty_partner=partner, duty_role=role), KNOWN.get)
    assert [(one.field, one.code) for one in caught.value.problems] == [(field, code)]


def test_a_sound_pair_gives_the_partner() -> None:
    assert check_duty(pump("x", duty_partner="a", duty_role=DutyRole.STANDBY), KNOWN.get) == KNOWN["a"]
    assert check_duty(pump("x"), KNOWN.get) is None
