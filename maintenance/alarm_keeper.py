"""What happens to alarms by itself as time goes on: shelves that are over, floods that end.

Several instances may run at once: each step is taken under a lock and looks again.
"""

from collections.abc import Mapping

from maintenance.floods import end_if_over
from maintenance.ports import MaintenanceTx
from maintenance.shelving import expire
from plantroom.domain.assets import EquipmentClass
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger


class AlarmKeeper:
    """Looks whenever ``MaintenanceWorker`` lets it: at most a second late."""

    def __init__(self, ledger: Ledger[MaintenanceTx], clock: Clock, classes: Mapping[str, EquipmentClass]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._classes = classes

    def run_once(self) -> int:
        """End what is over; gives how many shelves and floods that were. Raises ``Unreachable`` and ``Contended``."""
        now = self._clock.now()
        with self._ledger.read() as tx:
            over = tx.alarms.shelves_over(now)
            floods = tx.alarms.standing_floods()
        done = 0
        for shelf in over:
            with self._ledger.begin() as tx:
                done += expire(tx, shelf.id, self._classes, now)
        for flood in floods:
            with self._ledger.begin() as tx:
                done += end_if_over(tx, flood.site, self._classes, now)
        return done
