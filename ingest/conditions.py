"""From figures and troubles to what people are told: what is wrong, since when, what is lost, what to do.

Pure rules over one picture of the way in. A store that is away makes a backlog: only the cause is told, with the
backlog's size. The same condition of several sites is told once and names them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TypeVar

from ingest.condition_words import FLOW, Words
from ingest.disk_words import BROKER_FORGOT, DISK_LOW
from ingest.idle_sources import FIGURE, SOURCE_IDLE
from ingest.letter_words import LET_GO, LETTERS, REPLAYING, family_of
from ingest.trouble_words import TROUBLES
from plantroom.domain import flow
from plantroom.domain.assets import LocalName
from plantroom.domain.flow import Trouble, TroubleKind, by_lane
from plantroom.ports.letters import LetterGroup
from plantroom.ports.spool import Lane

SILENT_S = 15.0
"""A collector reports once a second; after so long without a word something is wrong."""

BEHIND_S = 10.0
"""A lane is behind once its oldest message has waited for so long."""

GROWING_S = 60.0
LONGEST_S = 1e9
"""No message has waited longer, whatever a clock that was never set makes of it."""

DRAINING = 1.05
"""It is catching up when it deals with more than so many times what comes in."""

RECENT = timedelta(minutes=15)
"""Dead letters that are younger are a condition of now."""

GIVEN_UP_RECENTLY = timedelta(hours=24)
"""Messages that were given up, letters that were deleted and sessions that the broker forgot are told for so long:
whoever comes the next morning sees it, and nobody for ever."""

MAX_TOPIC = 100
"""Longer topics are cut in a condition's words."""

T = TypeVar("T")
K = TypeVar("K")


class Level(IntEnum):
    """How much it matters; the highest first on every list."""

    INFO = 0
    WARNING = 1
    URGENT = 2


