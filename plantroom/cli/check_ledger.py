"""What ``check`` sees of the ledger, without making one."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plantroom.cli.check_flow import Look
from plantroom.errors import PlantroomError, SettingError
from plantroom.settings import Settings

if TYPE_CHECKING:
    from maintenance.ports import MaintenanceTx
    from plantroom.ports.ledger import CollectorReport

UNWRITABLE = "not known: the ledger cannot be written (see above)"
"""Of what collectors would say in it."""


class LedgerOlder(SettingError):
    """An older version's ledger, which nobody has brought up to date yet; ``expected`` says what to do."""

    def __init__(self, version: str) -> None:
        super().__init__(
            "PLANTROOM_LEDGER_URL",
            f"not looked at: it is an older version's (schema {version})",
            "`plantroom run`, `serve` or `collect` of this version brings it up to date, and older versions no longer"
            " start on it then",
        )


@dataclass(frozen=True, slots=True)
class LedgerSeen:
    """What came of looking: what is wrong (``problem``), and whether it can be read all the same."""

    problem: PlantroomError | None = None
    readable: bool = True

    @property
    def unwritable(self) -> bool:
        """It can be read, but what collectors say may not have got into it."""
        return self.readable and self.problem is not None


def look_at_ledger(settings: Settings) -> LedgerSeen:
    """Open it where it is, and see whether it takes a change."""
    from plantroom.bootstrap.begun import require_begun
    from plantroom.bootstrap.parts import make_ledger, require_folder

    try:
        require_begun(settings)
        require_folder("PLANTROOM_LEDGER_URL", settings.ledger, Path.cwd(), make=False)
        ledger = make_ledger(settings)
    except PlantroomError as error:
        return LedgerSeen(error, readable=False)
    with closing(ledger):
        try:
            if (version := ledger.older()) is not None:
                return LedgerSeen(LedgerOlder(version), readable=False)
            ledger.open()
        except PlantroomError as error:
            return LedgerSeen(error, readable=False)
        try:
            ledger.ping()
        except SettingError as error:
            return LedgerSeen(error, readable=False)
        except PlantroomError as error:
            return LedgerSeen(error)
    return LedgerSeen()


@contextmanager
def read_ledger(settings: Settings) -> Iterator["MaintenanceTx"]:
    """A reading transaction on a ledger that was seen. Raises ``Unreachable``."""
    from plantroom.bootstrap.parts import make_ledger

    with closing(make_ledger(settings)) as ledger:
        ledger.open()
        with ledger.read() as tx:
            yield tx


def fresh_reports(settings: Settings) -> "list[CollectorReport]":
    """Of the collectors that are not silent. Raises ``Unreachable``."""
    from ingest.picture import fresh

    with read_ledger(settings) as tx:
        return fresh(tx.collect.collectors(), tx.collect.now())


def collectors(settings: Settings, ledger: LedgerSeen) -> tuple[Look, str, str]:
    """Who holds the sites; that nobody collects is no fault of the settings, but nothing flows."""
    if not ledger.readable:
        return Look.WARN, "not known: the ledger cannot be read (see above)", ""
    try:
        with read_ledger(settings) as tx:
            leases = tx.leases.list()
    except PlantroomError as error:
        return Look.WARN, f"not known: {error}", ""
    holders = {lease.holder for lease in leases if lease.holder is not None}
    held = sum(lease.holder is not None for lease in leases)
    if holders:
        return Look.OK, f"{len(holders)} hold {held} of {len(leases)} partitions (`plantroom leases list`)", ""
    if ledger.unwritable:
        return Look.WARN, UNWRITABLE, ""
    advice = "start `plantroom run` or `plantroom collect`; where one runs, look at its log"
    return Look.WARN, "none holds a site (`plantroom leases list`)", advice


def plan(settings: Settings, ledger: LedgerSeen) -> tuple[Look, str, str]:
    """Whether somebody makes the plan's work orders."""
    from maintenance.scheduled import PLAN, stale_plan

    if not ledger.readable:
        return Look.WARN, "not known: the ledger cannot be read (see above)", ""
    if ledger.unwritable:
        return Look.WARN, UNWRITABLE, ""
    try:
        with read_ledger(settings) as tx:
            run, now = tx.jobs.runs().get(PLAN), tx.collect.now()
    except PlantroomError as error:
        return Look.WARN, f"not known: {error}", ""
    advice = "start `plantroom run` or `plantroom serve`; where one runs, look at its log for job_failed"
    if run is None:
        return Look.WARN, "nobody has made work orders of it yet", advice
    if (problem := stale_plan(run, now)) is not None:
        return Look.WARN, problem.removeprefix("plan: "), advice
    return Look.OK, f"made into work orders, the last time at {run.succeeded_at or run.began_at:%Y-%m-%d %H:%M} UTC", ""
