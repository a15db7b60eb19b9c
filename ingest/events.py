"""Event messages: kept for the history, and turned into findings at once.

A safety event is never swallowed: an unreadable or impossible time, bytes that are not UTF-8, a NaN in its
data, a repetition, maintenance, all become tags of a finding. Only a proven repetition (boot, seq and content
agree, and so does the device's own time) is left out.

Of a damaged message what was not read counts as the worst that it may have been: where safety events are expected, an
event without a legible severity that the class does not know is one, and so is a message of which nothing was legible.
A damaged event ends nothing. An event is called as the catalogue calls it (``event_names``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest.dialects.decoded import NO_SEQ, EventObject
from ingest.dialects.json.decoder import UNNAMED, UNTOLD, says_safety
from ingest.dialects.json.identities import identity
from ingest.event_data import data_of
from ingest.event_messages import UNREADABLE
from ingest.event_names import AS_SENT, EventNames
from ingest.event_weight import UNKNOWN_EVENT, Expectations, Expects, Weight, weight
from ingest.instants import FUTURE_MS, LATE_MS, NO_TIME, from_ms, parse_ts
from ingest.letters import name_of
from ingest.matching import AssetRoute
from ingest.once_per_message import OncePerMessage
from ingest.origins import Origin, Standing, origin_of, standing_from, text_of, wider
from ingest.rejections import printable, stable_id
from ingest.sequences import SequenceTracker
from plantroom.domain.assets import UNCLASSIFIED, AssetStatus, EquipmentClass, EventTemplate, Severity
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.clock import YEAR_2000_MS
from plantroom.ports.events import AssetEvent
from plantroom.ports.spool import SpoolRecord

OVER = "over_already"
"""Tag of an event that came late, behind the one that ended it."""

DAMAGED = "damaged"
"""Tag of an event of which not all that matters could be read."""

RETAINED = "retained"
"""Tag of an event that the broker had kept from before: without a time of its own nobody knows when it was."""

MAX_NAME = 120
MAX_OPEN = 10_000

_WORDS = {
    UNNAMED: {"zh": "未指明名称的安全事件", "en": "safety event without a name"},
    UNREADABLE: {"zh": "事件消息损坏，内容无法读出", "en": "damaged event message that cannot be read"},
    UNTOLD: {"zh": "一条消息中的事件过多，其余未逐一处理", "en": "more events in one message than are told one by one"},
}


@dataclass(slots=True)
class EventOutcome:
    """What a message's events became. ``duplicates`` counts proven repetitions."""

    events: list[AssetEvent] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rejections: list[str] = field(default_factory=list)
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """One event as it was told: by whom, when, in which words."""

    route: AssetRoute
    record: SpoolRecord
    name: str
    observed_ms: int
    tags: tuple[str, ...]
    told_severity: object
    data: Mapping[str, object]
    event_id: str
    boot: str
    seq: int
    damaged: bool
    expects: Expects
    harmless: bool
    """Whether its name alone calls nobody (``event_weight``)."""

    @property
    def guarded(self) -> bool:
        """Whether safety events are expected where it came from."""
        return self.expects is not Expects.NOTHING

    def weight(self, template: EventTemplate | None) -> Weight:
        """How much it weighs as the event of the template."""
        read = {"damaged": self.damaged, "unread": self.unread, "harmless": self.harmless}
        return weight(template, self.told_severity, self.expects, **read)

    @property
    def unread(self) -> bool:
        """Whether it stands for what nobody has read."""
        return self.damaged and self.name in (UNREADABLE, UNTOLD)

    @property
    def happened_ms(self) -> int:
        """When it happened, at the latest when it was received: a clock that is ahead makes nothing newer."""
        return min(self.observed_ms, self.record.received_ms)

    @property
    def origin(self) -> Origin:
        """Where in its device it comes from."""
        return origin_of(self.data)


