"""Topic sources: how the messages of foreign devices are found and which of their fields feed which points.

Topic filters are MQTT's (MQTT 3.1.1, section 4.7): ``+`` stands for one level, ``#`` at the end for the level
before it and any number of further ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from plantroom.domain.assets import Plant, Priority, Source, SourceClock
from plantroom.errors import FieldProblem

ROOT = "plantroom"
LEVELS = 4
"""Of a canonical topic."""

CHANNELS_OF_THEIR_OWN = ("event", "status")
"""Canonical channels that no source takes over: a safety event is never swallowed."""

MAX_FIELDS = 10_000
MAX_KNOWN_TOPICS = 20_000
MAX_FILTER_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One field of a device's messages that feeds a point.

    ``asset`` is an asset's code in the source's site (empty: the source's own, or the one that the topic names),
    ``unit`` the UCUM unit that the device sends (empty: what the message says, else the point's own).
    """

    field: str
    point: str
    asset: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TopicSource:
    """Messages on ``topic_filter``, read by ``dialect``.

    Without ``fields`` every name that the device sends is taken for a point's key; with them only those named are
    taken. ``asset`` is the code of the asset that fields without one belong to; ``asset_from`` says instead which
    level of the topic holds that code (1 is the first, 0: none). ``time_zone`` is the IANA zone of devices that send
    local time. ``version`` counts changes.
    """

    key: str
    site: str
    name: str
    topic_filter: str
    dialect: str
    priority: Priority = Priority.NORMAL
    clock: SourceClock = SourceClock.LIVE
    time_zone: str = ""
    asset: str = ""
    asset_from: int = 0
    fields: tuple[FieldMapping, ...] = field(default=())
    version: int = 1

    def named_assets(self) -> list[str]:
        """Codes of the assets that the source names itself, each once."""
        codes = [self.asset, self.fixed_code(), *(one.asset for one in self.fields)]
        return [code for code in dict.fromkeys(codes) if code]

    def fixed_code(self) -> str:
        """The code at the level ``asset_from`` of every topic of the filter; empty: there is none, or it differs."""
        return "" if not self.asset_from or self.open_ended() else self.topic_filter.split("/")[self.asset_from - 1]

    def open_ended(self) -> bool:
        """Whether each topic says anew whose its values are, so that nobody can tell beforehand which assets it has."""
        if not self.asset_from:
            return False
        level = self.topic_filter.split("/")[self.asset_from - 1 : self.asset_from]
        return level in ([], ["+"], ["#"])

    def literal_levels(self) -> int:
        """How many levels at the filter's beginning hold no wildcard."""
        levels = self.topic_filter.split("/")
        return next((n for n, level in enumerate(levels) if level in {"+", "#"}), len(levels))


def sources_of(plant: Plant, site: str | None = None) -> Mapping[str, Source]:
    """The source of every asset that has one, by the asset's key: its own, else one with the clock of the first topic
    source that names the asset, and of safety priority if any of them is. ``site``: topic sources of this site alone.
    O(assets named)."""
    found: dict[str, Source] = {}
    for one in plant.topic_sources:
        if site in {None, one.site}:
            for key in (plant.codes.get((one.site, code)) for code in one.named_assets()):
                if key is not None:
                    first = found.setdefault(key, Source(key, clock=one.clock))
                    found[key] = first if one.priority is Priority.NORMAL else replace(first, priority=Priority.SAFETY)
    return found | dict(plant.sources)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic is one of the filter's."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    for n, level in enumerate(wanted):
        if level == "#":
            return True
        if n == len(given) or level not in {"+", given[n]}:
            return False
    return len(wanted) == len(given)


def overlap(one: str, other: str) -> bool:
    """Whether some topic is both filters'."""
    a, b = one.split("/"), other.split("/")
    for n in range(max(len(a), len(b)) + 1):
        if (n < len(a) and a[n] == "#") or (n < len(b) and b[n] == "#"):
            return True
        if n == len(a) or n == len(b):
            return len(a) == len(b)
        if a[n] != b[n] and "+" not in {a[n], b[n]}:
            return False
    return False


def source_of(topic: str, sources: Iterable[TopicSource]) -> TopicSource | None:
    """The source that a topic belongs to: of those whose filter fits the one with the most exact filter, of equal
    ones that with the first key. Canonical event and status topics belong to none."""
    levels = topic.split("/")
    if len(levels) == LEVELS and levels[0] == ROOT and levels[3] in CHANNELS_OF_THEIR_OWN:
        return None
    found = [source for source in sources if matches(source.topic_filter, topic)]
    return min(found, key=_exactness) if found else None


