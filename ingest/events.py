"""Event messages: kept for the history, and turned into findings at once.

A safety event is never swallowed: an unreadable or impossible time, bytes that are not UTF-8, a NaN in its
data, a repetition, maintenance, all become tags of a finding. Only a proven repetition (boot, seq and content
agree, and so does the device's own time) is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest.dialects.decoded import NO_SEQ, EventObject
from ingest.dialects.json.decoder import MAX_VALUES, count_values, digest_of, identity
from ingest.dialects.json.parse import MAX_DEPTH, Malformed, nesting, parse_at_any_cost
from ingest.instants import FUTURE_MS, LATE_MS, NO_TIME, YEAR_2000_MS, from_ms, parse_ts
from ingest.letters import name_of
from ingest.matching import AssetRoute
from ingest.rejections import WRONG_SHAPE, Rejection, printable, stable_id, with_detail
from ingest.sequences import OncePerMessage, SequenceTracker
from plantroom.domain.assets import UNCLASSIFIED, AssetStatus, EquipmentClass, EventTemplate, Severity
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.ledger import AssetEvent
from plantroom.ports.spool import SpoolRecord

SAFETY = "safety"
OVER = "over_already"
"""Tag of an event that came late, behind the one that ended it."""

RETAINED = "retained"
"""Tag of an event that the broker had kept from before: without a time of its own nobody knows when it was."""

UNNAMED = "unnamed_event"
"""Stands for the name of a safety event that has none."""

MAX_NAME = 120
MAX_OPEN = 10_000
MAX_NAMELESS = 100
"""Elements of an array that the reason for its letter counts up: half a million fit into a message."""

_SEVERITIES = {severity.value: severity for severity in Severity}


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

    @property
    def happened_ms(self) -> int:
        """When it happened, at the latest when it was received: a clock that is ahead makes nothing newer."""
        return min(self.observed_ms, self.record.received_ms)


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


def event_objects(record: SpoolRecord) -> tuple[list[EventObject], list[Rejection]]:
    """The objects of an event topic's payload, one or an array of them; ``message`` is 0 in all. One that is marked
    safety and names no event is ``UNNAMED``: a misspelt key must not swallow it."""
    document, cut = parse_at_any_cost(record.payload)
    if isinstance(document, Malformed):
        return [], [Rejection(0, document.reason)]
    elements = document if isinstance(document, list) else [document]
    found: list[EventObject] = []
    rejections: list[Rejection] = []
    for number, element in enumerate(elements):
        fields = _named(element)
        if fields is not None:
            found.append(EventObject(0, number, fields, digest_of(fields, record.payload, number), cut))
        elif len(rejections) < MAX_NAMELESS:
            part = f"[{number}]" if isinstance(document, list) else ""
            rejections.append(Rejection(0, with_detail(WRONG_SHAPE, "names no event"), part))
    return found, rejections or ([] if found else [Rejection(0, with_detail(WRONG_SHAPE, "names no event"))])


def _named(element: object) -> Mapping[str, object] | None:
    if not isinstance(element, dict):
        return None
    if isinstance(element.get("event"), str) and element["event"].strip():
        return element
    if not _says_safety(element.get("severity")):
        return None
    return {**element, "event": UNNAMED, "data": {"as_sent": element}}


def _says_safety(word: object) -> bool:
    return isinstance(word, str) and word.strip().lower() == SAFETY


def values_beside(payload: bytes) -> list[bytes]:
    """The objects of an event topic's payload that name an event and carry ``values`` too, each as a payload.

    With one that cannot be written again the whole payload is among them, once: its values are dead-lettered. So are
    all when they are more than a message may carry.
    """
    if b'"values"' not in payload:
        return []
    document, _ = parse_at_any_cost(payload)
    if not isinstance(document, list):
        return [payload] if _has_values(document) else []
    found, whole = [], []
    elements = list(filter(_has_values, document))
    if sum(map(count_values, elements)) > MAX_VALUES:
        return [payload]
    for element in elements:
        try:
            found.append(orjson.dumps(element))
        except TypeError:
            whole = [payload]
    return found + whole


def _has_values(element: object) -> bool:
    return isinstance(element, dict) and bool(element.get("values")) and isinstance(element.get("event"), str)


class EventRules:
    """The immediate rules: event templates of the asset's class, and the message's own word. One thread."""

    def __init__(self, site: str, lane: str, classes: Mapping[str, EquipmentClass]) -> None:
        self._site = site
        self._lane = lane
        self._classes = classes
        self.sequences = SequenceTracker()
        self._others = SequenceTracker()
        """Of events that came among other messages, whose numbers they share: repetitions are known, and a jump means
        nothing."""
        self.end_batch()
        self._open: dict[tuple[str, str], int] = {}
        """When the newest of each event that stands happened (epoch ms)."""
        self._ends: dict[tuple[str, str], _End] = {}

    def take(
        self,
        route: AssetRoute,
        record: SpoolRecord,
        objects: Sequence[EventObject],
        *,
        own_numbers: bool = True,
        message: str = "",
    ) -> EventOutcome:
        """Events and findings of one message, in its order. ``own_numbers``: it came on an event topic. ``message``:
        its name, if it is replayed."""
        out, again = EventOutcome(), bool(message) or record.retained
        if own_numbers:
            word = OncePerMessage(self.sequences.again if again else self.sequences.repeated)
        else:
            word = self._strays_again if again else self._strays
        for one in objects:
            told, repeated = self._told(route, record, one, word, message)
            if repeated:
                out.duplicates += 1
            else:
                self._decide(out, told)
        return out

    def _told(
        self, route: AssetRoute, record: SpoolRecord, one: EventObject, word: OncePerMessage, message: str
    ) -> tuple[_Told, bool]:
        name, fields = printable(str(one.fields["event"]).strip())[:MAX_NAME], one.fields
        observed_ms, tags = _observed(fields.get("ts"), record.received_ms, route.simulated)
        boot, seq = identity(fields)
        asset = route.asset.key
        own_time = fields.get("ts") is not None and "clock_wrong" not in tags
        seen = seq != NO_SEQ and word(record.position, asset, boot, seq, one.digest)
        if own_time:
            # By what it says, so that it is the same event on both lanes. The digest covers boot and seq.
            event_id = stable_id("event", self._site, asset, name, observed_ms, one.digest)
        else:
            # By the message's name, so that it is the same event when its letter is replayed, or when the broker
            # brings what it had retained once more.
            sender = message or name_of(self._site, self._lane, record)
            event_id = stable_id("event", self._site, asset, name, sender, one.element)
        if seen or (asset, name) in self._open:
            tags.append("repeated")
        if record.retained:
            tags.append(RETAINED)
        if route.asset.status is AssetStatus.UNDER_MAINTENANCE:
            tags.append("under_maintenance")
        data = None if one.cut else _data_of(fields)
        if data is None:
            tags.append("data_dropped")
        told = _Told(
            route, record, name, observed_ms, tuple(tags), fields.get("severity"), data or {}, event_id, boot, seq
        )
        return told, seen and own_time

    def _decide(self, out: EventOutcome, told: _Told) -> None:
        template = self._template(told.route, told.name)
        severity, safety, extra = _weight(template, told.told_severity)
        asset = told.route.asset.key
        end = self._ends.get((asset, told.name))
        over = end is not None and end.proves_over(told)
        tags = (*told.tags, *extra, *((OVER,) if over else ()))
        out.events.append(self._history(told, severity, safety, tags))
        if template is not None and template.clears is not None:
            self._end(out, told, template.clears)
            if not safety:
                return
        if severity is None:
            return
        out.findings.append(self._raised(told, template, severity, safety, tags))
        if end is not None and over:
            # It is never swallowed: its ticket is made, and the alarm is over at once.
            out.findings.append(self._cleared(told, told.name, end.happened_ms))
        else:
            self._note_open(asset, told)

    def _end(self, out: EventOutcome, told: _Told, ended: str) -> None:
        """An event is over, unless it came again after this word of its end."""
        key = told.route.asset.key, ended
        known = self._ends.get(key)
        if known is None or known.happened_ms <= told.happened_ms:
            _put(self._ends, key, _End(told.happened_ms, told.boot, told.seq))
        if told.happened_ms >= self._open.get(key, told.happened_ms):
            self._open.pop(key, None)
            out.findings.append(self._cleared(told, ended, told.observed_ms))

    def _template(self, route: AssetRoute, name: str) -> EventTemplate | None:
        known = self._classes.get(route.asset.equipment_class)
        return next((e for e in known.events if e.key == name), None) if known is not None else None

    def _note_open(self, asset: str, told: _Told) -> None:
        newest = max(told.happened_ms, self._open.get((asset, told.name), told.happened_ms))
        _put(self._open, (asset, told.name), newest)

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
        names = {} if template is None else {"name": {"zh": template.name.zh, "en": template.name.en}}
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
        standing = [(asset, name, at) for (asset, name), at in self._open.items()]
        ends = [(*key, end.happened_ms, end.boot, end.seq) for key, end in self._ends.items()]
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
        if not state:
            return
        try:
            data = orjson.loads(state)
            # What an earlier program kept is when they were received: any end may be newer.
            standing = data["standing"] if "standing" in data else [(*row[:2], 0) for row in data["open"]]
            self._open = {(asset, name): at for asset, name, at in standing}
            self._ends = {(asset, name): _End(*end) for asset, name, *end in data.get("ends", ())}
            self.sequences.restore(data["sequences"].encode())
            self._others.restore(data.get("others", "").encode())
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of event rules") from error


def _put(known: dict[tuple[str, str], Any], key: tuple[str, str], value: object) -> None:
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


def _weight(template: EventTemplate | None, told: object) -> tuple[Severity | None, bool, tuple[str, ...]]:
    """Severity (``None``: history only), safety and tags, from the template and from the message's own word."""
    word = told.strip().lower() if isinstance(told, str) else "" if told is None else "?"
    safety = word == SAFETY
    if template is not None:
        return template.severity, template.safety or safety, ()
    if safety:
        return Severity.CRITICAL, True, ("unknown_event",)
    if word in ("", Severity.INFO.value):
        return None, False, ("unknown_event",)
    severity = _SEVERITIES.get(word)
    if severity is None:
        return Severity.GENERAL, False, ("unknown_event", "unknown_severity")
    return severity, False, ("unknown_event",)


def _data_of(fields: Mapping[str, object]) -> dict[str, object] | None:
    """The event's data as a plain object without NaN and without NUL characters, which databases refuse;
    ``None`` when it is nested too deep to be kept."""
    data = fields.get("data")
    if data is None:
        return {}
    try:
        text = orjson.dumps(data if isinstance(data, dict) else {"value": data})
    except TypeError:
        return None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and nesting(text.decode()) > MAX_DEPTH:
        return None
    clean: dict[str, object] = orjson.loads(text.replace(b"\\u0000", b"\\ufffd"))
    return clean
