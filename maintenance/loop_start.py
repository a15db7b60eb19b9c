"""Beginning a loop test: which sensors, in which order, and which links matter for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.loop_tests import (
    NO_WORDS,
    CheckKind,
    LoopCheck,
    LoopTest,
    Step,
    ask,
    without,
)
from maintenance.ports import MaintenanceTx
from plantroom.domain.alarms import SafetySources, has_alarm_limits, has_safety_limits, safety_sources
from plantroom.domain.assets import (
    Asset,
    EquipmentClass,
    EventTemplate,
    LocalName,
    Location,
    Point,
    PointTemplate,
    Severity,
    SourceClock,
)
from plantroom.domain.keys import new_key
from plantroom.domain.sources import sources_of
from plantroom.errors import BadData, FieldProblem

MAX_CHECKS = 2000
WINDOW_S = 600.0
SAFETY_WINDOW_S = 120.0
"""How long each sensor may take when nobody says so; in a test that asks for safety events the shorter."""

_NO_LIMITS = LocalName("该测点未设报警限值", "the point has no alarm limits")
_WARNING_ONLY = LocalName("仅有预警限值，预警不开单", "the point has warning limits only; they make no ticket")
_INFO_ONLY = LocalName("提示类事件不开单", "events of this severity make no ticket")
_ENDS_OTHER = LocalName("该事件用于解除另一事件，不报警", "the event ends another one and raises no alarm")
_STATUS_ONLY = LocalName("只检查在线状态", "only the presence is checked")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to test. Without ``points`` and ``events``: every safety event of the class and every point with alarm
    limits, or the presence where there is neither. ``data`` is what the asked-for events must carry, such as a
    zone. Without ``minutes``: ``WINDOW_S`` and ``SAFETY_WINDOW_S``; without ``name``: the time at the site."""

    site: str
    assets: Sequence[Asset]
    points: Sequence[str] = ()
    events: Sequence[str] = ()
    data: Mapping[str, object] = field(default_factory=dict)
    minutes: float | None = None
    name: str = ""
    responsible: str = ""


def chosen_assets(
    tx: MaintenanceTx, site: str, equipment_class: str | None = None, keys: Sequence[str] = ()
) -> list[Asset]:
    """The assets of a site that are to be tested: those of the keys, else those of the class, else all that are in use.
    Raises ``BadData`` for a key that is none of the site's."""
    known = {key: asset for key, asset in tx.assets.plant().assets.items() if asset.site == site}
    strange = [key for key in keys if key not in known]
    if strange:
        raise _bad("assets", f"site {site} has no asset {strange[0]!r}")
    found = [known[key] for key in dict.fromkeys(keys)] if keys else list(known.values())
    return [asset for asset in found if equipment_class in {None, asset.equipment_class}]


def start_loop_test(
    tx: MaintenanceTx, wanted: Wanted, classes: Mapping[str, EquipmentClass], by: str, now: datetime
) -> LoopTest:
    """Begin a loop test and ask for its first sensor. Raises ``BadData`` when there is nothing to test or a point or
    event is unknown, ``Conflict`` when one of the assets is in a test that is going on."""
    plant = tx.assets.plant()
    sources = sources_of(plant, wanted.site)
    simulated = [a.code for a in wanted.assets if a.key in sources and sources[a.key].clock is SourceClock.SIMULATED]
    if simulated:
        raise _bad("assets", f"{', '.join(simulated)}: a recording is played there, nobody can trigger it")
    places = _places(tx.assets.locations(wanted.site))
    checks: list[LoopCheck] = []
    for asset in sorted(wanted.assets, key=lambda a: (_path(places, a).zh, a.code)):
        checks += _checks_of(asset, tx.assets.points(asset.key), classes.get(asset.equipment_class), wanted)
    if not checks:
        raise _bad("assets", "there is no sensor to test")
    if len(checks) > MAX_CHECKS:
        raise _bad("assets", f"{len(checks)} sensors are too many for one test: take at most {MAX_CHECKS}")
    window_s = _window_s(wanted, checks, tx, classes, safety_sources(plant, unnamed=True))
    deadline = now + timedelta(seconds=window_s * (len(checks) + 1))
    there = now.astimezone(ZoneInfo(tx.assets.site(wanted.site).time_zone))
    test = LoopTest(new_key(), wanted.site, wanted.name or f"{there:%Y-%m-%d %H:%M}", by, now, deadline, window_s)
    by_key = {asset.key: asset for asset in wanted.assets}
    numbered = [
        replace(
            check,
            test=test.id,
            number=number,
            place=_path(places, asset),
            responsible=wanted.responsible or asset.department or by,
        )
        for number, (check, asset) in enumerate(((c, by_key[c.asset]) for c in checks), 1)
    ]
    tx.loop_tests.add(test, [ask(numbered[0], now, window_s), *numbered[1:]])
    note_loop_test(tx, test)
    return test


def note_loop_test(tx: MaintenanceTx, test: LoopTest) -> None:
    """Tell the live view that a loop test changed."""
    tx.live.note("loop_test", test.site, {"id": test.id, "state": test.state.value})


