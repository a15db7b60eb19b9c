"""``loop-test`` tells the person at the machine what to bring about."""

import json
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from maintenance.findings import FindingApplier
from maintenance.loop_driver import LoopKeeper
from plantroom.bootstrap.parts import open_parts
from plantroom.cli.main import app
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from plantroom.errors import Conflict
from plantroom.settings import Settings

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


def test_a_passed_check_says_which_end_it_waits_for_and_the_report_each_link(folder: Path) -> None:
    parts = open_parts(Settings(data_dir=folder))
    with parts.ledger.begin() as tx:
        tx.assets.add(Asset("e1", "demo", "E-1", "elevator", LocalName("梯", "Lift")), [])
    words = ("--site", "demo", "--asset", "E-1", "--events", "passenger_trapped", "--responsible", "电梯班")
    test = json.loads(run(folder, "start", *words, "--json"))["id"]
    known = next(event for event in parts.classes["elevator"].events if event.key == "passenger_trapped")
    at = parts.clock.now()
    received = at + timedelta(milliseconds=120)
    trapped = FindingRaised(
        finding_id="f-1", site="demo", asset="e1", failure_mode=known.failure_mode, source=FindingSource.RULE,
        severity=known.severity, safety=True, observed_at=at, received_at=received, subject=known.key,
        detail={"event": known.key, "data": {}, "tags": [], "name": {"zh": known.name.zh, "en": known.name.en}},
    )  # fmt: skip
    with parts.ledger.begin() as tx:
        FindingApplier(tx, received + timedelta(milliseconds=30), parts.classes).apply(trapped)
    assert "waits for" not in run(folder, "show", test)
    with parts.ledger.begin() as tx:
        LoopKeeper(tx, received + timedelta(seconds=5), parts.classes).confirm(test, 1, "li")
    assert "passed; waits for the alarm's end: passenger_released\n" in run(folder, "show", test)
    sensor, reading, alarm, ticket, person, who = [
        line.split() for line in run(folder, "report", test).splitlines()[2:]
    ]
    assert sensor == ["sensor", at.isoformat().replace("+00:00", "Z")]
    assert reading == ["reading", received.isoformat().replace("+00:00", "Z"), "+120", "ms"]
    assert (alarm[0], alarm[2:]) == ("alarm", ["+0", "ms"])
    assert (ticket[0], ticket[2:4]) == ("ticket", ["+30", "ms"])
    assert (person[0], person[2:]) == ("person", ["+4970", "ms", "li"])
    assert who == ["responsible:", "电梯班"]
    over = FindingCleared("f-2", "demo", "e1", known.failure_mode, FindingSource.RULE, received, received, known.key)
    with parts.ledger.begin() as tx:
        FindingApplier(tx, received, parts.classes).apply(over)
    assert "waits for" not in run(folder, "show", test)
    parts.close()
