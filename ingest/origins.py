"""Where in a device an event comes from: a panel tells of many detectors with one word. Pure.

Of each event of an asset it is kept which of its origins stand. The end of one leaves the others standing, so that a
detector that is reset does not hide another one in the same panel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ingest.rejections import printable
from plantroom.domain.findings import PLACE

Origin = tuple[tuple[str, str], ...]
"""Words and their values, in the order of ``PLACE``; empty: the device does not say."""

MAX_VALUE = 40
"""How many characters of each are kept."""

MAX_ORIGINS = 50
"""How many origins of one event are known apart: the newest."""

EARLIER: Origin = (("", ""),)
"""What an earlier version kept, without its origin: any end ends it."""


def origin_of(data: Mapping[str, object]) -> Origin:
    """The origin that an event's data names: texts and numbers, cut at ``MAX_VALUE`` characters."""
    found = ((word, _plain(data.get(word))) for word in PLACE)
    return tuple((word, value) for word, value in found if value)


def text_of(origin: Origin) -> str:
    """As people read it: ``zone 7, loop 2``; empty when the device does not say."""
    return ", ".join(f"{word} {value}" for word, value in origin)


def wider(origin: Origin) -> Iterator[Origin]:
    """The origins whose end is this one's end too: itself, and those that name fewer of its words."""
    for count in range(len(origin), -1, -1):
        yield from combinations(origin, count)


@dataclass(slots=True)
class Standing:
    """What stands of one event of an asset: when the newest of each origin happened (epoch ms, the newest last),
    whether there are ``more`` than are known apart, and when the newest of those happened that ended."""

    raised: dict[Origin, int]
    more: bool = False
    ended_ms: int = 0

    def put(self, origin: Origin, happened_ms: int) -> None:
        """It came, or came again."""
        self.raised[origin] = max(happened_ms, self.raised.pop(origin, happened_ms))
        if len(self.raised) > MAX_ORIGINS:
            del self.raised[next(iter(self.raised))]
            self.more = True

    def end(self, origin: Origin, happened_ms: int) -> bool:
        """One origin, or all of those that it comprises, is over, but for what came after this word of its end; gives
        whether nothing stands any more. Of ``more`` than are known only the end of all is the end."""
        for one in [one for one in self.raised if one == EARLIER or set(origin) <= set(one)]:
            if self.raised[one] <= happened_ms:
                del self.raised[one]
                self.ended_ms = max(self.ended_ms, happened_ms)
        if not origin and not self.raised:
            self.more = False
        return not self.raised and not self.more

    def as_json(self) -> list[Any]:
        """For the saved state."""
        return [list(self.raised.items()), self.more, self.ended_ms]


def standing_from(row: list[Any]) -> Standing:
    """From the saved state, ours or that of an earlier version (an instant alone). Raises ``TypeError`` and
    ``ValueError`` for what is neither."""
    if len(row) == 1:
        return Standing({EARLIER: int(row[0])})
    raised, more, ended_ms = row
    known = {tuple((str(word), str(value)) for word, value in origin): int(at) for origin, at in raised}
    return Standing(known, bool(more), int(ended_ms))


def _plain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return printable(str(whole).strip())[:MAX_VALUE]
