"""What happens to alarms by itself as time goes on: shelves and maintenance by hand that are over, floods that end, old
records that go.

Several instances may run at once: each step is taken under a lock and looks again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from maintenance.by_hand import expire_by_hand
from maintenance.findings_consumer import CONSUMER as FINDINGS
from maintenance.floods import end_if_over
from maintenance.one_by_one import OneByOne
from maintenance.ports import MaintenanceTx
from maintenance.shelving import expire
from plantroom.domain.assets import EquipmentClass
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Ledger

TOLD_KEPT = timedelta(days=93)
"""How long what people were told is kept: as long as figures can be asked for, and a day."""

FINDINGS_KEPT = timedelta(days=93)
"""How long findings that were applied are kept: one that comes again within that time is known."""

EVENTS_KEPT = 1_000_000
"""How many events of a site are kept, the newest, and those of open episodes besides."""

EVENTS_AT_A_TIME = 20_000
"""How many events go before it is seen to the alarms again."""

_AT_ONCE = 1000
"""How many findings or events are forgotten in one transaction, so that nobody waits for it."""

TRIM_EVERY = timedelta(days=1)


class AlarmKeeper:
    """Looks whenever ``MaintenanceWorker`` lets it: at most a second late."""

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        clock: Clock,
        classes: Mapping[str, EquipmentClass],
        *,
        events_kept: int = EVENTS_KEPT,
        events_at_a_time: int = EVENTS_AT_A_TIME,
    ) -> None:
        self._ledger = ledger
        self._events_kept, self._events_at_a_time = events_kept, events_at_a_time
        self._clock = clock
        self._classes = classes
        self._trimmed_at: datetime | None = None
        self.steps = OneByOne("alarm_not_moved_on")

    def run_once(self) -> int:
        """End what is over; gives how many times under maintenance by hand, shelves and floods that were. Raises
        ``Unreachable`` and ``Contended``."""
        now = self._clock.now()
        if self._trimmed_at is None or abs(now - self._trimmed_at) >= TRIM_EVERY:
            self._trim(now)
            if self._trim_events():
                self._trimmed_at = now
        with self._ledger.read() as tx:
            over = tx.alarms.shelves_over(now)
            floods = tx.alarms.standing_floods()
            spells = tx.spells.over(now)

        def expired(shelf_id: str) -> int:
            with self._ledger.begin() as tx:
                return expire(tx, shelf_id, self._classes, now)

        def ended(site: str) -> int:
            with self._ledger.begin() as tx:
                return end_if_over(tx, site, self._classes, now)

        def maintained(asset: str) -> int:
            with self._ledger.begin() as tx:
                return expire_by_hand(tx, asset, now)

        done = self.steps.each([spell.asset for spell in spells], maintained)
        done += self.steps.each([shelf.id for shelf in over], expired)
        return done + self.steps.each([flood.site for flood in floods], ended)

    def _trim(self, now: datetime) -> None:
        with self._ledger.begin() as tx:
            tx.alarms.forget_announced(now - TOLD_KEPT)
        forgotten = 1
        while forgotten:
            with self._ledger.begin() as tx:
                forgotten = tx.collect.forget_findings((FINDINGS,), now - FINDINGS_KEPT, _AT_ONCE)

    def _trim_events(self) -> bool:
        """Whether no more have to go."""
        with self._ledger.read() as tx:
            beyond = tx.collect.events_beyond(self._events_kept, self._events_at_a_time)
        for start in range(0, len(beyond), _AT_ONCE):
            with self._ledger.begin() as tx:
                tx.collect.let_events_go(beyond[start : start + _AT_ONCE])
        if beyond:
            structlog.get_logger().warning("events_let_go", count=len(beyond), keep=self._events_kept)
        return len(beyond) < self._events_at_a_time