@dataclass(frozen=True, slots=True)
class _End:
    """The newest end of an event, by the numbers of its publisher too."""

    happened_ms: int
    boot: str
    seq: int

    def proves_over(self, told: _Told) -> bool:
        """Whether the event came before this end for certain: in doubt it stands."""
        numbered = told.seq != NO_SEQ and told.boot == self.boot and told.seq < self.seq
        return numbered and told.happened_ms <= self.happened_ms


class EventRules:
    """The immediate rules: event templates of the asset's class, and the message's own word. One thread."""

    def __init__(self, site: str, lane: str, classes: Mapping[str, EquipmentClass]) -> None:
        self._site = site
        self._lane = lane
        self._names = EventNames(classes)
        self._expectations = Expectations(classes)
        self._ended = {key: {event.clears for event in one.events} for key, one in classes.items()}
        self.sequences = SequenceTracker()
        self._others = SequenceTracker()
        """Of events that came among other messages, whose numbers they share: repetitions are known, and a jump means
        nothing."""
        self.end_batch()
        self._open: dict[tuple[str, str], Standing] = {}
        """What stands of each event of each asset."""
        self._ends: dict[tuple[str, str, Origin], _End] = {}

    def take(
        self,
        route: AssetRoute,
        record: SpoolRecord,
        objects: Sequence[EventObject],
        *,
        own_numbers: bool = True,
        message: str = "",
        by_safety: bool = False,
    ) -> EventOutcome:
        """Events and findings of one message, in its order. ``own_numbers``: it came on an event topic. ``message``:
        its name, if it is replayed. ``by_safety``: it came by a source marked safety."""
        out, again = EventOutcome(), bool(message) or record.retained
        if own_numbers:
            word = OncePerMessage(self.sequences.again if again else self.sequences.repeated)
        else:
            word = self._strays_again if again else self._strays
        expects = self._expectations.of(route, by_safety=by_safety)
        for one in objects:
            told, repeated = self._told(route, record, one, word, message, own_numbers, expects)
            if repeated:
                out.duplicates += 1
            elif not told.unread or _matters(told, out):
                self._decide(out, told)
        return out

    def _told(
        self,
        route: AssetRoute,
        record: SpoolRecord,
        one: EventObject,
        word: OncePerMessage,
        message: str,
        own_topic: bool,
        expects: Expects,
    ) -> tuple[_Told, bool]:
        called, fields = printable(str(one.fields["event"]).strip())[:MAX_NAME], one.fields
        name = self._names.key_of(route.asset.equipment_class, called)
        observed_ms, tags = _observed(fields.get("ts"), record.received_ms, route.simulated)
        boot, seq = identity(fields)
        asset = route.asset.key
        own_time = fields.get("ts") is not None and "clock_wrong" not in tags
        seen = seq != NO_SEQ and word(record.position, asset, boot, seq, one.digest)
        if own_time:
            # By what it says, so that it is the same event on both lanes. The digest covers boot and seq.
            event_id = stable_id("event", self._site, asset, called, observed_ms, one.digest)
        else:
            # By the message's name, so that it is the same event when its letter is replayed, or when the broker
            # brings what it had retained once more.
            sender = message or name_of(self._site, self._lane, record)
            event_id = stable_id("event", self._site, asset, called, sender, one.element)
        data = None if one.cut else data_of(fields)
        standing = self._open.get((asset, name))
        if seen or (standing is not None and self._apart(route, name, origin_of(data or {})) in standing.raised):
            tags.append("repeated")
        if record.retained:
            tags.append(RETAINED)
        if route.asset.status is AssetStatus.UNDER_MAINTENANCE:
            tags.append("under_maintenance")
        if data is None:
            tags.append("data_dropped")
        if one.damaged:
            tags.append(DAMAGED)
        told = _Told(
            route,
            record,
            name,
            observed_ms,
            tuple(tags),
            fields.get("severity"),
            (data or {}) if name == called else {AS_SENT: called, **(data or {})},
            event_id,
            boot,
            seq,
            damaged=one.damaged,
            expects=expects,
            harmless=self._names.is_good_news(name) or (not own_topic and bool(fields.get("values"))),
        )
        return told, seen and own_time

    def _decide(self, out: EventOutcome, told: _Told) -> None:
        template = self._template(told.route, told.name)
        severity, safety, extra = told.weight(template)
        if self._names.is_of_others(told.route.asset.equipment_class, told.name):
            extra = (UNKNOWN_EVENT,)
        if template is not None and template.clears is not None and not (extra or told.damaged):
            safety = template.safety
        asset = told.route.asset.key
        ends = (self._ends.get((asset, told.name, one)) for one in wider(told.origin))
        end = next((one for one in ends if one is not None and one.proves_over(told)), None)
        tags = (*told.tags, *extra, *((OVER,) if end is not None else ()))
        out.events.append(self._history(told, severity, safety, tags))
        if template is not None and template.clears is not None:
            if not told.damaged:
                self._end(out, told, template.clears)
            if not safety:
                return
        if severity is None:
            return
        out.findings.append(self._raised(told, template, severity, safety, tags))
        if end is None:
            self._note_open(asset, told)
            return
        # It is never swallowed: its ticket is made, and the alarm is over at once unless others stand.
        others = self._open.get((asset, told.name))
        if others is None:
            out.findings.append(self._cleared(told, told.name, end.happened_ms))
        else:
            others.ended_ms = max(others.ended_ms, end.happened_ms)

    def _end(self, out: EventOutcome, told: _Told, ended: str) -> None:
        """An event is over, unless it came again after this word of its end, or others of its origins stand."""
        key = told.route.asset.key, ended
        known = self._ends.get((*key, told.origin))
        if known is None or known.happened_ms <= told.happened_ms:
            _put(self._ends, (*key, told.origin), _End(told.happened_ms, told.boot, told.seq))
        standing = self._open.get(key)
        if standing is None or standing.end(told.origin, told.happened_ms):
            self._open.pop(key, None)
            # The last word may be of one that ended before the others did.
            ended_ms = 0 if standing is None else standing.ended_ms
            out.findings.append(self._cleared(told, ended, max(told.observed_ms, ended_ms)))

    def _template(self, route: AssetRoute, name: str) -> EventTemplate | None:
        return self._names.template(route.asset.equipment_class, name)

    def _note_open(self, asset: str, told: _Told) -> None:
        standing = self._open.get((asset, told.name)) or Standing({})
        standing.put(self._apart(told.route, told.name, told.origin), told.happened_ms)
        _put(self._open, (asset, told.name), standing)

    def _apart(self, route: AssetRoute, name: str, origin: Origin) -> Origin:
        """By what an event is told apart from others of its name that stand: those that nothing ends need no more."""
        return origin if name in self._ended.get(route.asset.equipment_class, ()) else ()

    def _history(self, told: _Told, severity: Severity | None, safety: bool, tags: Sequence[str]) -> AssetEvent:
        data = {**told.data, **({"tags": list(tags)} if tags else {})}
        return AssetEvent(
            id=told.event_id,
            site=self._site,
            asset=told.route.asset.key,
            event=told.name,
            observed_at=from_ms(told.observed_ms),
            received_at=from_ms(told.record.received_ms),
            severity=(severity or Severity.INFO).value,
            safety=safety,
            data=data,
        )

    def _raised(
        self, told: _Told, template: EventTemplate | None, severity: Severity, safety: bool, tags: Sequence[str]
    ) -> FindingRaised:
        words = _WORDS.get(told.name) if template is None else {"zh": template.name.zh, "en": template.name.en}
        names: dict[str, object] = {} if words is None else {"name": words}
        if told.origin:
            names["origin"] = text_of(told.origin)
        return FindingRaised(
            finding_id=told.event_id,
            site=self._site,
            asset=told.route.asset.key,
            failure_mode=UNCLASSIFIED if template is None else template.failure_mode,
            source=FindingSource.RULE,
            severity=severity,
            safety=safety,
            observed_at=from_ms(told.observed_ms),
            received_at=from_ms(told.record.received_ms),
            subject=told.name,
            detail={"event": told.name, "data": told.data, "tags": list(tags), **names},
        )

    def _cleared(self, told: _Told, ended: str, observed_ms: int) -> FindingCleared:
        template = self._template(told.route, ended)
        return FindingCleared(
            finding_id=stable_id("cleared", told.event_id),
            site=self._site,
            asset=told.route.asset.key,
            failure_mode=UNCLASSIFIED if template is None else template.failure_mode,
            source=FindingSource.RULE,
            observed_at=from_ms(observed_ms),
            received_at=from_ms(told.record.received_ms),
            subject=ended,
        )

    def end_batch(self) -> None:
        """Nobody asks for what events among other messages say of holes."""
        self._others.changes()
        self._strays, self._strays_again = OncePerMessage(self._others.repeated), OncePerMessage(self._others.again)

    def snapshot(self) -> bytes:
        """The whole state."""
        return self._state(numbers=True)

    def hand_over(self) -> bytes:
        """The events that are open or have ended, without the memory of sequence numbers."""
        return self._state(numbers=False)

    def _state(self, *, numbers: bool) -> bytes:
        standing = [(*key, *one.as_json()) for key, one in self._open.items()]
        ends = [(*key, end.happened_ms, end.boot, end.seq, of) for (*key, of), end in self._ends.items()]
        trackers = {"sequences": self.sequences, "others": self._others}
        return orjson.dumps(
            {
                "standing": standing,
                "ends": ends,
                **{name: one.snapshot().decode() if numbers else "" for name, one in trackers.items()},
            }
        )

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._open, self._ends = {}, {}
        self.sequences.restore(b"")
        self._others.restore(b"")
        self.end_batch()
        if not state:
            return
        try:
            data = orjson.loads(state)
            # What an earlier program kept is when they were received: any end may be newer.
            standing = data["standing"] if "standing" in data else [(*row[:2], 0) for row in data["open"]]
            self._open = {(asset, name): standing_from(row) for asset, name, *row in standing}
            for asset, name, happened_ms, boot, seq, *of in data.get("ends", ()):
                origin = tuple((word, value) for word, value in (of[0] if of else ()))
                self._ends[asset, name, origin] = _End(happened_ms, boot, seq)
            self.sequences.restore(data["sequences"].encode())
            self._others.restore(data.get("others", "").encode())
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of event rules") from error


def _put(known: dict[Any, Any], key: tuple[object, ...], value: object) -> None:
    """Keep it as the newest of at most ``MAX_OPEN``."""
    known.pop(key, None)
    known[key] = value
    if len(known) > MAX_OPEN:
        del known[next(iter(known))]


def _observed(raw: object, received_ms: int, simulated: bool) -> tuple[int, list[str]]:
    """The instant that stands, and what is odd about the device's own."""
    ts_ms = parse_ts(raw)
    if ts_ms == NO_TIME:
        return received_ms, []
    if ts_ms is None or not YEAR_2000_MS <= ts_ms <= received_ms + FUTURE_MS:
        return received_ms, ["clock_wrong"]
    late = not simulated and received_ms - ts_ms > LATE_MS
    return ts_ms, ["late"] if late else []


def _matters(unread: _Told, out: EventOutcome) -> bool:
    """Whether what nobody has read may have been a safety event, and such a one as is not told yet."""
    if unread.name == UNTOLD:
        return unread.guarded or says_safety(unread.told_severity)
    return unread.guarded and not any(isinstance(one, FindingRaised) and one.safety for one in out.findings)
