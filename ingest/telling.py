"""What a worker has to say to the ledger, and what it looks up there."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ingest.every import Every
from ingest.handover import NoHandOver
from ingest.outcome import Outcome, write_outcome
from ingest.patience import AWAY, LEDGER, Patience
from ingest.pipeline import Pipeline
from ingest.presence import PresenceNote, PresenceTracker
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.ledger import Ledger

GAP_LOOK_S = 2.0
"""More often than ``ingest.gaps.GRACE_MS``: a gap that another collector found is known before anybody asks for it."""


class Telling:
    """The ledger of one site's lane. One thread, the worker's."""

    def __init__(
        self,
        ledger: Ledger[Any],
        pipeline: Pipeline,
        presence: PresenceTracker,
        patience: Patience,
        hand_over: NoHandOver,
    ) -> None:
        self._ledger = ledger
        self._pipeline = pipeline
        self._presence = presence
        self._patience = patience
        self._hand_over = hand_over
        self._revision: int | None = None
        self._gap_looks = Every(GAP_LOOK_S)

    def begin(self, now_ms: int) -> None:
        """Learn what the ledger knows; waits for it. Raises ``Stopping``."""
        self._presence.begin(self._patience.insist(LEDGER, self._known), now_ms)
        self._patience.insist(LEDGER, self._look_for_gaps)
        self.insist_on_refresh()
        self._pipeline.clocks.know(self._patience.insist(LEDGER, self._clocks))

    def _clocks(self) -> Mapping[str, DeviceClock]:
        with self._ledger.read() as tx:
            known: Mapping[str, DeviceClock] = tx.collect.clocks()
            return known

    def look_for_gaps(self) -> None:
        """Now and then: gaps that others found may be healed here. A ledger that is away is left for the next time."""
        if self._gap_looks.due():
            with suppress(*AWAY):
                self._look_for_gaps()

    def _look_for_gaps(self) -> None:
        with self._ledger.read() as tx:
            self._pipeline.numbers.listed(tx.gaps.assets(self._pipeline.site))

    def _known(self) -> Mapping[str, Any]:
        with self._ledger.read() as tx:
            known: Mapping[str, Any] = tx.collect.presence()
            return known

    def try_refresh(self) -> bool:
        """Look for a newer plant; ``False`` when the ledger is away and the plant at hand has to do."""
        try:
            self._refresh()
        except AWAY as error:
            self._patience.note(LEDGER, error)
            return False
        self._patience.note(LEDGER, None)
        return True

    def insist_on_refresh(self) -> None:
        """As ``try_refresh``, however long it takes. Raises ``Stopping``."""
        self._patience.insist(LEDGER, self._refresh)

    def _refresh(self) -> None:
        with self._ledger.read() as tx:
            if tx.assets.revision() == self._revision:
                return
            plant = tx.assets.plant()
        self._pipeline.follow(plant)
        self._revision = plant.revision

    def tell(self, outcome: Outcome) -> None:
        """One ledger transaction with all that came of a batch, and with changes of presence. Raises ``Stopping``."""
        notes = self._presence.take()
        try:
            if outcome or notes:
                self._patience.insist(LEDGER, lambda: self._write(outcome, notes))
                self._presence.told_ledger(notes)
                if _belongs_with_state(outcome):
                    self._hand_over.kept()
        finally:
            self._presence.give_back(notes)

    def reserve(self) -> None:
        """Before anything is stored under an instant that runs ahead of its receipt: the next holder begins above it,
        though this one be killed now. While the ledger is away nobody takes over; then it goes on. Raises
        ``Stopping``."""
        given = self._pipeline.receive_times
        if given.unreserved():
            with suppress(*AWAY):
                self._hand_over.keep_now(self._pipeline.hand_over())
                given.reserved()

    def _write(self, outcome: Outcome, notes: Sequence[PresenceNote]) -> None:
        with self._ledger.begin() as tx:
            write_outcome(tx, self._pipeline.site, outcome, notes)
            if _belongs_with_state(outcome):
                self._hand_over.keep(tx, self._pipeline.hand_over())
            else:
                self._hand_over.fence(tx)


def _belongs_with_state(outcome: Outcome) -> bool:
    """Whether the next holder has to know the state that it came from."""
    return bool(outcome.findings or outcome.events)
