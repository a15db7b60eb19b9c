"""A table of assets makes the places that its paths name; undoing it takes them away."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from maintenance.imports.assets_kind import AssetsKind
from maintenance.imports.ports import Mode
from plantroom.domain.assets import LocalName, Location
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest
from tests.contract.imports.importing import Store, exported, take, undo

HEAD = "设备编号,设备类别,安装位置\n"
TABLE = HEAD + "P-1,水泵,1号楼/B1/水泵房\nP-2,水泵,1号楼/B1/水泵房\nL-1,曳引电梯,1号楼/屋面\n"
PATHS = ["1号楼", "1号楼/B1", "1号楼/B1/水泵房", "1号楼/屋面"]


def tree(store: Store) -> dict[str, Location]:
    with store.read() as tx:
        return dict(tx.places.tree("demo"))


def paths(store: Store) -> list[str]:
    with store.read() as tx:
        return sorted("/".join(one.name.zh for one in tx.places.path(key)) for key in tx.places.tree("demo"))


def stands_in(store: Store, code: str) -> str:
    with store.read() as tx:
        (view,) = tx.assets.list(AssetFilter(code=code), PageRequest()).items
        return "/".join(one.name.zh for one in tx.places.path(view.asset.location))


def told(document: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["row"], one["message"]) for one in document["warnings"] if one["code"] == "location_created"]


def test_a_dry_run_shows_the_places_that_would_be_made(ledger: Store) -> None:
    found = take(ledger, "assets", TABLE, Mode.DRY_RUN, site="demo")
    assert (found["created"], found["errors"]) == (3, [])
    assert [row for row, _ in told(found)] == [2, 2, 2, 4]
    assert [path for path, (_, message) in zip(PATHS, told(found), strict=True) if f"“{path}”" not in message] == []
    assert "新建楼层“1号楼/B1”" in told(found)[1][1]
    assert "the floor 1号楼/B1 is new" in told(found)[1][1]
    assert paths(ledger) == []


def test_the_places_are_made_once_and_the_machines_stand_in_them(ledger: Store) -> None:
    take(ledger, "assets", TABLE, site="demo")
    assert paths(ledger) == PATHS
    assert {one.name.zh: one.kind for one in tree(ledger).values()} == {
        "1号楼": "building", "B1": "floor", "水泵房": "space", "屋面": "floor"
    }  # fmt: skip
    assert [stands_in(ledger, code) for code in ("P-1", "P-2", "L-1")] == [PATHS[2], PATHS[2], PATHS[3]]
    again = take(ledger, "assets", exported(ledger, "assets"), site="demo")
    assert (again["created"], again["updated"], told(again)) == (0, 0, [])


def test_a_machine_is_moved_into_a_new_place_and_back(ledger: Store) -> None:
    take(ledger, "assets", TABLE, site="demo")
    moved = take(ledger, "assets", HEAD + "P-1,水泵,1号楼/B1/备用泵房\n", import_id="i-2", site="demo")
    assert moved["rows"][0]["changes"] == {"location": [PATHS[2], "1号楼/B1/备用泵房"]}
    assert "水泵房" in told(moved)[0][1], "the nearest beside it"
    assert undo(ledger, "i-2")["errors"] == []
    assert stands_in(ledger, "P-1") == PATHS[2]
    assert paths(ledger) == PATHS


def test_undoing_takes_machines_and_places_away(ledger: Store) -> None:
    take(ledger, "assets", TABLE, import_id="i-1", site="demo")
    assert undo(ledger, "i-1") == {"import_id": "i-1", "undone": 7, "errors": []}
    assert paths(ledger) == []


def _another_stands_there(store: Store) -> None:
    take(store, "assets", HEAD + "P-3,水泵,1号楼/B1/水泵房\n", site="demo")


def _renamed(store: Store) -> None:
    with store.begin() as tx:
        (one,) = (one for one in tx.places.tree("demo").values() if one.name.zh == "B1")
        tx.places.update(replace(one, name=LocalName("负一层", "B1")), None)


@pytest.mark.parametrize(("since", "code"), [(_another_stands_there, "in_use"), (_renamed, "changed_since")])
def test_a_place_that_is_in_use_or_changed_since_is_in_the_way(
    ledger: Store, since: Callable[[Store], None], code: str
) -> None:
    take(ledger, "assets", TABLE, import_id="i-1", site="demo")
    since(ledger)
    (error,) = undo(ledger, "i-1")["errors"]
    assert (error["code"], error["value"][:3]) == (code, "1号楼")
    assert len(paths(ledger)) == 4


@pytest.mark.parametrize("nothing", ["N/A", "无", "/", "-", "——", "待定"])
def test_what_stands_for_nothing_is_no_place_and_leaves_the_one_that_is_known(ledger: Store, nothing: str) -> None:
    found = take(ledger, "assets", HEAD + f"P-1,水泵,{nothing}\n", site="demo")
    assert (found["created"], found["errors"], paths(ledger)) == (1, [], [])
    take(ledger, "assets", TABLE, site="demo")
    again = take(ledger, "assets", HEAD + f"P-1,水泵,{nothing}\n", site="demo")
    assert (again["unchanged"], again["errors"]) == (1, [])
    assert stands_in(ledger, "P-1") == PATHS[2]


def test_a_word_alone_makes_nothing_and_says_how(ledger: Store) -> None:
    found = take(ledger, "assets", HEAD + "P-1,水泵,水泵房\n", site="demo")
    (error,) = found["errors"]
    assert (error["row"], error["column"], error["value"]) == (2, "安装位置", "水泵房")
    assert "1号楼/B1/水泵房" in error["remedy"]["zh"]
    assert paths(ledger) == []


def test_somebody_who_made_the_place_meanwhile_is_not_doubled(ledger: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    compare, looks = AssetsKind.compare, []

    def slow(*given: Any) -> Any:
        outcome = compare(*given)
        looks.append(1)
        if len(looks) == 1:
            monkeypatch.setattr(AssetsKind, "compare", compare)
            take(ledger, "assets", HEAD + "X-2,水泵,1号楼/B1\n", site="demo")
        return outcome

    monkeypatch.setattr(AssetsKind, "compare", slow)
    assert take(ledger, "assets", TABLE, site="demo")["errors"] == []
    assert paths(ledger) == PATHS
