"""Port between the ingest pipeline and what watches its stream (condition models, alarms)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plantroom.domain.assets import Plant
from plantroom.domain.findings import Finding
from plantroom.ports.readings import ReadingBatch


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Readings of one site and lane that the store has confirmed, in the order of the spool.

    ``live`` (n,) bool marks the readings that may be judged now: neither late nor out of order.
    ``received_ms`` (n,) int64 is when each arrived. Bad readings are in ``readings`` (``reason >= 100``) and
    must not reach a detector.
    """

    readings: ReadingBatch
    live: NDArray[np.bool_]
    received_ms: NDArray[np.int64]
    site: str


class StreamStage(ABC):
    """Something that watches a site's stream of stored readings and notices things.

    One instance serves one site's lane and is called from one thread. Determinism is part of the
    contract: after ``restore(snapshot())`` the same batches give the same findings with the same ids, so that
    processing again after a crash changes nothing.
    """

    @abstractmethod
    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """Findings that this batch gives rise to, in the order in which they were noticed, which is
        not that of observed time where a clock was set back. May raise ``Unreachable`` for something that it needs and
        that is away; it is then given the same batch again, and its state must be as before the call."""

    def follow(self, plant: Plant, site: str) -> Sequence[Finding]:
        """Findings that a changed plant gives rise to by itself, while no readings come."""
        del plant, site
        return ()

    @abstractmethod
    def snapshot(self) -> bytes:
        """The whole state; saved with the spool's cursor."""

    @abstractmethod
    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
