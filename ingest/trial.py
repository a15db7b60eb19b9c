"""What a topic source would do, without doing it: checks before it is saved, and messages tried without storing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ingest.dialects import DIALECTS
from ingest.outcome import Outcome
from ingest.pipeline import Pipeline
from ingest.presence import HOLD_MS, RETAINED_MS, PresenceTracker
from ingest.rejections import UNKNOWN_SITE
from plantroom.domain.assets import EquipmentClass, Plant, Presence
from plantroom.domain.quality import Reason
from plantroom.domain.sources import SourceTopics, TopicSource, source_problems
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.readings import FOR_EVER, ReadingBatch, Retention
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.units import UnitError, check_unit, conversion
from plantroom.wire import ROOT, parse_topic


@dataclass(frozen=True, slots=True)
class TriedMessage:
    """A topic and what is published on it."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class TriedReading:
    """A reading that would be stored; ``asset`` is the code, ``unit`` the point's own."""

    asset: str
    point: str
    ts_ms: int
    value: float
    unit: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of a message. ``source`` is the one that takes it (``None``: a canonical topic, or nobody),
    ``rejected`` holds reasons with the parts concerned, ``presence`` assets' codes with the word on them, ``requests``
    what would be published to devices, ``events`` the names of events by asset. ``passed_over``: the fields of a
    message that has none of those that the source maps (``None``: it has one, or no fields)."""

    site: str
    source: TopicSource | None
    readings: Sequence[TriedReading]
    rejected: Sequence[tuple[str, str]]
    presence: Sequence[tuple[str, Presence]]
    requests: Sequence[TriedMessage]
    events: Sequence[tuple[str, str]]
    passed_over: Sequence[str] | None = None


def check_source(plant: Plant, source: TopicSource) -> None:
    """Raises ``BadData`` that names each field that is wrong: the source by itself, an unknown dialect, assets and
    points that the ledger does not have, units that are none or that do not fit their points."""
    found = source_problems(source)
    if source.dialect not in DIALECTS:
        found.append(
            FieldProblem(
                "dialect", "unknown_dialect", f"{source.dialect!r} should be one of {', '.join(sorted(DIALECTS))}"
            )
        )
    if source.asset and (source.site, source.asset) not in plant.codes:
        found.append(FieldProblem("asset", "unknown_asset", f"site {source.site} has no asset {source.asset!r}"))
    fixed = source.fixed_code()
    if fixed and (source.site, fixed) not in plant.codes:
        words = (
            f"level {source.asset_from} of all topics of {source.topic_filter} is {fixed!r}, and site {source.site}"
            " has no such asset: choose the level that holds the asset's code, or enter the asset first"
        )
        found.append(FieldProblem("asset_from", "unknown_asset", words))
    for n, one in enumerate(source.fields):
        code = one.asset or source.asset
        key = plant.codes.get((source.site, code))
        if one.asset and key is None:
            words = f"site {source.site} has no asset {one.asset!r}"
            found.append(FieldProblem(f"fields.{n}.asset", "unknown_asset", words))
        point = plant.points.get(key, {}).get(one.point) if key is not None else None
        if key is not None and point is None:
            words = f"asset {code} has no point {one.point!r}"
            found.append(FieldProblem(f"fields.{n}.point", "unknown_point", words))
        try:
            check_unit(one.unit) if point is None else conversion(one.unit, point.template.unit)
        except UnitError as error:
            found.append(FieldProblem(f"fields.{n}.unit", error.code, str(error)))
    if found:
        raise BadData("; ".join(f"{problem.field}: {problem.message}" for problem in found[:5]), found)


def with_draft(plant: Plant, draft: TopicSource) -> Plant:
    """The plant as it would be with a source that is not saved yet, in place of the one of that key or filter."""
    others = [
        one
        for one in plant.topic_sources
        if one.key != draft.key and (one.site, one.topic_filter) != (draft.site, draft.topic_filter)
    ]
    return replace(plant, topic_sources=[*others, draft])


def site_of(plant: Plant, topic: str) -> str:
    """The site that hears a topic: the one whose source takes it, the one that a topic under our root names, whether it
    is there or not, else the only one. Raises ``BadData`` when that is nobody."""
    for site in plant.sites:
        if SourceTopics(one for one in plant.topic_sources if one.site == site).owner(topic) is not None:
            return site
    if named := _named_site(topic):
        return named
    if len(plant.sites) == 1:
        return next(iter(plant.sites))
    raise BadData(misnamed(topic) or f"no site hears the topic {topic!r}: say which one is meant")


def _named_site(topic: str) -> str:
    """The site's code in a topic under our root, canonical or not; empty: it has none."""
    root, _, rest = topic.partition("/")
    return rest.partition("/")[0] if root == ROOT else ""


