"""Old spools: what this collector acknowledged of partitions that others hold now reaches the store all the same.

Such a spool has no session any more. It is read to its end: readings are stored, events are told, what is wrong becomes
dead letters. Nothing in it is live, so alarms and models do not see it, and nobody's presence follows from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import structlog

from gateway.spool import Spool
from gateway.strays import FOLDER as STRAYS_FOLDER
from ingest.checkpoint import unpack
from ingest.handover import TOTALS
from ingest.matching import AssetRoute
from ingest.presence import PresenceTracker
from ingest.stats import Totals
from ingest.strays import StrayWorker
from ingest.worker import IngestWorker
from plantroom.bootstrap.parts import Parts
from plantroom.domain.flow import STRAYS, Trouble
from plantroom.errors import Unreachable
from plantroom.ports.spool import Lane

log = structlog.get_logger()


class NobodysPresence(PresenceTracker):
    """Presence is the holder's to judge: nobody is followed here."""

    def follow(self, routes: Iterable[AssetRoute]) -> None:
        """See ``PresenceTracker``."""


@dataclass(slots=True)
class _Drain:
    """One old spool and what empties it (``None``: nothing waits in it, only its counts are known)."""

    spool: Spool | None
    worker: IngestWorker | StrayWorker | None
    figures: Mapping[str, float]


class Drains:
    """The old spools below a data folder. One thread calls ``look``, ``turn``, ``end`` and ``stop``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = parts.settings.data_dir / "spool"
        self._drains: dict[tuple[str, str], _Drain] = {}

    def known(self) -> list[str]:
        """Partitions that have a spool in the data folder."""
        return sorted({path.parent.parent.name for path in self._folder.glob("*/*/cursor.0")})

    def usable(self, partition: str) -> bool:
        """Whether the spools of a partition that is not held here could be opened."""
        lanes = [STRAYS_FOLDER.name] if partition == STRAYS else [lane.value for lane in Lane]
        return all(self._opens(partition, lane) for lane in lanes)

    def _opens(self, partition: str, lane: str) -> bool:
        if (partition, lane) in self._drains:
            return True
        spool = Spool(self._folder / partition / lane)
        try:
            spool.open()
        except OSError:
            return False
        finally:
            spool.close()
        return True

    def look(self, partitions: Iterable[str]) -> None:
        """Begin to empty the spools of these partitions, which this collector does not hold."""
        for partition in partitions:
            for path in sorted((self._folder / partition).glob("*/cursor.0")):
                key = partition, path.parent.name
                if key not in self._drains:
                    self._begin(key, path.parent)

    def _begin(self, key: tuple[str, str], folder: Path) -> None:
        spool = Spool(folder)
        try:
            spool.open()
        except OSError as error:
            raise Unreachable(f"old spool {folder}", str(error)) from error
        waiting = spool.depth()
        if not waiting:
            self._drains[key] = _Drain(None, None, _counts(spool))
            spool.close()
            return
        worker = self._worker(key, spool)
        self._drains[key] = _Drain(spool, worker, _counts(spool))
        log.info("old_spool_read", site=key[0], lane=key[1], waiting=waiting)
        worker.start()

    def _worker(self, key: tuple[str, str], spool: Spool) -> IngestWorker | StrayWorker:
        parts, (site, lane) = self._parts, key
        if Path(site) / lane == STRAYS_FOLDER:
            kept = spool.committed()[1]
            return StrayWorker(spool, parts.ledger, parts.classes, lambda: kept)
        return IngestWorker(
            site=site,
            lane=Lane(lane),
            spool=spool,
            store=parts.readings,
            ledger=parts.ledger,
            stages=(),
            classes=parts.classes,
            clock=parts.clock,
            presence=NobodysPresence(parts.classes),
        )

    def turn(self) -> None:
        """Close what is empty."""
        for key, one in list(self._drains.items()):
            if one.spool is not None and not one.spool.depth():
                self._close(one)
                log.info("old_spool_empty", site=key[0], lane=key[1])

    def _close(self, one: _Drain) -> None:
        if one.spool is not None and one.worker is not None:
            one.figures = _figures(one)
            one.worker.stop()
            one.spool.close()
            one.spool = one.worker = None

    def end(self, partition: str) -> None:
        """The partition is this collector's again: its own workers go on with its spools."""
        for key in [key for key in self._drains if key[0] == partition]:
            self._close(self._drains.pop(key))

    def stop(self) -> None:
        """Let each worker finish its batch; the rest waits for the next start."""
        for one in self._drains.values():
            self._close(one)

    def waiting(self) -> int:
        """Records that are not stored yet."""
        return sum(one.spool.depth() for one in list(self._drains.values()) if one.spool is not None)

    def troubles(self) -> list[Trouble]:
        """What they are waiting for (any thread)."""
        workers = [one.worker for one in list(self._drains.values()) if one.worker is not None]
        return [replace(one, words=f"old spool: {one.words}") for worker in workers for one in worker.troubles()]

    def figures(self) -> dict[str, list[Mapping[str, float]]]:
        """Counts by partition: what was received here stays counted here, whoever holds the partition now."""
        found: dict[str, list[Mapping[str, float]]] = {}
        for (partition, _), one in list(self._drains.items()):
            found.setdefault(partition, []).append(_figures(one))
        return found


def _figures(one: _Drain) -> Mapping[str, float]:
    worker = one.worker
    if isinstance(worker, IngestWorker) and (now := worker.stats().as_mapping()).get("received"):
        return now
    return worker.figures() if isinstance(worker, StrayWorker) else one.figures


def _counts(spool: Spool) -> Mapping[str, float]:
    totals = Totals()
    try:
        totals.restore(unpack(spool.committed()[1]).get(TOTALS, b""))
    except ValueError:
        return {}
    own: dict[str, float] = {name: count for name, count in asdict(totals).items() if name != "letters"}
    return own | totals.letter_figures()