class Help(StrEnum):
    """Where the one button leads that helps."""

    LETTERS = "letters"
    GAPS = "gaps"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that people should know. ``sites`` empty: it concerns everything. ``since``: ``None`` when nobody
    knows. ``detail`` are the words of the part that met it, ``reason`` the dead letters' code."""

    code: str
    level: Level
    title: LocalName
    text: LocalName
    loss: LocalName
    advice: LocalName
    sites: tuple[str, ...] = ()
    since: datetime | None = None
    lost: bool = False
    detail: str = ""
    help: Help = Help.NONE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Silent:
    """A collector that has not reported for ``SILENT_S`` or longer, and the sites that no other reports of."""

    collector: str
    last_at: datetime
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The way in at one moment, as far as somebody may see it: figures by site of the collectors that report
    (``plantroom.domain.flow.with_lanes``), dead letters of the last ``RECENT``, how many letters are kept in all,
    messages given up and letters deleted within ``GIVEN_UP_RECENTLY`` by site, and whether any collector has ever
    reported."""

    now: datetime
    troubles: Sequence[Trouble] = ()
    sites: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    silent: Sequence[Silent] = ()
    letters: Sequence[LetterGroup] = ()
    kept_letters: int = 0
    given_up: Mapping[str, int] = field(default_factory=dict)
    let_go: Mapping[str, int] = field(default_factory=dict)
    any_collector: bool = True


def conditions(picture: Picture) -> list[Condition]:
    """What there is to tell, the most urgent first and of those the oldest. Empty: all is flowing."""
    looks = (_collectors, _troubles, _backlogs, _figures, _forgotten, _low_disks, _idle, _given_up, _let_go, _letters)
    found = [one for look in looks for one in look(picture)]
    return sorted(found, key=lambda one: (-one.level, one.since or picture.now, one.code, one.sites))


_URGENT = {
    TroubleKind.BROKER_AWAY,
    TroubleKind.BROKER_REFUSES,
    TroubleKind.BROKER_REFUSES_TOPICS,
    TroubleKind.CLIENT_ID_SHARED,
    TroubleKind.SPOOL_FULL,
    TroubleKind.SPOOL_UNUSABLE,
    TroubleKind.STORE_AWAY,
    TroubleKind.STORE_UNAUTHORISED,
    TroubleKind.STORE_MISSING,
    TroubleKind.STORE_FULL,
}
"""While these last, safety events are not seen; or, for want of the readings store, no limit of a safety source."""

OF_STORE = frozenset(
    (TroubleKind.STORE_AWAY, TroubleKind.STORE_UNAUTHORISED, TroubleKind.STORE_MISSING, TroubleKind.STORE_FULL)
)
"""Troubles of the readings store."""

_HOLDS_BACK = OF_STORE | {
    TroubleKind.LEDGER_AWAY,
    TroubleKind.LEDGER_FULL,
    TroubleKind.INTERNAL,
    TroubleKind.SPOOL_UNUSABLE,
    TroubleKind.SPOOL_FULL,
}
"""What explains a backlog of its lane. A stage that fails holds nothing back."""


def _collectors(picture: Picture) -> Iterable[Condition]:
    if not picture.any_collector:
        yield _told("collector_missing", Level.URGENT, FLOW["collector_missing"])
    for one in picture.silent:
        span = _span((picture.now - one.last_at).total_seconds())
        words = _filled(FLOW["collector_silent"], span, collector=one.collector)
        yield _told("collector_silent", Level.URGENT, words, one.sites, one.last_at)


def _troubles(picture: Picture) -> Iterable[Condition]:
    for kind, some in _grouped(picture.troubles, lambda trouble: trouble.kind).items():
        sites = tuple(sorted({trouble.site for trouble in some if trouble.site}))
        figures = [picture.sites.get(site, {}) for site in sites] if sites else list(picture.sites.values())
        level = Level.URGENT if kind in _URGENT else Level.WARNING
        since = min((trouble.since for trouble in some if trouble.since is not None), default=None)
        one = _told(kind.value, level, _filled(TROUBLES[kind], _NO_SPAN, **_waiting(figures)), sites, since)
        lost = kind is TroubleKind.BROKER_REFUSES_TOPICS
        yield replace(one, detail=some[0].words, lost=lost)


def _backlogs(picture: Picture) -> Iterable[Condition]:
    held_back = {(trouble.site, trouble.lane) for trouble in picture.troubles if trouble.kind in _HOLDS_BACK}
    for site, figures in picture.sites.items():
        for lane, own in by_lane(figures).items():
            if held_back & {(site, lane), (site, ""), ("", lane), ("", "")}:
                continue
            if own.get("lag_s", 0) >= BEHIND_S and own.get("spool_depth", 0):
                yield _backlog(picture.now, site, lane, own)


def _backlog(now: datetime, site: str, lane: str, figures: Mapping[str, float]) -> Condition:
    lag_s, depth = figures["lag_s"], figures["spool_depth"]
    comes, goes = figures.get("messages_per_s", 0), figures.get("done_per_s", 0)
    since = now - timedelta(seconds=min(lag_s, LONGEST_S))
    rates = {"in_per_s": _count(comes), "done_per_s": _count(goes), **_waiting([figures])}
    if lane == Lane.SAFETY:
        words = _filled(FLOW["safety_behind"], _span(lag_s), **rates)
        return _told("safety_behind", Level.URGENT, words, (site,), since)
    left_s = drained_in_s(depth, comes, goes)
    if left_s is None and lag_s >= GROWING_S:
        words = _filled(FLOW["backlog_growing"], _span(lag_s), **rates)
        return _told("backlog_growing", Level.WARNING, words, (site,), since)
    if left_s is None:
        words = _filled(FLOW["backlog_young"], _span(lag_s), **rates)
        return _told("backlog_young", Level.INFO, words, (site,), since)
    words = _filled(FLOW["backlog_draining"], _span(left_s), **rates)
    return _told("backlog_draining", Level.INFO, words, (site,), since)


def drained_in_s(depth: float, messages_per_s: float, done_per_s: float) -> float | None:
    """Seconds until nothing waits if all goes on as now; ``None`` when it does not get less. No depth: 0."""
    if depth <= 0:
        return 0.0
    if done_per_s <= messages_per_s * DRAINING:
        return None
    return depth / (done_per_s - messages_per_s)


def _figures(picture: Picture) -> Iterable[Condition]:
    told = (
        ("spool_damaged", Level.URGENT, Help.NONE),
        ("clocks_refused", Level.WARNING, Help.LETTERS),
        ("clocks_not_judged", Level.WARNING, Help.NONE),
        ("gaps", Level.WARNING, Help.GAPS),
    )
    for key, level, help_ in told:
        counts = {site: figures.get(key, 0) for site, figures in picture.sites.items() if figures.get(key, 0) > 0}
        if counts:
            words = _filled(FLOW[key], _NO_SPAN, count=_count(sum(counts.values())))
            yield replace(_told(key, level, words, tuple(sorted(counts))), lost=level is Level.URGENT, help=help_)


def _forgotten(picture: Picture) -> Iterable[Condition]:
    found = {site: figures.get(flow.BROKER_FORGOT_MS, 0) / 1000 for site, figures in picture.sites.items()}
    recent = {
        site: at
        for site, at_s in found.items()
        if (at := datetime.fromtimestamp(at_s, UTC)) > picture.now - GIVEN_UP_RECENTLY
    }
    if recent:
        one = _told("broker_forgot", Level.URGENT, BROKER_FORGOT, tuple(sorted(recent)), min(recent.values()))
        yield replace(one, lost=True, help=Help.GAPS)


def _low_disks(picture: Picture) -> Iterable[Condition]:
    full = any(trouble.kind is TroubleKind.SPOOL_FULL for trouble in picture.troubles)
    sites = tuple(sorted(site for site, figures in picture.sites.items() if figures.get(flow.DISK_LOW)))
    if sites and not full:
        yield _told("disk_low", Level.WARNING, DISK_LOW, sites)


def _idle(picture: Picture) -> Iterable[Condition]:
    for site, figures in picture.sites.items():
        counts = {key.removeprefix(FIGURE): n for key, n in figures.items() if key.startswith(FIGURE)}
        if counts:
            words = _filled(SOURCE_IDLE, _NO_SPAN, count=_count(sum(counts.values())))
            one = _told("source_idle", Level.WARNING, words, (site,))
            yield replace(one, lost=True, detail=f"source {', '.join(sorted(counts))}")


def _given_up(picture: Picture) -> Iterable[Condition]:
    counts = {site: count for site, count in picture.given_up.items() if count > 0}
    if counts:
        words = _filled(FLOW["gaps_given_up"], _NO_SPAN, count=_count(sum(counts.values())))
        one = _told("gaps_given_up", Level.WARNING, words, tuple(sorted(counts)))
        yield replace(one, lost=True, help=Help.GAPS)


def _let_go(picture: Picture) -> Iterable[Condition]:
    counts = {site: count for site, count in picture.let_go.items() if count > 0}
    if counts:
        words = _filled(LET_GO, _NO_SPAN, count=_count(sum(counts.values())))
        one = _told("letters_let_go", Level.WARNING, words, tuple(sorted(counts)))
        yield replace(one, lost=True, help=Help.LETTERS)


def _letters(picture: Picture) -> Iterable[Condition]:
    letters = [group for group in picture.letters if group.reason != REPLAYING]
    for (site, family), some in _grouped(letters, lambda g: (g.site, family_of(g.reason, g.site, g.topic))).items():
        most = max(some, key=lambda group: group.count)
        count, topics = sum(group.count for group in some), len({group.topic for group in some})
        names = {"count": _count(count), "topics": _count(topics), "topic": _cut(most.topic)}
        words = _filled(LETTERS[family], _span(RECENT.total_seconds()), **names)
        since = min(group.first_at for group in some)
        if picture.let_go.get(site):
            words = replace(words, loss=LET_GO.loss)
        one = _told(f"letters_{family}", Level.WARNING, words, (site,), since)
        yield replace(one, detail=most.newest.reason, help=Help.LETTERS, reason=most.reason)
    if picture.kept_letters and not picture.letters:
        words = _filled(FLOW["letters_kept"], _span(RECENT.total_seconds()), count=_count(picture.kept_letters))
        words = replace(words, loss=LET_GO.loss) if any(picture.let_go.values()) else words
        yield replace(_told("letters_kept", Level.INFO, words), help=Help.LETTERS)


def _told(
    code: str, level: Level, words: Words, sites: Collection[str] = (), since: datetime | None = None
) -> Condition:
    return Condition(code, level, words.title, words.text, words.loss, words.advice, tuple(sites), since)


def _filled(words: Words, span: tuple[str, str], /, **figures: str) -> Words:
    zh, en = ({**figures, "span": text} for text in span)
    return replace(words, text=LocalName(words.text.zh.format(**zh), words.text.en.format(**en)))


def _waiting(figures: Sequence[Mapping[str, float]]) -> dict[str, str]:
    depth, size = (sum(one.get(key, 0) for one in figures) for key in ("spool_depth", "spool_bytes"))
    # A segment stays on disk until another one follows it: where nothing waits, it is no backlog's size.
    return {"waiting": _count(depth), "size": _size(size if depth else 0)}


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _cut(topic: str) -> str:
    """As much of a topic as a sentence bears; the list of kept messages has the whole."""
    return topic if len(topic) <= MAX_TOPIC else topic[: MAX_TOPIC - 1] + "…"


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


_NO_SPAN = ("", "")
_STEPS = ((86_400, "天", "day"), (3_600, "小时", "hour"), (60, "分钟", "minute"), (1, "秒", "second"))


def _span(seconds: float) -> tuple[str, str]:
    """A span in words, in its largest unit: ``4 分钟`` and ``4 minutes``."""
    for step, zh, en in _STEPS:
        count = round(seconds / step)
        if count >= 1 and (seconds >= step or step == 1):
            return f"{count} {zh}", f"{count} {en}{'' if count == 1 else 's'}"
    return "1 秒", "1 second"


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
