"""Topic sources of whose messages nothing is taken, which is what a mistyped field looks like."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ingest.condition_words import Words, words_of
from plantroom.domain.assets import LocalName
from plantroom.domain.sources import TopicSource

IDLE_MS = 3_600_000
IDLE_MESSAGES = 20
"""For so long, and in so many messages with numbers, no field that the source maps: what sends a button's press now and
then, and its battery once an hour, is not meant."""

FIGURE = "source_idle/"
"""Begins the names of the figures that count a source's messages, before its key."""

SOURCE_IDLE: Words = words_of(
    ("数据源的字段对不上", "A source takes nothing of what its devices send"),
    (
        "一小时以上、{count} 条带数值的消息中，没有数据源所映射的任何字段。",
        "For an hour or more, {count} messages with numbers had none of the fields that the source maps.",
    ),
    LocalName(
        "这些消息中的数值没有存储，也没有保留。",
        "The numbers in these messages are not stored, and the messages are not kept.",
    ),
    (
        "查看字段名（区分大小写）：plantroom source list 找到该数据源，用 plantroom source test 试一条消息，改正映射。",
        (
            "Look at the names of its fields (capital letters count): find it by `plantroom source list`, try a message"
            " by `plantroom source test`, and correct the mapping."
        ),
    ),
)


@dataclass(slots=True)
class _Passed:
    """Messages in a row of which nothing was taken, when the first and the last of them came."""

    version: int
    first_ms: int
    last_ms: int
    count: int = 0


class IdleSources:
    """Counts them since the start. One thread."""

    def __init__(self) -> None:
        self._passed: dict[str, _Passed] = {}

    def follow(self, keys: Collection[str]) -> None:
        """These sources are there."""
        self._passed = {key: passed for key, passed in self._passed.items() if key in keys}

    def note(self, source: TopicSource, received_ms: int, *, taken: bool) -> None:
        """A message with numbers came, of which a field was taken or not."""
        if taken:
            self._passed.pop(source.key, None)
            return
        passed = self._passed.get(source.key)
        if passed is None or passed.version != source.version:
            passed = self._passed[source.key] = _Passed(source.version, received_ms, received_ms)
        passed.last_ms = received_ms
        passed.count += 1

    def figures(self) -> Mapping[str, float]:
        """By the name of the figure, how many of each source that is idle."""
        return {
            f"{FIGURE}{key}": passed.count
            for key, passed in self._passed.items()
            if passed.count >= IDLE_MESSAGES and passed.last_ms - passed.first_ms >= IDLE_MS
        }
