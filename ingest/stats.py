"""What a worker counts. Totals survive restarts: they are saved with the spool's cursor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import orjson


@dataclass(slots=True)
class Totals:
    """Counts over all time: ``received`` and ``dead_lettered`` messages, ``stored`` and ``duplicates`` readings."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    dead_lettered: int = 0

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps(asdict(self))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        saved = orjson.loads(state) if state else {}
        if not isinstance(saved, dict) or not set(saved) <= set(asdict(self)):
            raise ValueError("not a snapshot of totals")
        for name in asdict(self):
            setattr(self, name, int(saved.get(name, 0)))


@dataclass(frozen=True, slots=True)
class IngestStats:
    """A worker's figures at one moment. ``gaps`` are sequence numbers that are missing now, ``spool_depth``
    messages that are not dealt with, ``lag_s`` the age of the oldest of them (0: none). Since the start:
    ``stage_failures`` are messages that an alarm or model stage did not get through, ``damaged`` those that the spool
    could not give back. ``durable`` and ``stored``: how old live readings were, by their own time, when they were read
    back from the spool and when the store had confirmed them."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    dead_lettered: int = 0
    gaps: int = 0
    spool_depth: int = 0
    lag_s: float = 0.0
    stage_failures: int = 0
    damaged: int = 0
    durable_p50_ms: float = 0.0
    durable_p99_ms: float = 0.0
    stored_p50_ms: float = 0.0
    stored_p99_ms: float = 0.0

    def as_mapping(self) -> Mapping[str, float]:
        """By name, as a collector reports them."""
        return asdict(self)
