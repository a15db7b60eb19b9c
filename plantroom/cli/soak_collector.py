"""The collector of the soak: the real pipelines and the real presence tracker, in simulated time, with a ledger that is
a dictionary. Its order of doing things is that of ``ingest.worker``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingest.pipeline import Pipeline
from ingest.presence import PresenceNote, PresenceTracker
from plantroom.cli.soak_publishers import DEVICE_MS
from plantroom.domain.assets import EquipmentClass, Plant, Presence
from plantroom.domain.findings import Finding
from plantroom.ports.ledger import PresenceChange
from plantroom.ports.spool import Lane, SpoolRecord

BATCH = 5_000


@dataclass(slots=True)
class SoakLane:
    """A lane with its spool: records, and when (in simulated time) each came. ``upto_s``: up to when it has processed
    its messages."""

    lane: Lane
    pipeline: Pipeline
    records: list[SpoolRecord] = field(default_factory=list)
    came_s: list[float] = field(default_factory=list)
    at: int = 0
    upto_s: float = 0.0
    blocked: bool = False
    """It has something to tell a ledger that is away."""


@dataclass(frozen=True, slots=True)
class Word:
    """A change of presence that the ledger heard. ``at_s``: up to when both lanes had processed their messages when it
    was made, since silence and goodbyes are judged up to there."""

    asset: str
    presence: Presence
    at_s: float


class SoakCollector:
    """``down``: it does not run; ``link``: the broker is there; ``ledger``: the ledger is there; ``stalled``: lanes
    that wait for their readings store."""

    def __init__(self, site: str, plant: Plant, classes: Mapping[str, EquipmentClass]) -> None:
        self._site = site
        self._plant = plant
        self._classes = classes
        self.known: dict[str, PresenceChange] = {}
        self.findings: list[Finding] = []
        self.words: list[Word] = []
        self.received = 0
        self.shift_ms = 0
        self.down = False
        self.link = True
        self.ledger = True
        self.stalled: set[Lane] = set()
        self._waiting: list[tuple[str, bytes, Lane]] = []
        self._retained: dict[str, tuple[bytes, Lane]] = {}
        self._position = 0
        self._made_s: dict[int, float] = {}
        self.tracker = PresenceTracker(classes)
        self.lanes: dict[Lane, SoakLane] = {}
        self.start(0.0)

    def wall_ms(self, now_s: float) -> int:
        """What our own clock says."""
        return DEVICE_MS + round(1000 * now_s) + self.shift_ms

    def start(self, now_s: float) -> None:
        """A new process: what is left are the spools, the saved states and the ledger."""
        before = self.lanes
        self.tracker = PresenceTracker(self._classes, [lane.value for lane in Lane])
        self.lanes = {
            lane: SoakLane(lane, Pipeline(self._site, lane, [], self._classes, self.tracker)) for lane in Lane
        }
        for lane, one in self.lanes.items():
            if lane in before:
                old = before[lane]
                one.pipeline.restore(old.pipeline.snapshot())
                one.records, one.came_s, one.at, one.upto_s = old.records, old.came_s, old.at, old.upto_s
            self.tracker.begin(self.known, self.wall_ms(now_s))
            one.pipeline.follow(self._plant)
        self.down = False
        self._connected(now_s)

    def take(self, now_s: float, lane: Lane, topic: str, payload: bytes) -> None:
        """The broker has a message for us; it keeps it while we are not there."""
        self._waiting.append((topic, payload, lane))
        if topic.endswith("/status"):
            self._retained[topic] = payload, lane
        if self.link and not self.down:
            self._drain(now_s)

    def set_link(self, now_s: float, *, up: bool) -> None:
        """We lost the broker, or have it again."""
        self.link = up
        if self.down:
            return
        self.tracker.link(up=up, now_ms=self.wall_ms(now_s))
        if up:
            self._connected(now_s)

    def _connected(self, now_s: float) -> None:
        if self.link:
            self._waiting[:0] = [(topic, payload, lane) for topic, (payload, lane) in self._retained.items()]
            self._drain(now_s)

    def _drain(self, now_s: float) -> None:
        for topic, payload, lane in self._waiting:
            one = self.lanes[lane]
            self._position += 1
            one.records.append(SpoolRecord(self._position, self.wall_ms(now_s), topic, payload))
            one.came_s.append(now_s)
            self.received += 1
        self._waiting.clear()

    def step(self, now_s: float) -> None:
        """One turn of each lane."""
        if self.down:
            return
        for one in self.lanes.values():
            if one.lane not in self.stalled and not (one.blocked and not self.ledger):
                self._turn(one, now_s)

    def _turn(self, one: SoakLane, now_s: float) -> None:
        wall_ms = self.wall_ms(now_s)
        self.tracker.keep_time(wall_ms, 1000 * now_s)
        records = one.records[one.at : one.at + BATCH]
        one.upto_s = now_s
        if records:
            one.upto_s = one.came_s[one.at + len(records) - 1]
            self._process(one, records)
            self.tracker.tick(one.lane.value, records[-1].received_ms)
        else:
            self.tracker.tick(one.lane.value, wall_ms)
        judged_s = min(lane.upto_s for lane in self.lanes.values())
        for note in self.tracker.pending():
            self._made_s.setdefault(id(note), judged_s)
        self._tell(one)

    @staticmethod
    def _process(one: SoakLane, records: Sequence[SpoolRecord]) -> None:
        batch = one.pipeline.sort(records)
        one.pipeline.tell_events(batch)
        read = one.pipeline.read(batch)
        one.pipeline.conclude(batch, read, [() for _ in read.columns])
        one.at += len(records)
        if one.at == len(one.records):
            one.records, one.came_s, one.at = [], [], 0

    def _tell(self, one: SoakLane) -> None:
        notes = self.tracker.take()
        one.blocked = bool(notes) and not self.ledger
        if notes and self.ledger:
            self._write(notes)
            self.tracker.told_ledger(notes)
            for note in notes:
                self._made_s.pop(id(note), None)
        self.tracker.give_back(notes)

    def _write(self, notes: Sequence[PresenceNote]) -> None:
        self.findings += [note.finding for note in notes if note.finding is not None]
        for note in {note.asset: note for note in notes if note.change is not None}.values():
            change, before = note.change, self.known.get(note.asset)
            if change is None:
                continue
            self.known[note.asset] = change
            if before is None or before.presence is not change.presence:
                self.words.append(Word(note.asset, change.presence, self._made_s[id(note)]))
