"""When a message goes out, alone or with others, and when it is tried again. Pure.

A receiver that is away rests longer and longer; a flood of messages becomes digests, so that nobody gets five hundred.
WeCom's bots take 20 messages a minute (M).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.notify.channels import ChannelKind
from maintenance.notify.messages import Message

ALONE = 5
"""Up to so many that wait at once go out one by one."""

WINDOW = timedelta(minutes=10)
IN_WINDOW, URGENT_IN_WINDOW = 10, 20
"""After so many in a window what comes is gathered: what is not urgent, and what is."""

DIGEST_EVERY, URGENT_DIGEST_EVERY = timedelta(minutes=5), timedelta(minutes=1)
MOST_IN_ONE = 200

MAX_ATTEMPTS = 10
"""Then a message is given up: after about an hour and a half."""

ELSEWHERE_AFTER = 3
"""An urgent message that failed so often (about a minute) goes out by the site's other channels, too."""

FIRST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=30)
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes out next: one message, or many as a digest. Without any: ``wait_until`` then."""

    messages: tuple[Message, ...] = ()
    digest: bool = False
    wait_until: datetime | None = None


def next_batch(
    kind: ChannelKind, waiting: Sequence[Message], sent: int, digest_at: datetime | None, now: datetime
) -> Batch:
    """What a channel carries next, of those that wait. ``sent``: how many it has carried one by one within ``WINDOW``;
    ``digest_at``: when its last digest went out. Other programs get every message by itself."""
    if not waiting:
        return Batch()
    ordered = sorted(waiting, key=lambda one: (one.attempts, one.created_at, one.id))
    if kind is ChannelKind.WEBHOOK:
        return Batch((ordered[0],))
    urgent = [one for one in ordered if one.urgent]
    if urgent:
        return _batch(urgent, sent < URGENT_IN_WINDOW, URGENT_DIGEST_EVERY, digest_at, now)
    return _batch(ordered, sent < IN_WINDOW, DIGEST_EVERY, digest_at, now)


def _batch(
    some: Sequence[Message], few_sent: bool, every: timedelta, digest_at: datetime | None, now: datetime
) -> Batch:
    if few_sent and len(some) <= ALONE:
        return Batch((some[0],))
    # A clock that was set back makes nobody wait for days.
    if digest_at is not None and timedelta(0) <= now - digest_at < every:
        return Batch(wait_until=digest_at + every)
    return Batch(tuple(some[:MOST_IN_ONE]), digest=True)


def rest(failures: int, chance: float) -> timedelta:
    """How long a channel rests after so many failures in a row; ``chance`` (0 to 1) spreads those that failed
    together."""
    doubled: int = 2 ** min(failures - 1, 20)
    longest = min(FIRST_REST * doubled, LONGEST_REST)
    return longest * (1 - JITTER + 2 * JITTER * chance)
