"""What the permission tests send to incidents, drills and risks."""

from typing import Any

from tests.contract.api.world import World

NOBODY = {"incident_id": "nope", "stage": "report", "item": "m1"}
"""Names in paths for what there is not."""

SITE_BOUND = {("POST", "/api/v1/incidents")}


def add_incidents(world: World, site: str) -> dict[str, str]:
    """One of each on a site, by the names of ``NOBODY``; and a drill's order."""
    return NOBODY | {"incident_id": world.incident(site), "drill": world.drill(site)}


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
        ("PUT", "/api/v1/work-orders/{order_id}/drill"): {"scenario": "x"},
    }
