"""Old spools: what this collector acknowledged of partitions that others hold now reaches the store all the same.

Such a spool has no session any more. It is read to its end: readings are stored, events are told, what is wrong becomes
dead letters. Nothing in it is live, so alarms and models do not see it (what they saved is kept for the day on which
this collector holds the partition again), and nobody's presence follows from it.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from gateway.spool import Spool
from gateway.spool.inspect import folders_in, may_be_spool, spools_in
from gateway.strays import FOLDER as STRAYS_FOLDER
from ingest.checkpoint import unpack
from ingest.gaps import SiteNumbers
from ingest.handover import TOTALS, WINDOWS
from ingest.matching import AssetRoute
from ingest.presence import PresenceTracker
from ingest.site_instants import SiteInstants
from ingest.stats import LETTERS, Totals
from ingest.strays import StrayWorker
from ingest.worker import IngestWorker
from plantroom.bootstrap.parts import Parts
from plantroom.bootstrap.site_parts import open_instants, together_all
from plantroom.domain.flow import STRAYS, Trouble, TroubleKind
from plantroom.ports.spool import Lane

log = structlog.get_logger()

RETRY_S = 5.0
"""After so long a spool that could not be read, or whose end could not be told, is tried again."""

END_S = 5.0
"""How long the worker of an old spool is waited for when it is told to end. It is asked after again later."""

KEPT = frozenset({"received", "stored", "duplicates", "dead_lettered"})
"""Figures that still count when a spool is empty."""

OF_NOW = KEPT | {"spool_depth", "lag_s"}
"""Figures that a spool under work may tell. Missing numbers are none of them: what this collector lacks the holder may
have."""

_Key = tuple[str, str]
"""Partition and lane."""


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
    instants: SiteInstants | None = None
    left: bool = False
    """Closed, and there is more to do: the ledger has not heard of everything, or it was ended before its time."""
    ending: bool = False
    """Told to end; one whose store hangs takes its time."""

    @property
    def done(self) -> bool:
        """Whether there is nothing left for its worker to do but to end, which tells the ledger the rest."""
        marked = not isinstance(self.worker, IngestWorker) or self.worker.marked
        return self.spool is not None and marked and not self.spool.depth()

    def now(self) -> Mapping[str, float]:
        """Its figures at this moment."""
        worker = self.worker
        if worker is None or not worker.begun:
            return self.figures
        return _only(worker.stats().as_mapping() if isinstance(worker, IngestWorker) else worker.figures(), OF_NOW)


class Drains:
    """The old spools below a data folder. One thread calls ``look``, ``turn``, ``end`` and ``stop``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = parts.settings.data_dir / "spool"
        self._drains: dict[_Key, _Drain] = {}
        self._unusable: dict[_Key, str] = {}
        self._retry_at: dict[_Key, float] = {}

    def known(self) -> list[str]:
        """Partitions that have a spool in the data folder."""
        with suppress(OSError):
            return [site.name for site in folders_in(self._folder) if self._lanes(site.name)]
        return []

    def _lanes(self, partition: str) -> list[Path]:
        with suppress(OSError):
            return spools_in(self._folder / partition)
        return []

    def usable(self, partition: str) -> bool:
        """Whether the spools of a partition that is not held here could be opened."""
        lanes = [STRAYS_FOLDER.name] if partition == STRAYS else [lane.value for lane in Lane]
        return all(self._opens((partition, lane)) for lane in lanes)

    def _opens(self, key: _Key) -> bool:
        if key in self._drains:
            return True
        spool = Spool(self._folder.joinpath(*key))
        try:
            spool.open()
        except OSError:
            return False
        finally:
            spool.close()
        return True

    def look(self, partitions: Iterable[str]) -> None:
        """Begin to empty the spools of these partitions, which another collector holds."""
        now = time.monotonic()
        for key in [key for key in self._unusable if not may_be_spool(self._folder.joinpath(*key))]:
            del self._unusable[key]
        for partition in partitions:
            for folder in self._lanes(partition):
                key = partition, folder.name
                if key not in self._drains and now >= self._retry_at.get(key, 0.0) and _is_spool(key):
                    self._try(key, folder)

    def _try(self, key: _Key, folder: Path) -> None:
        """One that cannot be read keeps no other waiting."""
        try:
            self._begin(key, folder)
        except OSError as error:
            log.error("old_spool_unusable", site=key[0], lane=key[1], problem=str(error), retry_s=RETRY_S)
            self._unusable[key] = str(error)
            self._retry_at[key] = time.monotonic() + RETRY_S
        else:
            self._unusable.pop(key, None)

    def _begin(self, key: _Key, folder: Path) -> None:
        spool = Spool(folder)
        try:
            spool.open()
            waiting, parts = spool.depth(), _parts(spool)
        except OSError:
            spool.close()
            raise
        if not waiting and not _untold(parts):
            self._drains[key] = _Drain(None, None, _counts(parts))
            spool.close()
            return
        instants = open_instants(folder.parent, key[0])
        worker = self._worker(key, spool, instants)
        self._drains[key] = _Drain(spool, worker, _counts(parts), instants)
        log.info("old_spool_read", site=key[0], lane=key[1], waiting=waiting)
        worker.start()

    def _worker(self, key: _Key, spool: Spool, instants: SiteInstants) -> IngestWorker | StrayWorker:
        parts, (site, lane) = self._parts, key
        if Path(site) / lane == STRAYS_FOLDER:
            return StrayWorker(spool, parts.ledger, parts.classes, parts.clock)
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
            numbers=SiteNumbers(instants=instants),
            drains=True,
        )

    def turn(self) -> None:
        """Close what is empty and told; what could not be told (the ledger is away) is taken up again later."""
        done = [(key, one) for key, one in self._drains.items() if one.done or one.ending]
        together_all([partial(self._close, one) for _, one in done])
        for key, one in done:
            if one.spool is None:
                log.info("old_spool_empty", site=key[0], lane=key[1])
        for key in [key for key, one in self._drains.items() if one.left and one.spool is None]:
            del self._drains[key]
            self._retry_at[key] = time.monotonic() + RETRY_S

    def _close(self, one: _Drain) -> None:
        spool, worker = one.spool, one.worker
        if spool is None or worker is None:
            return
        worker.stop(0.0 if one.ending else END_S)
        one.ending = not worker.ended
        if one.ending:
            return
        one.figures = _only(one.now(), KEPT)
        one.left = bool(spool.depth()) or (isinstance(worker, IngestWorker) and _untold(_parts(spool)))
        spool.close()
        if one.instants is not None:
            one.instants.close()
        one.spool = one.worker = one.instants = None

    def end(self, partition: str) -> bool:
        """The partition is this collector's again: its own workers go on with its spools. ``False``: one of them is
        under work still, and not to be opened before this has been asked again."""
        keys = [key for key in self._drains if key[0] == partition]
        together_all([partial(self._close, self._drains[key]) for key in keys])
        for key in keys:
            if self._drains[key].spool is None:
                del self._drains[key]
        for key in [key for key in self._unusable if key[0] == partition]:
            del self._unusable[key]
        return not any(key[0] == partition for key in self._drains)

    def stop(self) -> None:
        """Let each worker finish its batch; the rest waits for the next start."""
        together_all([partial(self._close, one) for one in self._drains.values()])

    def under_work(self) -> int:
        """How many spools are not dealt with yet (any thread)."""
        return sum(one.spool is not None for one in list(self._drains.values()))

    def troubles(self) -> list[Trouble]:
        """What they are waiting for (any thread)."""
        workers = [one.worker for one in list(self._drains.values()) if one.worker is not None]
        found = [replace(one, words=f"old spool: {one.words}") for worker in workers for one in worker.troubles()]
        unusable = [(key, f"old spool: {words}") for key, words in list(self._unusable.items())]
        lanes = {lane.value for lane in Lane}
        return found + [
            Trouble(TroubleKind.SPOOL_UNUSABLE, words, site, lane if lane in lanes else "")
            for (site, lane), words in unusable
        ]

    def figures(self) -> dict[str, list[Mapping[str, float]]]:
        """Counts by partition: what was received here stays counted here, whoever holds the partition now."""
        found: dict[str, list[Mapping[str, float]]] = {}
        for (partition, _), one in list(self._drains.items()):
            found.setdefault(partition, []).append(one.now())
        return found


def _is_spool(key: _Key) -> bool:
    site, lane = key
    return Path(site) / lane == STRAYS_FOLDER or (site != STRAYS and lane in {one.value for one in Lane})


def _only(figures: Mapping[str, float], names: frozenset[str]) -> Mapping[str, float]:
    return {name: value for name, value in figures.items() if name in names or name.startswith(LETTERS)}


def _parts(spool: Spool) -> Mapping[str, bytes]:
    """Of the checkpoint; none of one that cannot be read (that of the unknown sites is another)."""
    try:
        return unpack(spool.committed()[1])
    except ValueError:
        return {}


def _untold(parts: Mapping[str, bytes]) -> bool:
    """Whether windows got readings of which the ledger has not heard."""
    return parts.get(WINDOWS, b"{}") not in (b"", b"{}")


def _counts(parts: Mapping[str, bytes]) -> Mapping[str, float]:
    totals = Totals()
    try:
        totals.restore(parts.get(TOTALS, b""))
    except ValueError:
        return {}
    own: dict[str, float] = {name: count for name, count in asdict(totals).items() if name in KEPT}
    return own | totals.by_reason()
