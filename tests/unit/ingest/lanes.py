"""The numbers of a site's two lanes, with trackers that are fed by hand and a ledger that is told."""

from collections.abc import Callable, Iterable

from ingest.gaps import SiteNumbers
from ingest.instants import from_ms
from ingest.sequences import BOOTS, SequenceTracker
from plantroom.ports.gaps import GapFilter, GapNews, GapsGone
from plantroom.ports.paging import PageRequest
from plantroom.ports.spool import Lane
from plantroom.storage.ledger.engine import SqlLedger
from plantroom.wire import Channel

OTHERS = [f"other{number}" for number in range(BOOTS)]
"""Boots that push the one before them out of a tracker."""


class Lanes:
    """Two trackers of one site, and what the ledger would have: open numbers of one asset. ``ledger``: one that is told
    of all."""

    def __init__(self, ledger: SqlLedger | None = None) -> None:
        self.ledger = ledger
        self.numbers = SiteNumbers(Lane)
        self.trackers = {lane: SequenceTracker() for lane in Lane}
        self.open: set[int] = set()
        self.ever: set[int] = set()
        self.came: set[int] = set()
        """Numbers that were said to have come after all."""
        self.at = 0
        for lane in Lane:
            self.begin(lane)

    def begin(self, lane: Lane) -> None:
        self.numbers.begin(lane.value, {Channel.TELEMETRY: self.trackers[lane]})

    def receive(self, lane: Lane, seqs: Iterable[int], boots: Iterable[str] = ()) -> None:
        """A batch of boot ``b``, and the first messages of other boots behind it."""
        self.at += 1
        for seq in seqs:
            self.trackers[lane].repeated("a", "b", seq, seq)
        for boot in boots:
            self.trackers[lane].repeated("a", boot, 0, 0)
        self._hear(self.numbers.take(lane.value, Channel.TELEMETRY, self.trackers[lane], list, self.at))
        self._settle(lane)

    def idle(self) -> None:
        self.at += 1
        for lane in (*Lane, *Lane):
            self._settle(lane)

    def restart(self, lane: Lane) -> None:
        state = self.trackers[lane].snapshot()
        self.trackers[lane].restore(state)
        self.begin(lane)

    def start(self, state: Callable[[bytes], bytes] = bytes) -> None:
        """As a new process does, from what is saved (by another version: as ``state`` has it)."""
        saved = {lane: state(tracker.snapshot()) for lane, tracker in self.trackers.items()}
        self.numbers = SiteNumbers(Lane)
        if self.ledger is None:
            self.numbers.listed(["a"] if self.ever else [])
        else:
            with self.ledger.read() as tx:
                self.numbers.listed(tx.gaps.assets("demo"))
        for lane in Lane:
            self.trackers[lane] = SequenceTracker()
            self.trackers[lane].restore(saved[lane])
            self.begin(lane)

    def gone(self, first: int, last: int) -> None:
        """The publisher's word that it no longer has these."""
        assert self.ledger is not None
        with self.ledger.begin() as tx:
            tx.gaps.note("demo", [GapsGone("a", "telemetry", "b", [(first, last)], from_ms(self.at))])

    def listed(self) -> list[tuple[int, int, int, str]]:
        """First and last number, how many are missing, and the state of each gap."""
        assert self.ledger is not None
        with self.ledger.read() as tx:
            found = tx.gaps.list(GapFilter(), PageRequest(1000)).items
        return sorted((one.first, one.last, one.missing, one.reason or one.state.value) for one in found)

    def _settle(self, lane: Lane) -> None:
        channels = {Channel.TELEMETRY: self.trackers[lane], Channel.EVENT: SequenceTracker()}
        self._hear(self.numbers.settle(lane.value, channels, self.at))

    def _hear(self, news: list[GapNews]) -> None:
        if self.ledger is not None:
            with self.ledger.begin() as tx:
                tx.gaps.note("demo", news)
        for one in news:
            came = {n for first, last in one.came for n in range(first, last + 1)}
            self.came |= came
            self.open -= came
            holes = {n for first, last in one.holes for n in range(first, last + 1)}
            self.open |= holes
            self.ever |= holes
