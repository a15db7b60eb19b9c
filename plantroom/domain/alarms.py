"""Alarms in the words of ISA-18.2 / IEC 62682: priorities, and limits that make sense."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from plantroom.domain.assets import (
    UNCLASSIFIED,
    AlarmPriority,
    Asset,
    EquipmentClass,
    Limits,
    Plant,
    PointTemplate,
    Priority,
    Severity,
)
from plantroom.errors import FieldProblem

LADDER = ("alarm_low", "warning_low", "normal_low", "normal_high", "warning_high", "alarm_high")
"""The limits of a point from below to above: each lies at or inside the one before it."""

MAX_DELAY_S = 86_400.0
"""An alarm that waits longer than a day is none that anybody can act on."""

STUCK_SHARE = 0.5
"""How much of the time after which a constant value counts as stuck, and is judged no longer, a delay may take: a
reading has to come behind the delay and before that."""

WIDEST_AT_ZERO = 10.0
"""The widest deadband, in the point's unit, where nothing bounds a value and a limit of 0 says nothing of its size."""

_BY_SEVERITY = {
    Severity.CRITICAL: AlarmPriority.CRITICAL,
    Severity.MAJOR: AlarmPriority.HIGH,
    Severity.GENERAL: AlarmPriority.MEDIUM,
    Severity.INFO: AlarmPriority.LOW,
}


MAX_SHELVING_H = 8.0
"""How long an alarm may be shelved where the site does not say: one shift, so that whoever takes over decides anew."""


def safety_assets(plant: Plant) -> frozenset[str]:
    """Keys of the assets whose telemetry is safety telemetry: by their own source, or by one that names them."""
    own = {key for key, source in plant.sources.items() if source.priority is Priority.SAFETY}
    named = {
        plant.codes.get((source.site, code))
        for source in plant.topic_sources
        if source.priority is Priority.SAFETY
        for code in source.named_assets()
    }
    return frozenset(own | {key for key in named if key is not None})


def open_safety_sites(plant: Plant) -> frozenset[str]:
    """Sites with a safety source that takes its assets from the topics: refused now, but an earlier version did not.
    Of what such a source brings only the lane knows that it is safety telemetry."""
    sources = plant.topic_sources
    return frozenset(one.site for one in sources if one.priority is Priority.SAFETY and one.open_ended())


@dataclass(frozen=True, slots=True)
class SafetySources:
    """Whose telemetry is safety telemetry by its source, at one revision of the plant: the ``assets`` that safety
    sources name, and on ``open_sites`` whatever has no source of its own (``with_source``: those that have)."""

    assets: Collection[str] = frozenset()
    open_sites: Collection[str] = frozenset()
    with_source: Collection[str] = frozenset()

    def has(self, asset: Asset) -> bool:
        """Whether an asset's is."""
        unnamed = asset.site in self.open_sites and asset.key not in self.with_source
        return unnamed or asset.key in self.assets


def safety_sources(plant: Plant, *, unnamed: bool) -> SafetySources:
    """Those of a plant. ``unnamed``: what no source names counts where an open safety source may bring it: so it is on
    the safety lane, and whoever does not know the lane has to assume it."""
    return SafetySources(
        safety_assets(plant), open_safety_sites(plant) if unnamed else frozenset(), frozenset(plant.sources)
    )


def safety_modes(known: EquipmentClass | None) -> frozenset[str]:
    """Failure modes of which an alarm limit is a safety alarm, whatever the source: those of the class's safety events,
    unless the mode says that its limits speak of something else. An unclassified point speaks for no event."""
    if known is None:
        return frozenset()
    other = {UNCLASSIFIED, *(mode.key for mode in known.failure_modes if mode.by_work or not mode.safety_limits)}
    return frozenset(event.failure_mode for event in known.events if event.safety) - other


def limits_are_safety(mode: str, known: EquipmentClass | None, *, of_source: bool) -> bool:
    """Whether alarm limits (no warnings) of a failure mode are safety alarms: by the class, or by the source
    (``of_source``, see ``SafetySources``), but never what an order's own work brings about. The one answer for those
    who judge limits and sensors, and for those who shelve them."""
    found = None if known is None else known.mode(mode)
    if found is not None and found.by_work:
        return False
    return of_source or mode in safety_modes(known)


def has_safety_limits(template: PointTemplate, known: EquipmentClass | None, *, of_source: bool) -> bool:
    """Whether a point has alarm limits, and they are safety alarms: those its sensor mutes."""
    mode = template.failure_mode or UNCLASSIFIED
    return has_alarm_limits(template.limits) and limits_are_safety(mode, known, of_source=of_source)


