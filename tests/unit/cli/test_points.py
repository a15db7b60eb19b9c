"""Limits of points on the command line: seen, changed with a reason, and told what is wrong with them in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_words_of_commands import run, said

SET = ("points", "limits", "set", "P-1", "vibration")
WHY = ("--reason", "new bearing")


def shown(folder: Path, *command: str) -> Any:
    done = run(folder, *command, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def vibration(folder: Path) -> Any:
    return shown(folder, "points", "limits", "show", "P-1", "vibration")["points"][0]


def test_every_point_is_shown_with_its_limits_and_unit(folder: Path) -> None:
    done = run(folder, "points", "limits", "show", "P-1")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("vibration ")]
    assert "[mm/s]" in line
    assert "warning_high 5.1, alarm_high 8.5" in line
    assert "alarm_delay_s 60" in line
    document = shown(folder, "points", "limits", "show", "P-1")
    assert (document["site"], document["asset"]) == ("demo", "P-1")
    assert len(document["points"]) == len(done.stdout.splitlines()) > 5


def test_what_is_named_is_changed_and_who_when_and_why_stays(folder: Path) -> None:
    wanted = ("--alarm-high", "9", "--off-delay-s", "30", "--warning-high", "none", "--alarm-priority", "critical")
    made = shown(folder, *SET, *wanted, *WHY, "--by", "li")
    limits = made["limits"]
    assert (limits["alarm_high"], limits["off_delay_s"], limits["alarm_priority"]) == (9.0, 30.0, "critical")
    assert (limits["warning_high"], limits["alarm_delay_s"]) == (None, 60.0)
    assert made["version"] == 2
    (line,) = made["history"]
    assert (line["by"], line["reason"], line["before"]["alarm_high"]) == ("li", "new bearing", 8.5)
    assert vibration(folder) == {name: made[name] for name in vibration(folder)}
    text = run(folder, "points", "limits", "show", "P-1", "vibration").stdout
    assert "li: new bearing  (" in text
    assert "alarm_high 8.5 -> 9.0" in text
    assert shown(folder, *SET, "--alarm-priority", "none", *WHY)["limits"]["alarm_priority"] is None


def test_a_change_that_changes_nothing_says_so_and_leaves_no_trace(folder: Path) -> None:
    done = run(folder, *SET, "--alarm-high", "8.5", *WHY)
    assert "(as it was)" in done.stdout
    assert vibration(folder)["history"] == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--alarm-high", "4"), ["--alarm-high: should be at or above warning_high"]),
        (("--alarm-high", "hot"), ["--alarm-high: 'hot' should be a number or none"]),
        (("--alarm-high", "nan"), ["'nan' should be a number or none"]),
        (("--alarm-high", "1_0"), ["'1_0' should be a number or none"]),
        (("--alarm-high", "1e999"), ["--alarm-high: should be a finite number"]),
        (("--alarm-high", "1e9"), ["--alarm-high: lies outside the physical range of the sensor (from 0 to 100)"]),
        (("--deadband", "none"), ["--deadband: 'none' should be a number"]),
        (("--deadband", "-1"), ["--deadband: should be 0 or more"]),
        (("--alarm-priority", "loud"), ["'loud' should be critical, high, medium, low or none"]),
        (("--alarm-delay-s", "-1", "--off-delay-s", "86401"), ["--alarm-delay-s: should be", "--off-delay-s: should"]),
        (("--alarm-high", "x", "--deadband", ""), ["--alarm-high: 'x' should be", "--deadband: '' should be a number"]),
        ((), ["say what to change, such as --alarm-high 7.1"]),
    ],
)
def test_everything_that_is_wrong_is_told_by_its_flag(
    folder: Path,
    wrong: tuple[str, ...],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = said(folder, capsys, monkeypatch, *SET, *wrong, *WHY)
    for some in words:
        assert told.count(some) == 1, told
    assert vibration(folder)["version"] == 1


def test_a_change_needs_a_reason(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    assert run(folder, *SET, "--alarm-high", "9").exit_code == 2
    told = said(folder, capsys, monkeypatch, *SET, "--alarm-high", "4", "--reason", " ")
    assert "--reason: say why, in up to 500 characters" in told
    assert "--alarm-high: should be" in told
    assert "--reason: say why" in said(folder, capsys, monkeypatch, *SET, "--deadband", "0.1", "--reason", "x" * 501)


def test_what_is_not_there_is_said(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    told = said(folder, capsys, monkeypatch, "points", "limits", "show", "P-1", "vibrations")
    assert "no point 'vibrations'" in told
    assert "vibration, " in told
    assert "no asset 'P-9'" in said(folder, capsys, monkeypatch, "points", "limits", "show", "P-9")


def test_classes_are_listed_with_the_units_of_their_points(folder: Path) -> None:
    done = run(folder, "classes")
    assert done.exit_code == 0, done.output
    (pump,) = [line for line in done.stdout.splitlines() if line.startswith("pump ")]
    assert "vibration (mm/s)" in pump
    assert "discharge_pressure (MPa)" in pump
    assert ", running" in pump
    assert "running (" not in pump