def misnamed(topic: str) -> str | None:
    """What is wrong with a topic under our root, which no source may have, that is no canonical one."""
    if topic.split("/", maxsplit=1)[0] != ROOT or parse_topic(topic) is not None:
        return None
    if topic.startswith(f"{ROOT}//"):
        return "the topic has no site's code: correct it in the device"
    shape = f"{ROOT}/SITE/ASSET/telemetry, .../event or .../status"
    return f"the topic is none of Plantroom's own ({shape}): correct it in the device"


def try_messages(
    plant: Plant,
    classes: Mapping[str, EquipmentClass],
    site: str,
    messages: Sequence[TriedMessage],
    now_ms: int,
    retention: Retention = FOR_EVER,
) -> Trial:
    """What would become of the last of the messages, received at ``now_ms`` after the others (a Sparkplug birth), in a
    store that keeps readings for so long."""
    topic = messages[-1].topic
    owner = SourceTopics(one for one in plant.topic_sources if one.site == site).owner(topic)
    named = _named_site(topic)
    if owner is None and named and named not in plant.sites:
        return Trial(named, None, [], [(UNKNOWN_SITE, "")], [], [], [])
    presence = PresenceTracker(classes)
    presence.begin({}, now_ms - 2 * RETAINED_MS)
    pipeline = Pipeline(site, Lane.NORMAL, (), classes, presence)
    pipeline.follow(plant)
    for position, message in enumerate(messages, 1):
        presence.told_ledger(presence.pending())
        record = SpoolRecord(position, now_ms + position - len(messages), message.topic, message.payload)
        batch = pipeline.sort([record])
        told = pipeline.tell_events(batch)
        read = pipeline.read(batch)
        refused = [retention.refused(columns.readings, now_ms) for columns in read.columns]
        outcome = pipeline.conclude(batch, read, refused)
        outcome.take(told)
    presence.tick(Lane.NORMAL.value, now_ms + HOLD_MS)
    readings = [
        reading
        for columns, away in zip(read.columns, refused, strict=True)
        for reading in _readings(plant, columns.readings, {one.position for one in away})
    ]
    requests = [TriedMessage(one.topic, one.payload) for one in read.requests]
    trial = _trial(plant, site, owner, readings, outcome, presence, requests)
    return replace(trial, passed_over=next(iter(read.passed_over.values()), None))


def _trial(
    plant: Plant,
    site: str,
    owner: TopicSource | None,
    readings: Sequence[TriedReading],
    outcome: Outcome,
    presence: PresenceTracker,
    requests: Sequence[TriedMessage],
) -> Trial:
    changes = [note.change for note in presence.pending() if note.change is not None]
    return Trial(
        site=site,
        source=owner,
        readings=readings,
        rejected=[(letter.reason, letter.part) for letter in outcome.letters],
        presence=[(plant.assets[change.asset].code, change.presence) for change in changes],
        requests=requests,
        events=[(plant.assets[event.asset].code, event.event) for event in outcome.events],
    )


def _readings(plant: Plant, batch: ReadingBatch, refused: Collection[int]) -> Iterator[TriedReading]:
    rows = zip(batch.series_id.tolist(), batch.ts_ms.tolist(), batch.value.tolist(), batch.reason.tolist(), strict=True)
    for at, (s, *row) in enumerate(rows):
        if at not in refused:
            yield _reading(plant, batch.series[s].asset, batch.series[s].point, *row)


def _reading(plant: Plant, asset: str, point: str, ts_ms: int, value: float, reason: int) -> TriedReading:
    unit = plant.points[asset][point].template.unit
    return TriedReading(plant.assets[asset].code, point, ts_ms, value, unit, Reason(reason))
