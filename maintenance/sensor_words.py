"""What a ticket says of sensors that say nothing good: which, their last word, why it is none, since when. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from maintenance.episode_subjects import subject_of
from maintenance.episodes import Episode
from plantroom.domain.assets import LocalName, PointTemplate
from plantroom.domain.findings import FindingRaised
from plantroom.domain.sensors import SENSOR

SENSORS = "sensors"
"""Key in an episode's detail: its sensors, the newest last, each with its ``subject``, ``point``, the last bad
``value``, the ``reason`` why it is bad, ``bad_since`` (RFC 3339) and ``safety_source``."""

KEPT = 50
SHOWN = 5
"""How many sensors a reason describes; the others are counted."""

_FIELDS = ("point", "value", "reason", "bad_since", "safety_source")
_WHY = {
    "out_of_range": LocalName("超出传感器量程", "outside what it can show"),
    "stuck": LocalName("数值长时间不变", "the same for too long"),
    "said_bad": LocalName("设备自报无效", "called bad by its device"),
}
_BAD = LocalName("无效", "bad")


_UNITS = {"1": "", "Cel": "°C", "m3/h": "m³/h", "[ppm]": "ppm", "[degF]": "°F"}
"""What people write on a gauge for UCUM codes; others stand as they are, without their remarks in braces."""


def with_sensor(
    detail: Mapping[str, object], finding: FindingRaised, standing: Sequence[str] = ()
) -> dict[str, object]:
    """The detail with the finding's sensor, if it is about one, and without those that do not stand any more."""
    if finding.detail.get("level") != SENSOR:
        return dict(detail)
    known = [one for one in _entries(detail) if one["subject"] in standing and one["subject"] != subject_of(finding)]
    entry = {"subject": subject_of(finding)} | {name: finding.detail.get(name) for name in _FIELDS}
    return dict(detail) | {SENSORS: [*known, entry][-KEPT:]}


def sensors_of(episode: Episode) -> list[Mapping[str, object]]:
    """The episode's sensors that stand; all that it names when none does any more."""
    found = _entries(episode.detail or {})
    return [one for one in found if one["subject"] in episode.open_subjects] or found


def sensor_reason(episode: Episode, templates: Mapping[str, PointTemplate], zone: tzinfo) -> LocalName | None:
    """One sentence, without its full stop, on all of the episode's sensors; ``None`` when it names none. Times are
    those of the site (``zone``)."""
    sensors = sensors_of(episode)
    if not sensors:
        return None
    said = [_said(one, templates, zone) for one in sensors[:SHOWN]]
    zh, en = "；".join(one.zh for one in said), "; ".join(one.en for one in said)
    if len(sensors) > SHOWN:
        zh, en = f"{zh}；另有{len(sensors) - SHOWN}个", f"{en}; and {len(sensors) - SHOWN} more"
    mute = LocalName("期间这些测点的限值报警和状态模型不起作用", "meanwhile no limit and no model judges these points")
    if any(one.get("safety_source") is True for one in sensors):
        mute = LocalName(
            f"属安全信号，{mute.zh}，须另行巡查", f"a safety signal: {mute.en}, so look after them by rounds"
        )
    return LocalName(
        f"传感器没有有效读数：{zh}。{mute.zh}", f"Sensors without a good reading: {en}. Take note: {mute.en}"
    )


def unit_words(code: str) -> str:
    """A UCUM code as people write it on a gauge."""
    return _UNITS.get(code, re.sub(r"\{[^}]*\}", "", code))


def _said(one: Mapping[str, object], templates: Mapping[str, PointTemplate], zone: tzinfo) -> LocalName:
    key = str(one["point"])
    template = templates.get(key)
    name = LocalName(key, key) if template is None else template.name
    why = _WHY.get(str(one.get("reason")), _BAD)
    value = one.get("value")
    unit = unit_words("" if template is None else template.unit)
    last = f" {value:g} {unit}".rstrip() if isinstance(value, (int, float)) else ""
    since = datetime.fromisoformat(str(one["bad_since"])).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    zh, en = name.zh or name.en or key, name.en or name.zh or key
    return LocalName(
        f"{zh}（最后读数{last}，{why.zh}，自{since}起）", f"{en} (last said{last}, {why.en}, since {since})"
    )


def _entries(detail: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = detail.get(SENSORS)
    known = found if isinstance(found, (list, tuple)) else ()
    return [one for one in known if isinstance(one, Mapping) and {"subject", "point", "bad_since"} <= one.keys()]
