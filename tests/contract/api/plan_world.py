"""Plan changes and budgets for the tests of the API: one of each on a site, and sound requests about them."""

from typing import Any

from maintenance.budget.model import Budget
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import AppliesTo, PlanRow
from maintenance.plan_changes.keeping import ask
from maintenance.plan_changes.model import Action, ChangeOrigin, PlanChange
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from tests.contract.api.world import NOW, World

MONTH = Interval(1, IntervalUnit.MONTH)
DECIDING = ("/approve", "/reject", "/withdraw")


def a_row(world: World, site: str, code: str) -> PlanRow:
    """A row of the site about its pump."""
    applies = AppliesTo(assets=(world.keys[site],))
    return PlanRow(new_key(), code, LocalName("月检", "Monthly"), "preventive", applies, MONTH, site=site)


def fresh_change(world: World, site: str) -> str:
    """A change that nobody has decided on: a new row about the site's pump."""
    key = new_key()
    row = a_row(world, site, f"N-{key}")
    made = PlanChange(
        key, site, ChangeOrigin.STAFF, "more often", "machine", NOW, action=Action.CREATE, code=row.code, after=row
    )
    with world.ledger.begin() as tx:
        return ask(tx, made).id


def add_plans(world: World, site: str) -> dict[str, str]:
    """Ids of a change and a budget."""
    with world.ledger.begin() as tx:
        made = Budget(f"budget-{site}", site, 2026, "upkeep", "", 20_000.0, "somebody", NOW)
        tx.budgets.add(made)
        row = tx.plan.put_row(a_row(world, site, f"OWN-{site}"))
    return {"change_id": fresh_change(world, site), "budget_id": made.id, "lineage": row.lineage}


NOTHING = dict.fromkeys(("change_id", "budget_id", "lineage"), "nope")


def filled(path: str, world: World, site: str) -> str:
    """The path with a change of its own: what is decided once is not decided again."""
    return path.replace("{change_id}", fresh_change(world, site)) if "{change_id}" in path else path


def queries(site: str) -> dict[str, dict[str, str]]:
    """What the lists need."""
    return {"/api/v1/budgets": {"site": site}, "/api/v1/budgets/forecast": {"site": site}}


SITE_BOUND = {
    ("POST", "/api/v1/plan-changes"),
    ("POST", "/api/v1/plan-changes/preview"),
    ("GET", "/api/v1/budgets"),
    ("POST", "/api/v1/budgets"),
    ("GET", "/api/v1/budgets/forecast"),
    ("POST", "/api/v1/budgets/forecast"),
}


def row_for(world: World, site: str, code: str, **more: Any) -> dict[str, Any]:
    """A row about the site's pump, as it is sent."""
    monthly = {"code": code, "name": {"zh": "甲", "en": "A"}, "interval": {"every": 1, "unit": "month"}}
    return monthly | {"assets": [world.keys[site]]} | more


def bodies(world: World, site: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Sound requests."""
    asked = {"action": "create", "row": row_for(world, site, f"C-{site}"), "reason": "tried"}
    return {
        ("POST", "/api/v1/plan-changes"): asked | {"only_request": True},
        ("POST", "/api/v1/plan-changes/preview"): asked,
        ("PATCH", "/api/v1/plan-changes/{change_id}"): {"reason": "better"},
        ("POST", "/api/v1/plan-changes/{change_id}/approve"): {},
        ("POST", "/api/v1/plan-changes/{change_id}/reject"): {"reason": "no"},
        ("POST", "/api/v1/plan-changes/{change_id}/withdraw"): {},
        ("POST", "/api/v1/budgets"): {"site": site, "year": 2027, "line": "upkeep", "approved": 1000},
        ("POST", "/api/v1/budgets/forecast"): {"site": site, "year": 2026},
        ("PATCH", "/api/v1/budgets/{budget_id}"): {"approved": 3000},
        ("PUT", "/api/v1/budgets/rates/{site}"): {"hourly_rate": 60},
    }
