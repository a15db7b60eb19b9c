"""Records of work for the tests of the API: one of everything on each site, and sound requests about them."""

from typing import Any

from maintenance.orders import create_order
from maintenance.work.bookkeeping import Books
from maintenance.work_orders import Kind, Origin
from plantroom.domain.assets import LocalName
from tests.contract.api.world import World

PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"}
QUERIES = {
    "/api/v1/repairs/repeat-rate": PERIOD,
    "/api/v1/satisfaction": PERIOD,
    "/api/v1/cost-bookings": PERIOD,
}
NOTHING = dict.fromkeys(("entry_id",), "nope")

ORDERS = "/api/v1/work-orders/{order_id}"
TAKEN_BACK = {f"{ORDERS}/{what}/{{entry_id}}" for what in ("labour", "parts", "costs")}


def add_records(world: World, site: str) -> dict[str, str]:
    """Ids of planned work, and of a part that nobody removes."""
    with world.ledger.begin() as tx:
        planned = create_order(
            tx, site=site, kind=Kind.PREVENTIVE, origin=Origin.PLAN, title=LocalName("保养", "Upkeep"), by="somebody",
            now=world.clock.now(), asset=world.keys[site],
        )  # fmt: skip
    return {"planned": planned.id, "spare_part": world.part(site, "KEPT-1")}


def taken_back(path: str, world: World, site: str) -> str:
    """The path with a fresh entry in it."""
    what, ids = path.split("/")[5], world.ids[site]
    with world.ledger.begin() as tx:
        books = Books(tx, tx.orders.lock(ids["order"]), "machine", world.clock.now())
        if what == "labour":
            made = books.labour(f"staff-{site}", 5).id
        elif what == "parts":
            made = books.use_part(ids["spare_part"], 1, although_short=True).id
        else:
            made = books.charge(10.0, f"INV-{world.clock.now()}").id
    return path.replace("{entry_id}", made)


def bodies(world: World, site: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Sound requests about a site's work."""
    ids = world.ids[site]
    with world.ledger.read() as tx:
        version = tx.orders.get(ids["order"]).version
    return {
        ("POST", f"{ORDERS}/comments"): {"text": "滴水不多"},
        ("POST", f"{ORDERS}/attachments"): {"kind": "photo", "sha256": ids["file"]},
        ("POST", f"{ORDERS}/signatures"): {
            "role": "technician",
            "name": "李工",
            "sha256": ids["file"],
            "version": version,
        },
        ("POST", f"{ORDERS}/labour"): {"person": f"staff-{site}", "minutes": 30},
        ("POST", f"{ORDERS}/parts"): {"part": ids["spare_part"], "quantity": 1},
        ("POST", f"{ORDERS}/costs"): {"invoice": "FP-1", "amount": 120.5},
        ("PUT", f"{ORDERS}/coding"): {"cause": "wear", "action": "replace"},
        ("POST", f"{ORDERS}/deferral"): {"to": "2026-04-15", "code": "weather"},
        ("POST", "/api/v1/work-orders/batch"): {"action": "assign", "items": [{"id": ids["order"]}]},
    }
