"""Safety events of devices that the ledger does not know, at a site of the ledger or at one that it does not have.

Such a message stays a dead letter, to be replayed once the asset is entered; but somebody may be trapped in an
elevator whose code was mistyped, so people hear of the event at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ingest.dialects.decoded import EventObject
from ingest.dialects.json.decoder import UNTOLD, may_hold_events, says_safety
from ingest.event_messages import event_objects
from ingest.event_names import AS_SENT, EventNames
from ingest.events import MAX_NAME, RETAINED
from ingest.instants import from_ms
from ingest.letters import name_of
from ingest.rejections import UNKNOWN_ASSET, UNKNOWN_SITE, printable, stable_id
from plantroom.domain.assets import UNCLASSIFIED, EquipmentClass, EventTemplate, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import Channel, Topic, parse_topic


class StrangerRules:
    """Findings without an asset, one for each event that says it is a safety event or is known as one in any class.

    They belong to ``site``; for a message of another site their detail says which (``site``).
    """

    def __init__(self, site: str, lane: str, classes: Mapping[str, EquipmentClass]) -> None:
        self._site = site
        self._lane = lane
        self._names = EventNames(classes)

    def take(self, record: SpoolRecord) -> list[FindingRaised]:
        """What a message of an unknown asset is worth telling: its safety events, on whatever topic they come."""
        parts = parse_topic(record.topic)
        if parts is None or parts.channel is Channel.STATUS:
            return []
        if parts.channel is Channel.TELEMETRY and not may_hold_events(record.payload):
            return []
        objects, _ = event_objects(record)
        return [self._finding(record, parts, one, known) for one in objects for known in self._weigh(one)]

    def take_mapped(self, record: SpoolRecord, code: str, objects: Sequence[EventObject]) -> list[FindingRaised]:
        """The same of a message that a topic source takes, of a device that is called so."""
        parts = Topic(self._site, code, Channel.TELEMETRY)
        found = [self._finding(record, parts, one, known) for one in objects for known in self._weigh(one)]
        topic = printable(record.topic)[:MAX_NAME]
        return [replace(one, detail={**one.detail, "topic": topic}) for one in found]

    def _weigh(self, one: EventObject) -> list[EventTemplate | None]:
        """The event's template where a class has one; empty when it is no safety event. What is untold may be one."""
        known = self._names.safety(str(one.fields["event"]).strip())
        untold = one.damaged and one.fields["event"] == UNTOLD
        return [known] if says_safety(one.fields.get("severity")) or known is not None or untold else []

    def _finding(
        self, record: SpoolRecord, parts: Topic, one: EventObject, known: EventTemplate | None
    ) -> FindingRaised:
        called = printable(str(one.fields["event"]).strip())[:MAX_NAME]
        name = called if known is None else known.key
        words: dict[str, object] = {} if known is None else {"name": {"zh": known.name.zh, "en": known.name.en}}
        at_home = parts.site == self._site
        elsewhere = {} if at_home else {"site": printable(parts.site)[:MAX_NAME]}
        if name != called:
            words[AS_SENT] = called
        detail = {"event": name, "code": printable(parts.asset)[:MAX_NAME], **elsewhere, **words}
        received_at = from_ms(record.received_ms)
        old = record.retained
        place = (name_of("", self._lane, record),) if old else (self._lane, record.position, record.received_ms)
        return FindingRaised(
            finding_id=stable_id("stranger", parts.site, parts.asset, called, *place, one.element),
            site=self._site,
            asset="",
            failure_mode=UNCLASSIFIED,
            source=FindingSource.RULE,
            severity=Severity.CRITICAL,
            safety=True,
            # A device that nobody entered has no clock that anybody checked.
            observed_at=received_at,
            received_at=received_at,
            subject=name,
            detail=detail | {"tags": [UNKNOWN_ASSET if at_home else UNKNOWN_SITE, *([RETAINED] if old else [])]},
        )
