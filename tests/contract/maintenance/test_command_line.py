"""What the command line says of alarms and does with machines, on a ledger in a file."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plantroom.domain.assets import Severity
from plantroom.domain.findings import FindingSource
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import Store, cleared, feed, raised
from tests.product import run_cli

HOUR = timedelta(hours=1)
Run = Callable[..., Any]


@pytest.fixture
def run(ledger: Store, tmp_path: Path) -> Run:
    del ledger  # it made the file

    def call(*arguments: str, code: int = 0) -> Any:
        settings = {"PLANTROOM_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}
        done = run_cli(*arguments, "--data-dir", str(tmp_path), "--json", settings=settings)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) if code == 0 else done.stderr

    return call


def test_an_alarm_that_came_back_is_listed_since_it_came_back(ledger: Store, run: Run) -> None:
    one = {"source": FindingSource.LIMIT, "subject": "vibration:alarm_high", "failure_mode": "bearing"}
    feed(ledger, raised(**one, severity=Severity.MAJOR), cleared(NOW + HOUR, **one))
    feed(ledger, raised(NOW + 24 * HOUR, **one, severity=Severity.MAJOR), now=NOW + 24 * HOUR)
    (alarm,) = run("alarms", "list")["items"]
    assert alarm["since"] == "2026-03-03T01:00:00Z"


def test_an_alarm_shelved_anew_says_what_the_shelf_replaces(ledger: Store, run: Run) -> None:
    feed(ledger, raised(source=FindingSource.LIMIT, subject="vibration:warning_high", failure_mode="bearing"))
    (alarm,) = run("alarms", "list")["items"]
    first = run("alarms", "shelve", alarm["id"], "--reason", "ordered", "--for", "4h", "--by", "wang")
    again = run("alarms", "shelve", alarm["id"], "--reason", "there", "--for", "30m", "--by", "li")
    assert (first["replaced"], [one["id"] for one in again["replaced"]]) == ([], [first["id"]])
    assert (again["replaced"][0]["by"], again["replaced"][0]["ended_by"]) == ("wang", "system:replaced")
    (standing,) = run("alarms", "shelved")["items"]
    assert standing["id"] == again["id"]


def test_a_machine_is_put_under_maintenance_and_back(run: Run) -> None:
    begun = run("asset", "maintenance", "P-1", "--for", "4h", "--reason", "new bearing", "--by", "wang")
    assert (begun["status"], begun["by"], begun["ended_at"]) == ("under_maintenance", "wang", None)
    again = run("asset", "maintenance", "P-1", "--until", begun["until"], "--reason", "and a seal")
    assert (again["until"], again["id"] != begun["id"]) == (begun["until"], True)
    ended = run("asset", "maintenance", "P-1", "--end", "--by", "li")
    assert (ended["status"], ended["ended_by"]) == ("in_service", "li")


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--end", "--for", "2h"),
        ("--for", "2h", "--until", "2030-01-01T00:00:00Z", "--reason", "x"),
        ("--for", "soon", "--reason", "x"),
        ("--for", "8d", "--reason", "x"),
        ("--for", "2h"),
        ("--until", "2001-01-01T00:00:00Z", "--reason", "x"),
    ],
)
def test_a_maintenance_without_a_reason_or_a_sensible_end_is_refused(run: Run, wrong: tuple[str, ...]) -> None:
    assert run("asset", "maintenance", "P-1", *wrong, code=4)
