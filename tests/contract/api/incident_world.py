"""What the permission tests send to incidents, drills and risks."""

from typing import Any

from tests.contract.api.world import World

NOBODY = {"incident_id": "nope", "stage": "report", "item": "m1", "report_id": "nope"}
"""Names in paths for what there is not."""

SITE_BOUND = {
    ("POST", "/api/v1/incidents"),
    ("GET", "/api/v1/risks/matrix"),
    ("GET", "/api/v1/risk-policies"),
    ("PUT", "/api/v1/risk-policies"),
}


def add_incidents(world: World, site: str) -> dict[str, str]:
    """One of each on a site, by the names of ``NOBODY``; and a drill's order."""
    return NOBODY | {
        "incident_id": world.incident(site),
        "drill": world.drill(site),
        "report_id": world.risk_report(site),
    }


def bodies(site: str) -> dict[tuple[str, str], dict[str, Any]]:
    """A sound request for each route."""
    incident = "/api/v1/incidents/{incident_id}"
    return {
        ("POST", "/api/v1/incidents"): {"site": site, "kind": "other", "title": {"zh": "停电"}},
        ("PATCH", incident): {"severity": "critical"},
        ("POST", f"{incident}/stages"): {"stage": "command", "people": [{"part": "commander", "name": "王"}]},
        ("POST", f"{incident}/stages/{{stage}}/corrections"): {"note": "x", "reason": "x"},
        ("POST", f"{incident}/items/{{item}}"): {"outcome": "done"},
        ("POST", f"{incident}/notes"): {"text": "x"},
        ("POST", "/api/v1/risk-reports/{report_id}/acknowledgement"): {"measures": "x"},
        ("PUT", "/api/v1/risk-policies"): {"warning_value": 15, "clear_value": 10, "reason": "x"},
        ("PUT", "/api/v1/work-orders/{order_id}/drill"): {"scenario": "x"},
    }


def queries(site: str) -> dict[str, dict[str, str]]:
    """What routes that need a site in their query are asked with."""
    return {"/api/v1/risks/matrix": {"site": site}, "/api/v1/risk-policies": {"site": site}}
