"""What a repair ticket says: title, reason, first checks, tags. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from maintenance.episode_events import MORE_ORIGINS, events_left_out, events_told, origin_in, origins_of, subject_named
from maintenance.episode_rules import LOOP_TEST, UNDER_MAINTENANCE, rank
from maintenance.episodes import Episode
from maintenance.sensor_words import sensor_reason
from maintenance.work_orders import Origin
from plantroom.domain.assets import (
    CLOCK,
    OFFLINE,
    SENSOR_FAULT,
    UNCLASSIFIED,
    Asset,
    EquipmentClass,
    LocalName,
    Point,
    PointTemplate,
)
from plantroom.domain.findings import FindingSource

_SENSOR = LocalName("传感器异常", "sensor fault")
_FIXED = {
    OFFLINE: LocalName("设备离线，无数据", "offline, no data"),
    UNCLASSIFIED: LocalName("未分类异常", "unclassified fault"),
    CLOCK: LocalName("设备时钟不准", "device clock wrong"),
}
_SENSOR_CHECKS = (
    LocalName("核对现场读数与传感器读数", "Compare the sensor with a reading on the spot"),
    LocalName("检查接线、供电与安装", "Check wiring, supply and mounting"),
)
_OFFLINE_CHECKS = (
    LocalName("检查网关供电与网络", "Check the gateway's supply and network"),
    LocalName("检查控制器通信线路", "Check the controller's communication line"),
)


TEST_MARK = LocalName("【回路测试】", "[loop test] ")
"""What the title of a loop test's ticket begins with."""

MAX_NAMES = 3
"""How many modes, or events of one mode, a title names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a ticket."""

    title: LocalName
    reason: LocalName
    first_checks: tuple[LocalName, ...]


def origin_of(episode: Episode) -> Origin:
    """The ticket's origin: the source whose finding called for it."""
    return Origin(episode.source.value)


def tags_of(episode: Episode) -> tuple[str, ...]:
    """Tags that the ticket shows; that maintenance was on only matters for safety tickets."""
    return tuple(tag for tag in episode.tags if tag != UNDER_MAINTENANCE or episode.safety)


def compose(
    episodes: Sequence[Episode],
    asset: Asset,
    equipment_class: EquipmentClass | None,
    points: Sequence[Point] = (),
    zone: tzinfo = UTC,
) -> Words:
    """Title (asset and each failure mode's ticket text), reason in one sentence for each episode, what to check first
    for any of them. What is worst comes first.

    ``points`` are the asset's own: their names stand before those of the class, and a key only where neither has one.
    ``zone`` is the site's.
    """
    parts = [_part(one, equipment_class, points, zone) for one in sorted(episodes, key=lambda one: rank(one.severity))]
    text = strung(list(dict.fromkeys(part.title for part in parts)), MAX_NAMES)
    title = LocalName(f"{asset.name.zh}：{text.zh}", f"{asset.name.en}: {text.en}")
    if all(LOOP_TEST in one.tags for one in episodes):
        title = LocalName(f"{TEST_MARK.zh}{title.zh}", f"{TEST_MARK.en}{title.en}")
    reasons = list(dict.fromkeys(part.reason for part in parts))
    return Words(
        title,
        LocalName("".join(one.zh for one in reasons), " ".join(one.en for one in reasons)),
        tuple(dict.fromkeys(check for part in parts for check in part.first_checks)),
    )


def unmarked_title(title: LocalName) -> LocalName:
    """The title without the mark of a loop test."""
    return LocalName(title.zh.removeprefix(TEST_MARK.zh), title.en.removeprefix(TEST_MARK.en))


def _part(episode: Episode, equipment_class: EquipmentClass | None, points: Sequence[Point], zone: tzinfo) -> Words:
    """An episode's share in its ticket; the title without the asset."""
    named = _points(episode, equipment_class, points)
    mode = None if equipment_class is None else equipment_class.mode(episode.failure_mode)
    checks: tuple[LocalName, ...]
    if episode.failure_mode == SENSOR_FAULT:
        said = sensor_reason(episode, _templates(equipment_class, points), zone)
        if said is not None:
            return Words(_sensor_text(named), LocalName(said.zh + "。", said.en + "."), _SENSOR_CHECKS)
        text, checks = _sensor_text(named), _SENSOR_CHECKS
    elif mode is not None:
        text, checks = (mode.ticket if mode.ticket.zh else mode.name), mode.first_checks
    else:
        text = _event(episode, MAX_NAMES) or _FIXED.get(episode.failure_mode, _FIXED[UNCLASSIFIED])
        checks = _OFFLINE_CHECKS if episode.failure_mode == OFFLINE else ()
    return Words(text, _reason(episode, named), checks)


