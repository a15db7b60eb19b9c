"""Routes that are about every site, or about a site that they do not name in their path."""

from tests.contract.api import incident_world, people_world, plan_world, report_world

EVERYWHERE = {
    ("POST", "/api/v1/sites"),
    ("GET", "/api/v1/users"),
    ("POST", "/api/v1/plan/materialise"),
    ("POST", "/api/v1/custom-fields"),
    ("PATCH", "/api/v1/custom-fields/{field_key}"),
    ("DELETE", "/api/v1/custom-fields/{field_key}"),
}
"""Routes that concern every site and need the role on all of them."""

OF_NO_SITE = ("{equipment_class}", "{field_key}")
"""Parts of paths that name what every site has."""

SITE_BOUND = {
    ("GET", "/api/v1/readings"),
    ("GET", "/api/v1/locations"),
    ("GET", "/api/v1/locations/tree"),
    ("POST", "/api/v1/locations"),
    ("GET", "/api/v1/assets/labels"),
    ("POST", "/api/v1/parts"),
    ("POST", "/api/v1/files"),
    ("GET", "/api/v1/plan/preview"),
    ("GET", "/api/v1/plan/coverage"),
    ("POST", "/api/v1/assets"),
    ("POST", "/api/v1/work-orders"),
    ("POST", "/api/v1/plan-rows"),
    ("POST", "/api/v1/emergency-plans"),
    ("POST", "/api/v1/imports"),
    ("GET", "/api/v1/imports/export"),
    ("POST", "/api/v1/devices"),
    ("POST", "/api/v1/tokens"),
    ("POST", "/api/v1/dead-letters/replay"),
    ("POST", "/api/v1/sources"),
    ("POST", "/api/v1/sources/test"),
    ("POST", "/api/v1/loop-tests"),
    ("GET", "/api/v1/sla-policies"),
    ("PUT", "/api/v1/sla-policies"),
    ("POST", "/api/v1/channels"),
}
SITE_BOUND |= people_world.SITE_BOUND | incident_world.SITE_BOUND | plan_world.SITE_BOUND
SITE_BOUND |= report_world.SITE_BOUND
"""Routes that name a site or an asset in what is sent (those with one in their path are found by it)."""
