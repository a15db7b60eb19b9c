"""What the value of a loop test's sensor has to show, in words. Pure."""

from collections.abc import Sequence

from maintenance.loop_tests import CheckKind, LoopCheck
from maintenance.sensor_words import unit_words
from plantroom.domain.assets import LocalName, Point


def limit_to_pass(check: LoopCheck, points: Sequence[Point]) -> LocalName | None:
    """By which value of its asset's ``points``, and for how long, the check's alarm comes, as the limits are now;
    ``None`` where it asks for something else than a value with limits."""
    point = next((one for one in points if one.key == check.subject), None)
    if check.kind is not CheckKind.POINT or point is None:
        return None
    limits, unit = point.template.limits, unit_words(point.template.unit)
    low, high, delay_s = limits.warning_low, limits.warning_high, limits.warning_delay_s
    if check.expected.get("level") == "alarm":
        low, high, delay_s = limits.alarm_low, limits.alarm_high, limits.alarm_delay_s
    ends = [(zh, en, end) for zh, en, end in (("低于", "below", low), ("高于", "above", high)) if end is not None]
    if not ends:
        return None
    zh = " 或".join(f"{word} {end:g} {unit}".rstrip() for word, _, end in ends)
    en = " or ".join(f"{word} {end:g} {unit}".rstrip() for _, word, end in ends)
    return LocalName(f"{zh}，持续 {delay_s:g} 秒", f"{en}, for {delay_s:g} s") if delay_s else LocalName(zh, en)