def _sensor_text(names: LocalName) -> LocalName:
    if not names.zh:
        return _SENSOR
    return LocalName(f"{_SENSOR.zh}（{names.zh}）", f"{_SENSOR.en} ({names.en})")


def _event(episode: Episode, shown: int) -> LocalName | None:
    """The names of an episode's events, the worst ones."""
    found = [name for entry in events_told(episode) if (name := event_name(entry)) is not None]
    return strung(found, shown, events_left_out(episode.detail or {})) if found else None


def strung(names: Sequence[LocalName], shown: int | None, left_out: int = 0) -> LocalName:
    """The names in a row; those after the first ones, and those left out before, are counted."""
    first = names[:shown]
    others = len(names) - len(first) + left_out
    more = f" +{others}" if others else ""
    return LocalName("、".join(n.zh for n in first) + more, ", ".join(n.en for n in first) + more)


def event_name(detail: Mapping[str, object]) -> LocalName | None:
    """What the event of a finding's detail is called; ``None`` when it names none."""
    name, key = detail.get("name"), detail.get("event")
    if isinstance(name, Mapping) and name.get("zh"):
        return LocalName(str(name["zh"]), str(name.get("en") or name["zh"]))
    return None if not key else LocalName(str(key), str(key).replace("_", " "))


def event_said(detail: Mapping[str, object]) -> LocalName | None:
    """The same with where in its device the finding's event comes from, in the device's own words."""
    name, origin = event_name(detail), origin_in(detail)
    return name if name is None or not origin else _from(name, [origin])


def _from(name: LocalName, origins: Sequence[str]) -> LocalName:
    return LocalName(f"{name.zh}（{'；'.join(origins)}）", f"{name.en} ({'; '.join(origins)})")


def _reported(episode: Episode) -> LocalName:
    """An episode's events, the worst first, each with where in its device it came from."""
    detail = episode.detail or {}
    found = []
    for entry in events_told(episode):
        name, subject = event_name(entry), subject_named(entry)
        origins = [origin for one, origin in origins_of(detail) if one == subject]
        if name is not None:
            more = ["…"] if origins and detail.get(MORE_ORIGINS) else []
            found.append(_from(name, [*origins, *more]) if origins else name)
    return strung(found, None, events_left_out(detail)) if found else LocalName("安全规则", "safety rule")


def _reason(episode: Episode, points: LocalName) -> LocalName:
    detail = episode.detail or {}
    if episode.source is FindingSource.MODEL:
        zh, en = "状态模型判定偏离正常", "The condition model sees a departure from normal"
        score, threshold = detail.get("score"), detail.get("threshold")
        if score is not None and threshold is not None:
            zh += f"（偏离度{score}，{threshold}以上开单）"
            en += f" (deviation {score}; a ticket is opened from {threshold})"
    elif episode.source is FindingSource.LIMIT:
        value, limit = detail.get("value"), detail.get("limit")
        zh = f"测点超过报警值：实测{value}，限值{limit}"
        en = f"A point is beyond its alarm limit: {value}, limit {limit}"
    elif episode.source is FindingSource.PRESENCE:
        zh, en = "设备已停止上报数据", "The device has stopped sending data"
    else:
        event = _reported(episode)
        zh, en = f"设备上报事件：{event.zh}", f"The device reported: {event.en}"
    if points.zh and episode.source is not FindingSource.PRESENCE:
        zh, en = f"{zh}；相关测点：{points.zh}", f"{en}; points: {points.en}"
    return LocalName(zh + "。", en + ".")


def _points(episode: Episode, equipment_class: EquipmentClass | None, own: Sequence[Point]) -> LocalName:
    known = {p.key: p.name for p in _templates(equipment_class, own).values()}
    shown = [_whole(known.get(e.point, LocalName(e.point, e.point))) for e in episode.evidence[:3]]
    return LocalName("、".join(n.zh for n in shown), ", ".join(n.en for n in shown))


def _templates(equipment_class: EquipmentClass | None, own: Sequence[Point]) -> dict[str, PointTemplate]:
    """The points that have a name, by key: those of the asset before those of its class."""
    templates = (*(() if equipment_class is None else equipment_class.points), *(p.template for p in own))
    return {p.key: p for p in templates if p.name.zh or p.name.en}


def _whole(name: LocalName) -> LocalName:
    """The name with the one language standing for the other where that is missing."""
    return LocalName(name.zh or name.en, name.en or name.zh)