def _window_s(
    wanted: Wanted,
    checks: Sequence[LoopCheck],
    tx: MaintenanceTx,
    classes: Mapping[str, EquipmentClass],
    sources: SafetySources,
) -> float:
    """How long each sensor may take: as short as can be where a real safety event (of a tested value, too), or a limit
    that is a safety alarm, could be taken for the test, long enough for the delay of every asked-for alarm."""
    if wanted.minutes is not None:
        return 60 * wanted.minutes
    safety = {event.key for known in classes.values() for event in known.events if event.safety}
    wanted_points = {(check.asset, check.subject) for check in checks if check.kind is CheckKind.POINT}
    tested = {asset for asset, _ in wanted_points}
    assets = [one for one in wanted.assets if one.key in tested]
    points = [(a, p.template) for a in assets for p in tx.assets.points(a.key) if (a.key, p.key) in wanted_points]
    of_safety = any(
        has_safety_limits(one, known, of_source=sources.has(asset)) or _has_safety_event(one, known)
        for asset, one in points
        for known in [classes.get(asset.equipment_class)]
    )
    if not of_safety and not any(check.kind is CheckKind.EVENT and check.subject in safety for check in checks):
        return WINDOW_S
    return max(SAFETY_WINDOW_S, *(60 + max(one.limits.alarm_delay_s, 0.0) for _, one in points), 0.0)


def _has_safety_event(point: PointTemplate, known: EquipmentClass | None) -> bool:
    """Whether a safety event may come with the point's alarm, and be taken for its echo."""
    events = () if known is None else known.events
    return has_alarm_limits(point.limits) and any(e.safety and e.failure_mode == point.failure_mode for e in events)


def _bad(field_name: str, words: str) -> BadData:
    return BadData(f"{field_name}: {words}", [FieldProblem(field_name, "unsuitable", words)])


def _places(locations: Sequence[Location]) -> dict[str, LocalName]:
    """The whole path of each location, as people walk it."""
    by_key = {one.key: one for one in locations}
    found = {}
    for one in locations:
        names, at, seen = [], one, {one.key}
        while True:
            names.append(at.name)
            parent = by_key.get(at.parent or "")
            if parent is None or parent.key in seen:
                break
            seen.add(parent.key)
            at = parent
        names.reverse()
        found[one.key] = LocalName(" / ".join(n.zh or n.en for n in names), " / ".join(n.en or n.zh for n in names))
    return found


def _path(places: Mapping[str, LocalName], asset: Asset) -> LocalName:
    return places.get(asset.location or "", NO_WORDS)


def _checks_of(asset: Asset, points: Sequence[Point], made: EquipmentClass | None, wanted: Wanted) -> list[LoopCheck]:
    known_events = {} if made is None else {event.key: event for event in made.events}
    known_points = {point.key: point for point in points}
    if wanted.points or wanted.events:
        for key in wanted.points:
            if key not in known_points:
                raise _bad("points", f"{asset.code} has no point {key!r}")
        for key in wanted.events:
            if key not in known_events:
                raise _bad("events", f"the class of {asset.code} knows no event {key!r}")
        events = [known_events[key] for key in dict.fromkeys(wanted.events)]
        chosen = [known_points[key] for key in dict.fromkeys(wanted.points)]
    else:
        events = [event for event in known_events.values() if event.safety and event.clears is None]
        chosen = [point for point in points if has_alarm_limits(point.template.limits) and not point.template.optional]
        if not events and not chosen:
            return [_status_check(asset)]
    return [*(_event_check(asset, one, wanted.data) for one in events), *(_point_check(asset, one) for one in chosen)]


def _event_check(asset: Asset, event: EventTemplate, data: Mapping[str, object]) -> LoopCheck:
    check = LoopCheck("", 0, asset.key, CheckKind.EVENT, event.key, _of(asset, event.name), expected=dict(data))
    if event.clears is not None and not event.safety:
        return without(check, (Step.ALARM, Step.TICKET, Step.PERSON), _ENDS_OTHER)
    if event.severity is Severity.INFO and not event.safety:
        return without(check, (Step.TICKET, Step.PERSON), _INFO_ONLY)
    return check


def _point_check(asset: Asset, point: Point) -> LoopCheck:
    limits, name = point.template.limits, _of(asset, point.template.name)
    alarm = has_alarm_limits(limits)
    check = LoopCheck(
        "", 0, asset.key, CheckKind.POINT, point.key, name, expected={"level": "alarm" if alarm else "warning"}
    )
    if alarm:
        return check
    if limits.warning_low is None and limits.warning_high is None:
        return without(check, (Step.ALARM, Step.TICKET, Step.PERSON), _NO_LIMITS)
    return without(check, (Step.TICKET, Step.PERSON), _WARNING_ONLY)


def _status_check(asset: Asset) -> LoopCheck:
    check = LoopCheck("", 0, asset.key, CheckKind.STATUS, "status", _of(asset, LocalName("在线状态", "presence")))
    return without(check, (Step.ALARM, Step.TICKET, Step.PERSON), _STATUS_ONLY)


def _of(asset: Asset, what: LocalName) -> LocalName:
    zh, en = what.zh or what.en, what.en or what.zh
    return LocalName(f"{asset.code} {zh}", f"{asset.code} {en}")
