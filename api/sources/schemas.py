"""Shapes of topic sources."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, field_validator

from api.shapes import Instant, ListQuery, Payload, Shape
from ingest.trial import Trial, TriedMessage
from plantroom.domain.assets import Priority, SourceClock
from plantroom.domain.quality import quality_of
from plantroom.domain.sources import MAX_FIELDS, FieldMapping, TopicSource
from plantroom.errors import BadData, FieldProblem

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_PAYLOAD = 1 << 20

Word = Annotated[str, Field(max_length=300)]


class FieldOut(Shape):
    """A field of the device's messages and the point that it feeds."""

    field: str
    point: str
    asset: str
    unit: str


class FieldIn(Payload):
    """As it is shown; ``asset`` (a code) and ``unit`` (UCUM, what the device sends) may be left out."""

    field: Word
    point: Word
    asset: Word = ""
    unit: Word = ""

    def to_domain(self) -> FieldMapping:
        """The domain's record."""
        return FieldMapping(self.field, self.point, self.asset, self.unit)


class Source(Shape):
    """A topic source: which messages, in which dialect, feed which points."""

    key: str
    site: str
    name: str
    topic_filter: str
    dialect: str
    priority: Priority
    clock: SourceClock
    time_zone: str
    asset: str
    asset_from: int
    fields: list[FieldOut]
    version: int


class SourceList(Shape):
    """A page of sources, by site, name and key."""

    items: list[Source]
    next_cursor: str | None


class SourceQuery(ListQuery):
    """Filters of sources."""

    site: str | None = None


class SourceCreate(Payload):
    """A new source; see docs/dialects.md for the dialects."""

    site: Word
    name: Word
    topic_filter: Annotated[str, Field(max_length=1000)]
    dialect: Word
    priority: Priority = Priority.NORMAL
    clock: SourceClock = SourceClock.LIVE
    time_zone: Word = ""
    asset: Word = ""
    asset_from: Annotated[int, Field(ge=0, le=64)] = 0
    fields: Annotated[tuple[FieldIn, ...], Field(max_length=MAX_FIELDS)] = ()

    def to_domain(self, key: str) -> TopicSource:
        """The domain's record."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name != "fields"}
        return TopicSource(key, fields=tuple(one.to_domain() for one in self.fields), **given)


class SourceChange(Payload):
    """Fields to change; those left out stay."""

    name: Word = ""
    topic_filter: Annotated[str, Field(max_length=1000)] = ""
    dialect: Word = ""
    priority: Priority = Priority.NORMAL
    clock: SourceClock = SourceClock.LIVE
    time_zone: Word = ""
    asset: Word = ""
    asset_from: Annotated[int, Field(ge=0, le=64)] = 0
    fields: Annotated[tuple[FieldIn, ...], Field(max_length=MAX_FIELDS)] = ()

    def changes(self) -> dict[str, object]:
        """The fields that were sent, as the domain has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "fields" in given:
            given["fields"] = tuple(one.to_domain() for one in self.fields)
        return given


class Message(Payload):
    """A topic and what is published on it: ``payload`` as text, or ``payload_base64``."""

    topic: Annotated[str, Field(min_length=1, max_length=1000)]
    payload: Annotated[str | None, Field(max_length=MAX_PAYLOAD)] = None
    payload_base64: Annotated[str | None, Field(max_length=2 * MAX_PAYLOAD)] = None

    @field_validator("topic")
    @classmethod
    def _no_filter(cls, value: str) -> str:
        if "+" in value or "#" in value:
            raise ValueError("应为具体主题，不含通配符 / should be a topic, without wildcards")
        return value

    def to_domain(self) -> TriedMessage:
        """The bytes. Raises ``BadData`` for both forms, or none, and for what is no base64."""
        if (self.payload is None) == (self.payload_base64 is None):
            raise _bad("payload", "give payload or payload_base64")
        if self.payload is not None:
            return TriedMessage(self.topic, self.payload.encode("utf-8", "replace"))
        try:
            return TriedMessage(self.topic, base64.b64decode(self.payload_base64 or "", validate=True))
        except (binascii.Error, ValueError):
            raise _bad("payload_base64", "is no base64") from None


def _bad(field: str, words: str) -> BadData:
    return BadData(f"{field}: {words}", [FieldProblem(field, "invalid", words)])


class SourceTest(Message):
    """A message to try. ``before``: messages that come first (a Sparkplug birth); ``source``: one that is not saved
    yet, in place of the saved one of that filter; ``site``: left out, the site that hears the topic."""

    site: Word | None = None
    before: Annotated[tuple[Message, ...], Field(max_length=20)] = ()
    source: SourceCreate | None = None


class TriedReadingOut(Shape):
    """A reading that would be stored, in the point's unit; ``quality`` 0 good, 1 uncertain, 2 bad."""

    asset: str
    point: str
    ts: Instant
    value: float
    unit: str
    quality: int
    reason: str


class Rejected(Shape):
    """What would be dead-lettered and why; ``part`` names the values concerned (empty: the message)."""

    reason: str
    part: str


class PresenceOut(Shape):
    """A word on an asset's presence."""

    asset: str
    presence: str


class EventOut(Shape):
    """An event that the message would tell."""

    asset: str
    event: str


class RequestOut(Shape):
    """What would be published to a device."""

    topic: str
    payload_base64: str


class SourceTrial(Shape):
    """What would become of the message; nothing was stored. ``source`` is the key of the source that takes it (empty:
    one that is not saved)."""

    site: str
    source: str | None
    readings: list[TriedReadingOut]
    rejected: list[Rejected]
    presence: list[PresenceOut]
    requests: list[RequestOut]
    events: list[EventOut]

    @classmethod
    def of(cls, trial: Trial) -> Self:
        """From the trial."""
        return cls(
            site=trial.site,
            source=None if trial.source is None else trial.source.key,
            readings=[
                TriedReadingOut(
                    asset=one.asset,
                    point=one.point,
                    ts=_EPOCH + timedelta(milliseconds=one.ts_ms),
                    value=one.value,
                    unit=one.unit,
                    quality=int(quality_of(one.reason)),
                    reason=one.reason.name.lower(),
                )
                for one in trial.readings
            ],
            rejected=[Rejected(reason=reason, part=part) for reason, part in trial.rejected],
            presence=[PresenceOut(asset=asset, presence=word.value) for asset, word in trial.presence],
            requests=[
                RequestOut(topic=one.topic, payload_base64=base64.b64encode(one.payload).decode())
                for one in trial.requests
            ],
            events=[EventOut(asset=asset, event=event) for asset, event in trial.events],
        )
