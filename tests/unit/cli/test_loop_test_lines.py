"""``loop-test`` tells the person at the machine what to bring about."""

import json
from pathlib import Path

from typer.testing import CliRunner

from plantroom.cli.main import app
from plantroom.errors import Conflict

START = ("start", "--site", "demo", "--asset", "P-1", "--points", "vibration", "--name", "泵房")


def run(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["loop-test", *words, "--data-dir", str(folder)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_which_limit_has_to_be_passed_and_for_how_long_is_said(folder: Path) -> None:
    begun = json.loads(run(folder, *START, "--json"))
    assert begun["trigger"] == {"zh": "高于 8.5 mm/s，持续 60 秒", "en": "above 8.5 mm/s, for 60 s"}
    shown = run(folder, "show", begun["id"])
    assert "请触发 1：P-1 振动速度，高于 8.5 mm/s，持续 60 秒 / " in shown
    assert "trigger 1 now: P-1 Vibration velocity, above 8.5 mm/s, for 60 s\n" in shown
    changed = ["points", "limits", "set", "P-1", "vibration", "--alarm-high", "9", "--reason", "new pump"]
    done = CliRunner().invoke(app, [*changed, "--by", "li", "--data-dir", str(folder)])
    assert done.exit_code == 0, done.output
    assert "above 9 mm/s, for 60 s" in run(folder, "show", begun["id"])


def test_a_test_that_is_in_the_way_is_named_with_its_asset(folder: Path) -> None:
    begun = json.loads(run(folder, *START, "--json"))
    done = CliRunner().invoke(app, ["loop-test", *START, "--data-dir", str(folder)])
    assert isinstance(done.exception, Conflict)
    assert f"asset P-1 is in a loop test that is going on, '泵房' ({begun['id']}): finish that one first" in str(
        done.exception
    )
