"""Which lane of a site takes which topics."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from plantroom.domain.assets import Plant, Priority
from plantroom.domain.sources import SourceTopics, TopicSource
from plantroom.lanes import LANES, lane_of, safety_topics
from plantroom.ports.spool import Lane
from plantroom.wire import MARKS, ROOT, Channel


class Owner(NamedTuple):
    """The lane that a topic belongs to, and the filter that brings it there."""

    lane: Lane
    by: str


@dataclass(frozen=True)
class TopicRules:
    """Which lane a site's topics belong to, by the ledger of one moment: all events, the telemetry of safety sources
    and the topics of ``sources`` marked safety to the safety lane, the rest to the normal one. Of the sources only key,
    filter and priority count."""

    site: str
    safety: frozenset[str] = frozenset()
    sources: tuple[TopicSource, ...] = ()
    _topics: SourceTopics = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        bare = [TopicSource(s.key, self.site, "", s.topic_filter, "", s.priority) for s in self.sources]
        object.__setattr__(self, "sources", tuple(sorted(bare, key=lambda source: source.key)))
        object.__setattr__(self, "_topics", SourceTopics(self.sources))

    @classmethod
    def of(cls, plant: Plant, site: str) -> "TopicRules":
        """By this state of the ledger."""
        sources = tuple(source for source in plant.topic_sources if source.site == site)
        return cls(site, safety_topics(plant, site), sources)

    @property
    def all(self) -> str:
        """The filter of every topic of the site."""
        return f"{ROOT}/{self.site}/#"

    @property
    def events(self) -> str:
        """The filter of its events."""
        return f"{ROOT}/{self.site}/+/{Channel.EVENT}"

    @property
    def marks(self) -> str:
        """The filter of the collector's own messages to its lanes."""
        return f"{ROOT}/{self.site}/{MARKS}/+"

    def filters(self, lane: Lane) -> Sequence[str]:
        """What a lane subscribes to."""
        own = {self._by(source) for source in self.sources if LANES[source.priority] is lane}
        if lane is Lane.NORMAL:
            return [self.all, *sorted(own - {self.all})]
        return [self.events, self.marks, *sorted(self.safety | own)]

    def _by(self, source: TopicSource) -> str:
        """The filter that brings a source's topics; those of the site come to the normal lane anyway."""
        inside = source.topic_filter.startswith(f"{ROOT}/") and source.priority is Priority.NORMAL
        return self.all if inside else source.topic_filter

    def owner(self, topic: str) -> Owner | None:
        """Whose a topic is; ``None``: it belongs to whoever gets it. O(1) for a known topic."""
        source = self._topics.owner(topic) if self.sources else None
        lane = lane_of(topic, self.site, source, self.safety)
        if lane is None:
            return None
        if source is not None:
            by = self._by(source)
        elif topic in self.safety:
            by = topic
        else:
            by = self.events if lane is Lane.SAFETY else self.all
        return Owner(lane, by)
