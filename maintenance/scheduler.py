"""APScheduler ticks ``materialise``; it decides nothing. Dates are computed in ``maintenance.recurrence``."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog

from maintenance.materialise import materialise
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from plantroom.errors import PlantroomError
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

EVERY_MINUTES = 5


class PlanScheduler:
    """Materialises the plan at the start and every five minutes, in one thread of its own.

    ``after`` is called with the counts of each run that succeeded. ``failures`` counts runs that did not.
    """

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        clock: Clock,
        systems: Systems,
        after: Callable[[Mapping[str, int]], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._systems = systems
        self._after = after
        self._scheduler: BackgroundScheduler | None = None
        self.failures = 0

    def start(self) -> None:
        """Begin ticking; the first tick at once. A second call changes nothing."""
        if self._scheduler is not None:
            return
        from datetime import UTC, datetime

        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_job(
            self.tick,
            "interval",
            minutes=EVERY_MINUTES,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
            id="materialise",
        )
        self._scheduler.start()

    def stop(self) -> None:
        """End; waits for a run under way."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def tick(self) -> None:
        """One run. Errors are logged and counted: the next tick tries again."""
        try:
            counts = materialise(self._ledger, self._clock.now(), self._systems)
        except PlantroomError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 (outermost call of the scheduler's thread: logged and counted)
            self._failed(error)
        else:
            if self._after is not None:
                self._after(counts)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        structlog.get_logger().error("plan_not_materialised", error=str(error), type=type(error).__name__)
