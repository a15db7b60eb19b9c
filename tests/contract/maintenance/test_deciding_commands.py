"""Plan changes, budgets, incidents and risks on the command line, on a ledger in a file."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from maintenance.budget.model import Budget
from maintenance.emergency.plans import Category
from maintenance.incidents.keeping import Wanted, open_incident
from maintenance.incidents.model import Involved, Part
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import AppliesTo, Layer, PlanRow
from maintenance.plan_changes.keeping import ask
from maintenance.plan_changes.model import Action, ChangeOrigin, PlanChange
from maintenance.risk.watching import watch
from maintenance.schedules import SeasonSchedule
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import LocalName
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import Store
from tests.product import run_cli

Run = Callable[..., str]
ROW = PlanRow(
    "l-pu", "PU-M", LocalName("水泵月检", "Monthly look"), "preventive", AppliesTo(classes=("pump",)),
    Interval(1, IntervalUnit.MONTH), anchor=date(2026, 1, 15), job_cost=10.0,
)  # fmt: skip


@pytest.fixture
def run(ledger: Store, tmp_path: Path) -> Run:
    del ledger  # it made the file

    def call(*arguments: str, code: int = 0) -> str:
        settings = {"PLANTROOM_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db", "PLANTROOM_NOW": NOW.isoformat()}
        done = run_cli(*arguments, "--data-dir", str(tmp_path), settings=settings)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return call


def of(run: Run, *arguments: str) -> Any:
    """The document of a command."""
    return json.loads(run(*arguments, "--json"))


@pytest.fixture
def asked(ledger: Store) -> PlanChange:
    """Somebody wants to look at pumps once a quarter."""
    quarterly = replace(ROW, interval=Interval(3, IntervalUnit.MONTH))
    with ledger.begin() as tx:
        before = tx.plan.put_row(ROW)
        return ask(
            tx,
            PlanChange(
                "c1", None, ChangeOrigin.STAFF, "too often", "li", NOW, action=Action.CHANGE, code="PU-M",
                before=before, after=replace(quarterly, version=before.version),
            ),
        )  # fmt: skip


def test_what_stands_for_the_law_with_less_is_shown_before_and_kept_with_the_decision(run: Run, ledger: Store) -> None:
    law = replace(
        ROW, lineage="l-law", code="LAW", layer=Layer.LAW, kind="statutory", evidence=("photo",), anchor=None,
        schedule=SeasonSchedule(("rain",)), interval=Interval(1, IntervalUnit.YEAR),
    )  # fmt: skip
    with ledger.begin() as tx:
        tx.plan.put_row(law)
        before = tx.plan.put_row(ROW)
        change = PlanChange(
            "c2", None, ChangeOrigin.STAFF, "one for both", "li", NOW, action=Action.CHANGE, code="PU-M",
            before=before, after=replace(before, fulfils=("LAW",)),
        )  # fmt: skip
        ask(tx, change)
    seen = of(run, "plan", "effects", "c2")
    assert seen["needs_admin"]
    assert [one["code"] for one in seen["warnings"]] == ["stand_in_dates", "stand_in_proof"]
    assert "LAW" in run("plan", "effects", "c2")
    done = run("plan", "approve", "c2", "--reason", "agreed").splitlines()
    assert [line.startswith("! ") for line in done] == [False, True, True]
    assert "[stand_in_dates]" in done[1]
    (kept,) = [one for one in of(run, "plan", "changes", "--state", "all")["items"] if one["id"] == "c2"]
    assert kept["decision"].splitlines() == ["agreed", *(line.removeprefix("! ") for line in done[1:])]


def test_a_change_is_listed_looked_at_and_approved(run: Run, ledger: Store, asked: PlanChange) -> None:
    (listed,) = of(run, "plan", "changes")["items"]
    assert (listed["id"], listed["plan_row"], listed["state"], listed["reason"]) == (
        "c1",
        "PU-M",
        "requested",
        "too often",
    )
    seen = of(run, "plan", "effects", "c1")
    (row,) = seen["rows"]
    assert (row["before"] > row["after"] > 0, row["goes"] > 0) == (True, True)
    assert seen["cost_before"] > seen["cost_after"] > 0
    assert {one["asset"] for one in seen["changes"]} == {"P-1"}
    assert "PU-M" in run("plan", "effects", "c1")
    assert "at version 1 by now, not 7" in run("plan", "approve", "c1", "--version", "7", code=4)
    done = of(run, "plan", "approve", "c1", "--reason", "agreed", "--version", "1")
    assert (done["state"], done["decision"], done["decided_by"].startswith("cli:")) == ("approved", "agreed", True)
    with ledger.read() as tx:
        row_now = tx.plan.row("PU-M")
        assert row_now is not None
        assert row_now.interval.every == 3
    assert of(run, "plan", "changes")["items"] == []
    assert len(of(run, "plan", "changes", "--state", "all")["items"]) == 1
    assert "approved" in run("plan", "approve", "c1", code=4)


def test_a_change_is_rejected_with_a_reason(run: Run, ledger: Store, asked: PlanChange) -> None:
    assert "--reason" in run("plan", "reject", "c1", "--reason", " ", code=4)
    assert of(run, "plan", "reject", "c1", "--reason", "the pumps are old")["state"] == "rejected"
    with ledger.read() as tx:
        row_now = tx.plan.row("PU-M")
        assert row_now is not None
        assert row_now.interval.every == 1
    assert "nope" in run("plan", "effects", "nope", code=4)
    assert "--state" in run("plan", "changes", "--state", "moon", code=4)


def test_the_budget_of_a_year_is_shown(run: Run, ledger: Store) -> None:
    before = of(run, "budget", "show", "--year", "2025")
    assert {one["approved"] for one in before["lines"]} == {None}
    assert "approved -" in run("budget", "show", "--year", "2025")
    with ledger.begin() as tx:
        tx.budgets.add(Budget("b1", "demo", NOW.year, "repair", "", 20_000.0, "wang", NOW))
    shown = of(run, "budget", "show", "--site", "demo")
    (line,) = [one for one in shown["lines"] if one["line"] == "repair"]
    assert (shown["year"], line["approved"], line["actual"], line["warnings"]) == (NOW.year, 20_000.0, 0.0, [])
    assert "approved 20000.00" in run("budget", "show")
    assert "nowhere" in run("budget", "show", "--site", "nowhere", code=4)


def test_incidents_are_listed_with_how_far_they_are(run: Run, ledger: Store) -> None:
    assert "no incidents" in run("incidents", "list")
    with ledger.begin() as tx:
        people = [Involved(Part.REPORTER, "李工")]
        wanted = Wanted("demo", Category.NATURAL_DISASTER, LocalName("地下室进水", "Flood"), at=NOW, people=people)
        made = open_incident(tx, wanted, "li", NOW)
    (one,) = of(run, "incidents", "list", "--site", "demo", "--open")["items"]
    assert (one["code"], one["stage"], one["closed"]) == (made.code, "report", False)
    assert f"{made.code}  major" in run("incidents", "list")
    assert "nowhere" in run("incidents", "list", "--site", "nowhere", code=4)


def test_machines_are_listed_by_their_risk(run: Run, ledger: Store) -> None:
    watch(ledger, equipment_classes(), NOW)
    items = of(run, "risk", "list", "--site", "demo")["items"]
    assert "P-1" in {one["asset"] for one in items}
    assert all(one["score"] == one["likelihood"] * one["consequence"] for one in items)
    assert [one["score"] for one in items] == sorted((one["score"] for one in items), reverse=True)
    assert of(run, "risk", "list", "--min-score", "25", "--warned")["items"] == []
    assert "nothing has been assessed" in run("risk", "list", "--min-score", "25")
