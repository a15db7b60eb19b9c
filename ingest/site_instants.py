"""Instants of a site's telemetry without ``ts`` that may come on both lanes: each is given once, for both.

Until a lane may leave a topic to the other both take it, each with its own spool, cursor and memory of numbers. No lane
leaves out what the other has: it stores it at the same instant, where it is the same reading. So nothing rests on what
the other lane has stored by then, and nothing can be lost by it. Whatever is given is in the log, on the disk, before
anything is stored under it; so a kill at any moment, whichever lane is first then, ends at that instant.
"""

import hashlib
import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import structlog

from ingest.every import Every
from ingest.receive_times import ReceiveTimes
from plantroom.domain.alarms import safety_assets
from plantroom.domain.assets import Plant
from plantroom.errors import Unreachable
from plantroom.ports.instants import GivenInstant, InstantLog, InstantTx

log = structlog.get_logger()

UNWRITTEN_MAX = 10_000
"""Instants that are kept in memory alone while the log cannot be written."""

REPEATED_MS = 3_600_000
"""So long after its first copy a message with an event that comes again is the same, where no broker says so."""

RETRY_S = 1.0
"""How often it is tried to write them."""

_Key = tuple[str, int]
"""Asset, and what it said."""


class Said(NamedTuple):
    """What needs an instant: a sample of a message. ``message`` names the message wherever it comes (empty: nothing
    does), ``record`` the record of the lane's spool, ``number`` tells samples of one message apart. ``beside``: an
    event, whose numbers no tracker of samples knows; ``again``: the broker says that it has sent it before."""

    asset: str
    message: str
    record: str
    number: int
    received_ms: int
    beside: bool = False
    again: bool = False

    def repeats(self, ts_ms: int) -> bool:
        """Whether it is what this instant was given to, of which another record of the lane said the same. A device
        that counts anew at each start, under one boot, says the same each time: so only for a while, or if marked."""
        return self.beside and (self.again or abs(self.received_ms - ts_ms) <= REPEATED_MS)


