"""Whose numbers messages have: an asset's publisher, or a topic's, where only fields say which assets it feeds."""

import zlib

_BETWEEN = "\n"

MAX_TOPICS = 1_000
"""Topics with counts of their own that are followed: anybody may invent one more."""


def publisher_of(asset: str, topic: str = "") -> str:
    """The publisher by the key of the asset that its gaps are listed under, and the topic that has a count of its own
    (empty: all that comes for the asset is one count)."""
    return f"{asset}{_BETWEEN}{topic}" if topic else asset


def asset_of(publisher: str) -> str:
    """Key of the asset that its gaps are listed under."""
    return publisher.partition(_BETWEEN)[0]


def is_topic(publisher: str) -> bool:
    """Whether it is a topic's."""
    return _BETWEEN in publisher


def numbering_of(publisher: str, numbering: int) -> int:
    """A numbering as it is listed: those of several topics under one asset are kept apart."""
    topic = publisher.partition(_BETWEEN)[2]
    return zlib.crc32(topic.encode("utf-8", "replace"), numbering) + 1 if topic else numbering
