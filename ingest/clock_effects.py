"""What a wrong clock costs: nothing yet, the judging of a machine's readings, or the messages themselves."""

from enum import StrEnum

from ingest.instants import FUTURE_MS, LATE_MS
from plantroom.domain.assets import LocalName, Severity
from plantroom.ports.clock import before_2000
from plantroom.ports.device_clocks import DeviceTimes, times_of
from plantroom.ports.readings import Retention


class ClockEffect(StrEnum):
    """What becomes of the messages of a device whose clock is wrong."""

    NONE = "none"
    NOT_JUDGED = "not_judged"
    """Every reading is late when it comes: stored, but neither limits nor models look at it."""
    REFUSED = "refused"
    """Every message is stamped with a time that cannot be, or every reading is older than readings are kept: they
    become dead letters."""


def effect_of(offset_ms: int, at_ms: int, retention: Retention) -> ClockEffect:
    """The effect of a clock that is ahead of ours by ``offset_ms`` (behind: negative) at our ``at_ms``. The borders are
    those of the decoders, of the quality gate and of the readings store."""
    before_ms = retention.refused_before_ms(at_ms)
    too_old = before_ms is not None and at_ms + offset_ms < before_ms
    if offset_ms > FUTURE_MS or too_old or before_2000(offset_ms, at_ms):
        return ClockEffect.REFUSED
    return ClockEffect.NOT_JUDGED if offset_ms < -LATE_MS else ClockEffect.NONE


def severity_of(effect: ClockEffect) -> Severity:
    """A machine without working alarms is work for somebody; a clock that costs nothing yet is a notice."""
    return Severity.INFO if effect is ClockEffect.NONE else Severity.GENERAL


def event_of(effect: ClockEffect) -> str:
    """What the finding's event is called: one for each effect, so that a ticket names what came later, too."""
    return "clock_wrong" if effect is ClockEffect.NONE else f"clock_{effect.value}"


_COSTS = {
    ClockEffect.NONE: LocalName("", ""),
    ClockEffect.NOT_JUDGED: LocalName("，限值未判断", ": its limits are not being judged"),
    ClockEffect.REFUSED: LocalName("，消息被拒收", ": its messages are refused"),
}
_TOO_OLD = LocalName("，读数早于保留期限，被拒收", ": its readings are refused, being older than readings are kept")
NO_AMOUNT = {
    DeviceTimes.BEFORE_2000: LocalName(
        "设备时间早于2000年（时钟未设置，或时间单位不对）",
        "times before 2000 (clock not set, or wrong unit of time)",
    ),
    DeviceTimes.FAR_AHEAD: LocalName("设备时间远超当前时间（时间单位不对）", "times far ahead (wrong unit of time)"),
}
"""What is said of a clock whose offset says nothing."""

_STEPS = ((172_800, 86_400, "天", "days"), (7_200, 3_600, "小时", "h"), (600, 60, "分钟", "min"), (0, 1, "秒", "s"))


def words_of_clock(offset_ms: int, at_ms: int, effect: ClockEffect, *, stands: bool = False) -> LocalName:
    """Which way it is off, by how much, and what that costs: ``设备时钟慢60分钟，限值未判断``; no amount where the
    offset says nothing. ``stands``: its times do not go on, which need not be the clock's fault."""
    times, cost = times_of(offset_ms, at_ms, stands=stands), _COSTS[effect]
    if times in NO_AMOUNT:
        return _joined(NO_AMOUNT[times], cost)
    if times is DeviceTimes.AHEAD:
        span = _span(offset_ms)
        return _joined(LocalName(f"设备时钟快{span.zh}", f"clock {span.en} ahead"), cost)
    if effect is ClockEffect.REFUSED:
        cost = _TOO_OLD
    if times is DeviceTimes.STANDING:
        return _joined(words_of_standing(offset_ms), cost)
    span = _span(offset_ms)
    return _joined(LocalName(f"设备时钟慢{span.zh}", f"clock {span.en} behind"), cost)


def words_of_standing(offset_ms: int) -> LocalName:
    """What is said of times that do not go on, which need not be the clock's fault, and since when they do not."""
    span = _span(offset_ms)
    return LocalName(
        f"设备时间停在{span.zh}前（时钟停走，或反复发送上次变化）",
        f"times stand still {span.en} behind (clock stopped, or last change sent again)",
    )


def _span(offset_ms: int) -> LocalName:
    """An offset without its sign, in the unit that suits it."""
    seconds = round(abs(offset_ms) / 1000)
    step, zh_unit, en_unit = next(
        (size, zh_unit, en_unit) for least, size, zh_unit, en_unit in _STEPS if seconds >= least
    )
    count = round(seconds / step)
    return LocalName(f"{count}{zh_unit}", f"{count} {en_unit}")


def _joined(what: LocalName, cost: LocalName) -> LocalName:
    return LocalName(f"{what.zh}{cost.zh}", f"{what.en}{cost.en}")
