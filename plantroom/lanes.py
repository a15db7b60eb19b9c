"""Which of a site's two lanes a topic takes: one answer for those who hear it and those who read it."""

from collections.abc import Collection

from plantroom.domain.assets import Plant, Priority
from plantroom.domain.sources import TopicSource, sources_of
from plantroom.ports.spool import Lane
from plantroom.wire import ROOT, Channel

LANES = {Priority.NORMAL: Lane.NORMAL, Priority.SAFETY: Lane.SAFETY}
"""The lane of each priority."""


def safety_topics(plant: Plant, site: str) -> frozenset[str]:
    """Canonical telemetry topics of the site whose asset's source (``sources_of``) is marked safety, under every name
    the asset goes by. O(assets of the site)."""
    found = sources_of(plant, site)
    keys = {key for key, source in found.items() if source.priority is Priority.SAFETY}
    return frozenset(
        f"{ROOT}/{s}/{code}/{Channel.TELEMETRY}" for (s, code), key in plant.codes.items() if s == site and key in keys
    )


def lane_of(topic: str, site: str, source: TopicSource | None, safety: Collection[str]) -> Lane | None:
    """The lane of a topic's messages: as its ``source`` says, if one takes it, else events and the ``safety`` topics
    that of safety. ``None``: it is none of the site's."""
    if source is not None:
        return LANES[source.priority]
    if topic in safety:
        return Lane.SAFETY
    if not topic.startswith(f"{ROOT}/{site}/"):
        return None
    return Lane.SAFETY if topic.endswith(f"/{Channel.EVENT}") and topic.count("/") == 3 else Lane.NORMAL
