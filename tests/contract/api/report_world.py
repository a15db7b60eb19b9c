"""Reports and figures for the tests of the API: one that is ready on each site, and sound requests about them."""

from typing import Any

from maintenance.reports.asking import Wanted, ask
from maintenance.reports.incidents import incidents_of
from maintenance.reports.making import Names, ReportMaker
from maintenance.reports.model import ReportKind
from plantroom.catalogue import equipment_classes, systems
from tests.contract.api.world import World

NOTHING = {"report_key": "nope"}
SITE_BOUND = {("POST", "/api/v1/reports"), ("GET", "/api/v1/figures")}


def ready(world: World, site: str, **more: Any) -> str:
    """A report with its bytes, which are no real PDF."""
    wanted = Wanted(site, ReportKind.PACK if "asset" in more else ReportKind.MONTHLY, **more)
    with world.ledger.begin() as tx:
        asked = ask(tx, wanted, "somebody", world.clock.now(), world.services.classes_of_systems())
    assert asked is not None
    names = Names(world.services.classes_of_systems(), equipment_classes(), {k: s.name for k, s in systems().items()})
    maker = ReportMaker(
        world.ledger, world.services.files, world.clock, names, pdf=lambda _: b"%PDF of a test", incidents=incidents_of
    )
    assert maker.make(asked.id) is not None
    return asked.id


def add_reports(world: World, site: str) -> dict[str, str]:
    """The id of a report."""
    return {"report_key": ready(world, site)}


def queries(site: str) -> dict[str, dict[str, str]]:
    """What the figures need."""
    return {"/api/v1/figures": {"site": site}}


def bodies(site: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Sound requests about a site."""
    return {("POST", "/api/v1/reports"): {"kind": "monthly", "site": site, "pdf": False}}