class SiteInstants:
    """The instants that the lanes of a site share. Any thread."""

    def __init__(self, instants: InstantLog, site: str = "", retry_s: float = RETRY_S) -> None:
        self._log = instants
        self._site = site
        self._lock = threading.Lock()
        self._assets: set[str] = set()
        self._new: set[str] = set()
        """Assets that the log was not told of yet."""
        self._unwritten: dict[_Key, GivenInstant] = {}
        self._unwritten_at: set[tuple[str, int]] = set()
        self._times: dict[str, ReceiveTimes] = {}
        self._failing = False
        self._retries = Every(retry_s)

    def open(self) -> None:
        """Learn which assets the log knows. One that cannot be read holds nothing up."""
        with self._lock:
            try:
                self._assets.update(self._log.assets())
            except Unreachable as error:
                self._note_failing(error)

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def follow(self, plant: Plant, site: str) -> None:
        """To be called before a session asks for the topics of this plant: the assets of its safety sources are covered
        from then on, for good, since what was queued under earlier rules comes later."""
        self.cover(key for key in safety_assets(plant) if key in plant.assets and plant.assets[key].site == site)

    def cover(self, assets: Iterable[str]) -> None:
        """Give the instants of these assets from now on."""
        with self._lock:
            found = set(assets) - self._assets
            if not found and not self._new:
                return
            self._assets |= found
            self._new |= found
            try:
                self._log.add_assets(sorted(self._new))
                self._new.clear()
            except Unreachable as error:
                self._note_failing(error)

    def covers(self, asset: str) -> bool:
        """Whether telemetry of this asset may come on both lanes."""
        return asset in self._assets

    def is_taken(self, asset: str, ts_ms: int) -> bool:
        """Whether an instant was given to something that this asset said."""
        with self._lock:
            try:
                with self._log.begin() as tx:
                    return self._taken(tx, "", asset, ts_ms)
            except Unreachable as error:
                self._note_failing(error)
                return self._taken(None, "", asset, ts_ms)

    def join(self, lane: str, times: ReceiveTimes) -> None:
        """What this lane gives, it gives out of ``times``; the other gives nothing that is taken there."""
        self._times[lane] = times

    def give(self, lane: str, said: Sequence[Said]) -> list[int]:
        """The instant of each, in their order, for a lane that has joined. Durable when it returns, but while the log
        cannot be written: then they are remembered until it can."""
        with self._lock:
            given: list[tuple[_Key, GivenInstant]] = []
            try:
                self._choose(given, lane, said, write=True)
                self._failing = False
            except Unreachable as error:
                self._note_failing(error)
                self._remember(given)
                try:
                    self._choose(given, lane, said, write=False)
                except Unreachable:
                    given += [self._give(None, lane, one)[:2] for one in said[len(given) :]]
                self._remember(given)
            return [one.ts_ms for _, one in given]

    def _choose(self, given: list[tuple[_Key, GivenInstant]], lane: str, said: Sequence[Said], *, write: bool) -> None:
        """Add to ``given`` what is not in it yet. Raises ``Unreachable``: nothing of it is written then."""
        with self._log.begin() as tx:
            for one in said[len(given) :]:
                key, instant, changed = self._give(tx, lane, one)
                given.append((key, instant))
                if changed and key in self._unwritten:
                    self._unwritten[key] = instant
                elif changed and write:
                    tx.put(*key, instant)
            late = list(self._unwritten) if write and self._unwritten and self._retries.due() else []
            for key in late:
                tx.put(*key, self._unwritten[key])
        for key in late:
            self._unwritten_at.discard((key[0], self._unwritten.pop(key).ts_ms))

    def _give(self, tx: InstantTx | None, lane: str, said: Said) -> tuple[_Key, GivenInstant, bool]:
        """By which name, what, and whether the log has not got that yet."""
        times = self._times[lane]
        record = _name("record", said.record)
        own = (said.asset, _name("own", lane, said.record, said.number))
        keys = [(said.asset, _name("said", said.message, said.number)), own] if said.message else [own]
        for key in keys:
            found = self._find(tx, key)
            if found is None:
                break
            mine = found.record_of(lane)
            if mine is None:
                return key, found._replace(other=record), True
            if mine == record and found.lane == lane:
                times.note(said.asset, said.received_ms, found.ts_ms)
            if mine == record or said.repeats(found.ts_ms):
                return key, found, False
            # Another record of this lane said so, and its tracker does not call this one a repetition.
        ts_ms = times.next_free(said.asset, said.received_ms, lambda ms: self._taken(tx, lane, said.asset, ms))
        return key, GivenInstant(ts_ms, lane, record), True

    def _find(self, tx: InstantTx | None, key: _Key) -> GivenInstant | None:
        return self._unwritten.get(key) or (tx.find(*key) if tx is not None else None)

    def _taken(self, tx: InstantTx | None, lane: str, asset: str, ts_ms: int) -> bool:
        """By what either lane gave, but for what the lane's own memory says."""
        if any(times.is_taken(asset, ts_ms) for other, times in self._times.items() if other != lane):
            return True
        if (asset, ts_ms) in self._unwritten_at:
            return True
        return tx is not None and tx.is_taken(asset, ts_ms)

    def _remember(self, given: Iterable[tuple[_Key, GivenInstant]]) -> None:
        for key, one in given:
            self._unwritten[key] = one
            self._unwritten_at.add((key[0], one.ts_ms))
            if len(self._unwritten) > UNWRITTEN_MAX:
                oldest = next(iter(self._unwritten))
                self._unwritten_at.discard((oldest[0], self._unwritten.pop(oldest).ts_ms))

    def _note_failing(self, error: Unreachable) -> None:
        if not self._failing:
            log.warning("instants_not_written", site=self._site, problem=str(error))
        self._failing = True


def record_name(position: int, received_ms: int) -> str:
    """Names a record of a lane's spool; a spool that was begun anew counts from 1 again."""
    return f"{position}:{received_ms}"


def message_name(channel: str, boot: str, seq: int, digest: int) -> str:
    """Names a message by its numbers and its content."""
    return f"{channel}:{seq}:{digest}:{boot}"


def _name(*parts: object) -> int:
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)