class SourceTopics:
    """The sources of one site by topic; what was found once is remembered. Any thread."""

    def __init__(self, sources: Iterable[TopicSource] = ()) -> None:
        self.sources = tuple(sources)
        self._inside = tuple(s for s in self.sources if s.topic_filter.startswith(f"{ROOT}/"))
        self._outside = tuple(s for s in self.sources if s not in self._inside)
        self._known: dict[str, TopicSource | None] = {}

    def owner(self, topic: str) -> TopicSource | None:
        """As ``source_of``. O(1) for a known topic."""
        candidates = self._inside if topic.startswith(f"{ROOT}/") else self._outside
        if not candidates:
            return None
        if topic not in self._known:
            if len(self._known) >= MAX_KNOWN_TOPICS:
                self._known = {}
            self._known[topic] = source_of(topic, candidates)
        return self._known.get(topic)


def _exactness(source: TopicSource) -> tuple[list[int], str]:
    """Rises with the filter's breadth, level by level: a word before ``+`` before ``#``."""
    return [{"+": 1, "#": 2}.get(level, 0) for level in source.topic_filter.split("/")], source.key


def filter_problem(topic_filter: str, site: str) -> str | None:
    """What is wrong with a source's filter, in plain words, or ``None``.

    The first level is a word: a filter that begins with a wildcard would take other sites' messages; for the same
    reason one under ``plantroom/`` goes on with the source's own site.
    """
    levels = topic_filter.split("/")
    if not topic_filter or len(topic_filter.encode()) > MAX_FILTER_BYTES or not topic_filter.isprintable():
        return "should be a printable MQTT topic filter"
    if levels[0] in {"+", "#", ""} or levels[0].startswith("$"):
        return "should begin with a word: a wildcard, a slash or $ there would reach topics that are not this site's"
    for n, level in enumerate(levels):
        if ("#" in level and (level != "#" or n != len(levels) - 1)) or ("+" in level and level != "+"):
            return "+ stands alone between slashes, # alone at the end"
    if levels[0] == ROOT and (len(levels) < 3 or levels[1] != site):
        return f"under {ROOT}/ only topics of the own site are allowed: {ROOT}/{site}/..."
    return None


def source_problems(source: TopicSource) -> list[FieldProblem]:
    """Everything that is wrong with a source by itself (whether assets, points and units fit is the ledger's word)."""
    found = []
    if words := filter_problem(source.topic_filter, source.site):
        found.append(FieldProblem("topic_filter", "bad_filter", words))
    if not source.name.strip():
        found.append(FieldProblem("name", "empty", "should say what the source is"))
    found += _asset_problems(source)
    if source.time_zone and not _is_zone(source.time_zone):
        found.append(FieldProblem("time_zone", "unknown_zone", "should be an IANA time zone, such as Asia/Shanghai"))
    return found + _field_problems(source.fields)


def _asset_problems(source: TopicSource) -> list[FieldProblem]:
    levels, found = source.topic_filter.split("/"), []
    if source.asset and source.asset_from:
        found.append(FieldProblem("asset_from", "twice", "either asset or asset_from says whose the values are"))
    if not 0 <= source.asset_from <= 64 or (0 < source.asset_from > len(levels) and levels[-1] != "#"):
        found.append(FieldProblem("asset_from", "no_such_level", "should be a level of the topics, 1 for the first"))
    homeless = not source.fields or any(not one.asset for one in source.fields)
    if homeless and not source.asset and not source.asset_from:
        words = "nothing says whose the values are: give asset, asset_from, or an asset for each field"
        found.append(FieldProblem("asset", "missing", words))
    if source.clock is SourceClock.SIMULATED and source.open_ended():
        words = "a simulated clock needs its assets named: give asset or an asset for each field"
        found.append(FieldProblem("clock", "assets_unknown", words))
    if source.priority is Priority.SAFETY and source.open_ended():
        words = (
            "a safety source needs its assets named, so that their alarms are safety alarms whatever comes: give asset,"
            " an asset for each field, or one source for each device with its code in the filter"
        )
        found.append(FieldProblem("priority", "assets_unknown", words))
    return found


def _field_problems(fields: Sequence[FieldMapping]) -> list[FieldProblem]:
    found = []
    if len(fields) > MAX_FIELDS:
        found.append(FieldProblem("fields", "too_many", f"at most {MAX_FIELDS}"))
    seen = set()
    for n, one in enumerate(fields):
        if not one.field or not one.point:
            found.append(FieldProblem(f"fields.{n}", "empty", "field and point should both be given"))
        target = (one.asset, one.point)
        if (one.field, target) in seen:
            found.append(FieldProblem(f"fields.{n}", "twice", f"{one.field} feeds {one.point} already"))
        seen.add((one.field, target))
    return found


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
