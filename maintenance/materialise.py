"""Plan table into work orders: what is due within the horizon, once, however many schedulers run.

Most subjects are planned in columns (``maintenance.plan_run``, ``maintenance.bulk``); those with work that is due, and
those with rows that are not plain, one by one (``maintenance.site_run``). Both write some subjects in one short
transaction each, so that others who write to the ledger get their turn and a process that is killed leaves whole
orders. A subject whose standing holds (``maintenance.standings``) costs nothing.

An occurrence's key decides: of several schedulers at work, the one whose insert of a key succeeded makes the order that
carries it, in the same transaction; a job of which another scheduler holds a part gets an order for the rest only. Keys
are inserted in one sorted batch, so that two schedulers wait for each other instead of blocking each other.

A passed occurrence (its last local day is over) is dealt with by the policy of the job's deepest row:

- ``hold``: its order stays due (after an outage the first one gets an order); the following ones wait, and those that
  pass meanwhile become missed records.
- ``stack``: each stays due beside the next.
- ``supersede``: it stays due until the next one begins, then ends as missed; after an outage the passed ones become
  missed records without orders.

Each leaves a record: the occurrence's state ``missed``, or the tag ``missed`` and an entry in the history of the order
that stays due.

One row, date or site that cannot be planned costs no other: it is logged and left out of the run. Unstarted orders of
scrapped assets are cancelled.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from maintenance.plan_run import PlanRun, apart_from_others
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.rolling import IsWorkingDay
from maintenance.site_plan import SitePlan, read_site
from maintenance.site_run import SiteRun
from plantroom.domain.authorship import acting_system
from plantroom.ports.ledger import Ledger

HORIZON_DAYS = 60


def materialise(
    ledger: Ledger[MaintenanceTx],
    now: datetime,
    systems: Systems,
    horizon_days: int = HORIZON_DAYS,
    is_working_day: IsWorkingDay | None = None,
    readings: PointReadings = NO_READINGS,
    *,
    afresh: bool = False,
) -> dict[str, int]:
    """Create what falls due within the horizon, open what has begun, record what was missed. The working days are those
    of each site's calendar unless ``is_working_day`` is given; ``readings`` are what meters and credits go by.

    Idempotent. Gives counts of occurrences: ``created`` by this run, ``existing`` (there and still due), ``missed``
    (recorded as missed by this run). ``now`` is aware. ``afresh``: as if no standing held. Raises ``Unreachable`` when
    the ledger is away.
    """
    with ledger.read() as tx:
        sites = list(tx.assets.sites())
    plans: list[SitePlan] = []
    for site in sites:
        with apart_from_others(site), ledger.read() as tx:
            plans.append(read_site(tx, site, now, systems, horizon_days, is_working_day))

    def one_by_one(tx: MaintenanceTx, plan: SitePlan, keys: Sequence[str]) -> Mapping[str, int]:
        return SiteRun(tx, plan, now, readings).run(keys)

    run = PlanRun(ledger, now, one_by_one, afresh=afresh)
    # Whoever asked for it: what the plan makes is the plan's.
    with acting_system("planner"):
        run.sites(plans)
    structlog.get_logger().info("plan_materialised", **run.total)
    return run.total
