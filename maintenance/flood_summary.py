"""What a flood of alarms says as a whole: what came first, where, and what they may have in common. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.alarm_ports import Annunciation, ToldCounts
from plantroom.domain.assets import OFFLINE, Asset, EquipmentClass, LocalName

FIRST_SHOWN = 5
MOST = 0.6
"""What share of the alarms must have something in common before it is named."""

_SUPPLY = ("distribution_board", "generator")
_TOGETHER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Cause:
    """What the alarms may have in common: ``supply``, ``network``, ``machine``, ``place`` or ``system``."""

    code: str
    text: LocalName


@dataclass(frozen=True, slots=True)
class FloodSummary:
    """``told`` counts all that people were told of up to ``at``. The rest is said of the first alarms: ``first`` names
    their machines, ``by_asset`` (key) and ``by_system`` count them, the most first, ``moment`` says when most of them
    came at once; that explains nothing, and is no ``cause``."""

    told: ToldCounts
    at: datetime
    first: tuple[LocalName, ...]
    by_asset: tuple[tuple[str, int], ...]
    by_system: tuple[tuple[str, int], ...]
    cause: Cause | None
    moment: LocalName | None


def summarise(
    told: ToldCounts,
    at: datetime,
    announced: Sequence[Annunciation],
    assets: Mapping[str, Asset],
    classes: Mapping[str, EquipmentClass],
    names: Mapping[str, LocalName],
    zone: ZoneInfo,
) -> FloodSummary:
    """The summary of a flood up to ``at`` by its first alarms, in the order in which people were told; ``assets`` by
    key, unknown ones are left out of what is said about machines. ``names`` are those of systems and locations, by key.
    Moments in the texts are local to ``zone``."""
    by_asset = Counter(one.asset for one in announced)
    systems = Counter(_system(assets.get(one.asset), classes) for one in announced)
    del systems[""]
    heads = list(dict.fromkeys(one.asset for one in announced))[:FIRST_SHOWN]
    return FloodSummary(
        told=told,
        at=at,
        first=tuple(_name(assets, key) for key in heads),
        by_asset=tuple(by_asset.most_common()),
        by_system=tuple(systems.most_common()),
        cause=_cause(announced, assets, by_asset, systems, names),
        moment=_moment([one.observed_at for one in announced], told.alarms, zone),
    )


def _cause(
    announced: Sequence[Annunciation],
    assets: Mapping[str, Asset],
    by_asset: Counter[str],
    systems: Counter[str],
    names: Mapping[str, LocalName],
) -> Cause | None:
    """The narrowest thing that most of the alarms share; a supply that fails first explains all the others."""
    if not announced:
        return None
    return (
        _supply(announced, assets, by_asset)
        or _network(announced, by_asset)
        or _machine(announced, assets, by_asset)
        or _place(announced, assets, names)
        or _same_system(announced, systems, names)
    )


def _supply(announced: Sequence[Annunciation], assets: Mapping[str, Asset], by_asset: Counter[str]) -> Cause | None:
    head = assets.get(announced[0].asset)
    if head is None or head.equipment_class not in _SUPPLY or len(by_asset) == 1:
        return None
    name = _name(assets, head.key)
    return Cause("supply", LocalName(f"供电（{name.zh}最先报警）", f"power supply ({name.en} came first)"))


def _network(announced: Sequence[Annunciation], by_asset: Counter[str]) -> Cause | None:
    silent = sum(one.failure_mode == OFFLINE for one in announced)
    if len(by_asset) == 1 or silent < MOST * len(announced):
        return None
    return Cause("network", LocalName("网络或网关", "network or gateway"))


def _machine(announced: Sequence[Annunciation], assets: Mapping[str, Asset], by_asset: Counter[str]) -> Cause | None:
    key, count = by_asset.most_common(1)[0]
    if count < MOST * len(announced):
        return None
    name = _name(assets, key)
    return Cause("machine", LocalName(f"同一设备：{name.zh}", f"one machine: {name.en}"))


def _place(
    announced: Sequence[Annunciation], assets: Mapping[str, Asset], names: Mapping[str, LocalName]
) -> Cause | None:
    places = Counter(place for one in announced if one.asset in assets and (place := assets[one.asset].location))
    for place, count in places.most_common(1):
        if count >= MOST * len(announced):
            name = names.get(place, LocalName(place, place))
            return Cause("place", LocalName(f"同一位置：{name.zh}", f"one place: {name.en}"))
    return None


def _same_system(
    announced: Sequence[Annunciation], systems: Counter[str], names: Mapping[str, LocalName]
) -> Cause | None:
    for system, count in systems.most_common(1):
        if count >= MOST * len(announced):
            name = names.get(system, LocalName(system, system))
            return Cause("system", LocalName(f"同一系统：{name.zh}", f"one system: {name.en}"))
    return None


def _moment(instants: Sequence[datetime], of: int, zone: ZoneInfo) -> LocalName | None:
    """When most alarms were observed within one minute: how many of the ``of``, and when. O(n log n)."""
    ordered = sorted(instants)
    most, begins, last = 0, 0, 0
    for first in range(len(ordered)):
        while last < len(ordered) and ordered[last] - ordered[first] <= _TOGETHER:
            last += 1
        if last - first > most:
            most, begins = last - first, first
    if most < max(2, round(MOST * len(ordered))):
        return None
    at = ordered[begins].astimezone(zone).strftime("%H:%M")
    zh, en = ("", "them") if of <= len(ordered) else (f"前{len(ordered)}条中", f"the first {len(ordered)}")
    return LocalName(f"{zh}{most}条出现在同一分钟内（{at}）", f"{most} of {en} came within one minute ({at})")


def _name(assets: Mapping[str, Asset], key: str) -> LocalName:
    asset = assets.get(key)
    if asset is None:
        return LocalName(key, key)
    zh, en = (one if one == asset.code else f"{asset.code} {one}" for one in (asset.name.zh, asset.name.en))
    return LocalName(zh, en)


def _system(asset: Asset | None, classes: Mapping[str, EquipmentClass]) -> str:
    made = None if asset is None else classes.get(asset.equipment_class)
    return made.systems[0] if made is not None and made.systems else ""
