"""What a path that is not there yet makes."""

import pytest

from maintenance.imports.asset_places import Places
from maintenance.imports.new_places import is_floor, names_of
from maintenance.imports.problems import CellProblem
from plantroom.domain.assets import LocalName, Location, Site

SITE = Site("demo", LocalName("锦绣家园", "Brocade Court"))


def place(key: str, kind: str, name: str, parent: str | None = None) -> Location:
    return Location(key, "demo", kind, LocalName(name, name), parent)


TREE = {
    one.key: one
    for one in (
        place("b", "building", "1号楼"),
        place("f", "floor", "B1", "b"),
        place("p", "space", "水泵房", "f"),
        place("g", "space", "1/F", "b"),
    )
}


def made(text: str) -> list[tuple[str, str]]:
    """Kinds and paths of what is made."""
    places = Places(TREE, SITE)
    key, new = places.read_or_make(text)
    assert not new or key == new[-1].key
    assert places.read(text) == key, "found again"
    return [(one.kind, str(places.write(one.key))) for one in new]


FLOORS = "1层 十二层 负一层 地下2层 避难层 3楼 B1 B1层 b2层 -1层 -1F 12F RF LG1 3/F G/F 屋面"


@pytest.mark.parametrize("name", [*FLOORS.split(), "Level 2", "2nd floor"])
def test_names_of_floors(name: str) -> None:
    assert is_floor(name)


@pytest.mark.parametrize(
    "name", ["1号楼", "A座", "A", "101", "水泵房", "地下车库", "F", "门楼", "设备间", "B1车库", "东1"]
)
def test_names_of_other_places(name: str) -> None:
    assert not is_floor(name)


def test_a_path_s_names() -> None:
    assert names_of("A座/ 1层／泵 房") == ["A座", "1层", "泵 房"]
    assert names_of("A座/3/F/机房") == ["A座", "3/F", "机房"]
    assert [names_of(one) for one in ("泵房", "A座//泵房", "/A座", "x" * 201 + "/y")] == [[], [], [], []]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1号楼/B1/水泵房", []),
        ("1号楼/Ｂ1/水泵房", []),
        ("锦绣家园/1号楼/B1/水泵房", []),
        ("demo/1号楼/B1", []),
        ("1号楼/1/F", []),
        ("1号楼/B1/配电房", [("space", "1号楼/B1/配电房")]),
        ("1号楼/2层/201", [("floor", "1号楼/2层"), ("space", "1号楼/2层/201")]),
        ("1号楼/3/F", [("floor", "1号楼/3/F")]),
        ("1号楼/大堂", [("space", "1号楼/大堂")]),
        ("1号楼/B1/水泵房/2层", [("space", "1号楼/B1/水泵房/2层")]),
        ("2号楼/B1/水泵房", [("building", "2号楼"), ("floor", "2号楼/B1"), ("space", "2号楼/B1/水泵房")]),
        ("锦绣家园/2号楼/屋面", [("building", "2号楼"), ("floor", "2号楼/屋面")]),
    ],
)
def test_what_is_missing_of_a_path_is_made(text: str, expected: list[tuple[str, str]]) -> None:
    assert made(text) == expected


@pytest.mark.parametrize(
    "text", ["火星", "B1/水泵房", "B1/配电房", "3层/机房", "天府/1号楼/B1", "水泵房/角落", "2号楼", "a/" * 12 + "b"]
)
def test_what_does_not_begin_with_a_building_makes_nothing(text: str) -> None:
    places = Places(TREE, SITE)
    with pytest.raises(CellProblem) as caught:
        places.read_or_make(text)
    assert caught.value.code == "unknown_location"
    assert places.before == TREE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("N/A", "没有这个位置"),
        ("1号楼/N/A", "“N/A”不是位置"),
        ("1号楼/待定", "“待定”不是位置"),
        ("無/無", "“無”不是位置"),
        ("待定/未知", "“待定”不是位置"),
        ("室内/室外", "“室内”不是楼栋"),
        ("Y/N", "“Y”不是楼栋"),
        ("2026/1/5", "“2026”不是楼栋"),
        ("3/4号楼", "“3”不是楼栋"),
        ("3/4层", "“3”不是楼栋"),
        ("1#/2#楼", "“1#”与“2#楼”并列"),
        ("A/B座", "“A”与“B座”并列"),
        ("1号楼/2号楼", "“1号楼”与“2号楼”并列"),
        ("Building 1/Building 2", "并列"),
        ("1号楼/B1/水泵房1/水泵房2", "“水泵房1”与“水泵房2”并列"),
    ],
)
def test_a_slash_between_what_are_no_places_makes_none(text: str, told: str) -> None:
    places = Places(TREE, SITE)
    with pytest.raises(CellProblem) as caught:
        places.read_or_make(text)
    assert caught.value.code == "unknown_location"
    assert caught.value.said is not None
    assert told in caught.value.said.zh
    assert len(places.before) == len(TREE)


@pytest.mark.parametrize(
    "text", ["A/B1/水泵房", "一期/2号楼/B1", "A区/2号楼", "1号楼/2单元/301", "1号楼/3楼", "B座/1/201", "室外/消防泵房"]
)
def test_paths_that_look_much_the_same_are_paths(text: str) -> None:
    assert made(text)


def test_two_of_one_name_make_no_third() -> None:
    twins = TREE | {"b2": place("b2", "building", "1号楼")}
    with pytest.raises(CellProblem, match="unknown_location"):
        Places(twins, SITE).read_or_make("1号楼/B1/配电房")


@pytest.mark.parametrize(
    ("text", "near"),
    [("1号楼/B1/泵房", "水泵房"), ("1号楼/B2", None), ("1号楼/B1/水泵房2", None), ("2号楼/大堂", None)],
)
def test_the_warning_names_what_is_called_nearly_so(text: str, near: str | None) -> None:
    places = Places(TREE, SITE)
    _, (*_, last) = places.read_or_make(text)
    said = places.told(last)
    assert text in said.zh
    assert (f"最接近的是“{near}”" in said.zh) if near else ("最接近" not in said.zh)