def has_alarm_limits(limits: Limits) -> bool:
    """Whether there is more among them than warnings."""
    return limits.alarm_low is not None or limits.alarm_high is not None


def is_alarm_level(name: str) -> bool:
    """Whether a level of a point's limits is more than a warning."""
    return name.startswith("alarm")


def priority_of(severity: Severity, *, safety: bool = False, warning: bool = False) -> AlarmPriority:
    """The priority of an alarm for which nobody has set one: safety is critical, a warning low, any other as severe
    as the fault it speaks for (IEC 62682, 8.4: by consequence and by the time there is to respond)."""
    if safety:
        return AlarmPriority.CRITICAL
    return AlarmPriority.LOW if warning else _BY_SEVERITY[severity]


def urgency(priority: AlarmPriority) -> int:
    """Place among the priorities, the most urgent first."""
    return tuple(AlarmPriority).index(priority)


def limit_problems(
    limits: Limits,
    physical_low: float | None = None,
    physical_high: float | None = None,
    stuck_after_s: float | None = None,
) -> list[FieldProblem]:
    """Everything that is wrong with a point's limits by themselves; empty when they can be judged by.
    ``stuck_after_s``: for how long a value may stay the same (``None``: for ever)."""
    found = [*_not_finite(limits), *_bad_delays(limits)]
    if not found and stuck_after_s is not None:
        found = list(_beyond_stuck(limits, stuck_after_s))
    if not found:
        found = [*_not_ordered(limits), *_outside(limits, physical_low, physical_high)]
    return found or list(_bad_deadband(limits, physical_low, physical_high))


def _not_finite(limits: Limits) -> Iterator[FieldProblem]:
    for name in (*LADDER, "deadband"):
        value = getattr(limits, name)
        if value is not None and not math.isfinite(value):
            yield FieldProblem(name, "not_finite", "should be a finite number")


def _bad_delays(limits: Limits) -> Iterator[FieldProblem]:
    for name in ("warning_delay_s", "alarm_delay_s", "off_delay_s"):
        if not 0 <= getattr(limits, name) <= MAX_DELAY_S:
            yield FieldProblem(name, "bad_delay", f"should be from 0 to {MAX_DELAY_S:.0f} s")


def _beyond_stuck(limits: Limits, stuck_after_s: float) -> Iterator[FieldProblem]:
    warns = (limits.warning_low, limits.warning_high) != (None, None)
    alarms = (limits.alarm_low, limits.alarm_high) != (None, None)
    longest = STUCK_SHARE * stuck_after_s
    for name, used in (("warning_delay_s", warns), ("alarm_delay_s", alarms), ("off_delay_s", warns or alarms)):
        if used and getattr(limits, name) > longest:
            why = f"a value that stays the same for {stuck_after_s:g} s counts as stuck, and is judged no longer"
            yield FieldProblem(name, "beyond_stuck", f"should be at most {longest:g} s: {why}")


def _not_ordered(limits: Limits) -> Iterator[FieldProblem]:
    known = [(name, value) for name in LADDER if (value := getattr(limits, name)) is not None]
    for (below, low), (above, high) in pairwise(known):
        across = below.endswith("low") and above.endswith("high")
        if low > high or (across and low == high):
            yield FieldProblem(above, "not_ordered", f"should be {'above' if across else 'at or above'} {below}")


def _outside(limits: Limits, low: float | None, high: float | None) -> Iterator[FieldProblem]:
    bounds = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
    for name in LADDER:
        value = getattr(limits, name)
        if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            words = f"lies outside the physical range of the sensor ({' '.join(filter(None, bounds))})"
            yield FieldProblem(name, "not_physical", words)


def _bad_deadband(limits: Limits, low: float | None, high: float | None) -> Iterator[FieldProblem]:
    if limits.deadband < 0:
        yield FieldProblem("deadband", "negative", "should be 0 or more")
        return
    lows = [v for v in (limits.alarm_low, limits.warning_low) if v is not None]
    highs = [v for v in (limits.warning_high, limits.alarm_high) if v is not None]
    # An alarm clears once the value is inside by the deadband: there must be such a value.
    floor = max(lows) if lows else low
    ceiling = min(highs) if highs else high
    if not limits.deadband or not (lows or highs):
        return
    if floor is not None and ceiling is not None:
        if limits.deadband >= ceiling - floor:
            yield FieldProblem("deadband", "too_wide", f"should be smaller than the band of {ceiling - floor:g}")
        return
    known = [value for name in LADDER if (value := getattr(limits, name)) is not None]
    widest = max(map(abs, known)) or WIDEST_AT_ZERO
    if limits.deadband > widest:
        yield FieldProblem("deadband", "too_wide", f"should be at most {widest:g}: the sensor's range is not known")
