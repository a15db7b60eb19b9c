"""Machines and places on the command line."""

from pathlib import Path

from tests.unit.cli.test_points import shown
from tests.unit.cli.test_words_of_commands import run


def test_a_tree_is_built_shown_changed_and_taken_down(folder: Path) -> None:
    shown(folder, "location", "add", "1号楼", "--kind", "building", "--name-en", "Building 1")
    floor = shown(folder, "location", "add", "B1", "--kind", "floor", "--in", "Building 1")["key"]
    shown(folder, "location", "add", "2号楼", "--kind", "building")
    lines = run(folder, "location", "tree").stdout.splitlines()
    assert [line.rpartition("  ")[0] for line in lines] == [
        "1号楼 (building, 0)",
        "  B1 (floor, 0)",
        "2号楼 (building, 0)",
    ]
    moved = shown(folder, "location", "move", "1号楼/B1", "--in", "2号楼", "--name", "地下一层")
    assert (moved["key"], moved["name"], moved["version"]) == (floor, "地下一层", 2)
    assert shown(folder, "location", "move", floor, "--stay", "--name-en", "Basement")["parent"] == moved["parent"]
    refused = run(folder, "location", "remove", "2号楼")
    assert refused.exit_code != 0
    assert "not empty" in str(refused.exception)
    for place in (floor, "2号楼", "1号楼"):
        shown(folder, "location", "remove", place)
    assert shown(folder, "location", "tree")["items"] == []


def test_a_place_that_is_not_there_or_cannot_stand_there_is_said(folder: Path) -> None:
    for command, words in (
        (("add", "x", "--kind", "floor"), "stands in a building"),
        (("add", "x", "--kind", "room"), "should be one of"),
        (("add", "x", "--kind", "space", "--in", "nowhere"), "no such place"),
        (("remove", "nowhere/at all"), "no such place"),
    ):
        done = run(folder, "location", *command)
        assert done.exit_code != 0
        assert words in str(done.exception)


def test_machines_are_listed_searched_and_shown(folder: Path) -> None:
    assert [item["code"] for item in shown(folder, "asset", "list")["items"]] == ["P-1"]
    assert [item["code"] for item in shown(folder, "asset", "list", "泵 p-1")["items"]] == ["P-1"]
    assert shown(folder, "asset", "list", "没有")["items"] == []
    assert "P-1  pump  泵  in_service" in run(folder, "asset", "list").stdout
    document = shown(folder, "asset", "show", "P-1")
    assert (document["code"], document["criticality"], document["parts"]) == ("P-1", "B", [])
    assert "vibration" in document["points"]
    assert "points: suction_pressure" in run(folder, "asset", "show", "P-1").stdout


def test_labels_are_written_to_a_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels.html"
    done = shown(folder, "asset", "labels", "--out", str(out), "--base", "https://plant.example")
    assert done == {"file": str(out), "labels": 1, "base": "https://plant.example"}
    assert out.read_text(encoding="utf-8").count("<svg") == 1
    refused = run(folder, "asset", "labels", "--out", str(tmp_path / "no" / "x.html"))
    assert "No such file" in str(refused.exception)
    assert run(folder, "asset", "labels", "--out", str(out), "--site", "nowhere").exit_code != 0


def test_nothing_comes_due_where_nothing_is_said(folder: Path) -> None:
    assert shown(folder, "asset", "due") == {"licences": [], "calibrations": [], "renewals": []}
    assert run(folder, "asset", "due").stdout == "nothing comes due\n"
