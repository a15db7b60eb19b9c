"""Changing rosters and on-call rosters, and what is wrong with them.

Inside the caller's transaction. Nobody is put on a roster who is unknown, switched off, without a grant on the site or
with one that is limited to a contractor's orders (such people open no other order of the shift), and nobody works two
shifts at once: that is looked at a year ahead for a shift, day by day for its exceptions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.people.on_call import Cover, Gap, IsHoliday, Rota, checked_rota, gaps, no_holiday
from maintenance.people.owners import known_department
from maintenance.people.rosters import (
    FIRE_CONTROL_ROOM,
    FIRE_CONTROL_ROOM_PEOPLE,
    Absence,
    ChangeKind,
    Duty,
    Shift,
    ShiftChange,
    checked,
    days,
    duties,
    overlaps,
    people_on,
    span_of,
)
from maintenance.people.staff import Certificate, Person, valid_on
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound
from plantroom.ports.accounts import Grant, Role

AHEAD_DAYS = 366
"""How far ahead a shift's overlaps with others are looked for. Project default."""

FIRE_CERTIFICATE = "fire_facility_operator"
"""What people of a fire control room hold. Basis: 消防法 art. 21; from memory."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RosterWarning:
    """A shift that is not staffed as it should be, on one day. ``code``: understaffed, uncertified, switched_off,
    contractor_only (somebody who opens no orders but a contractor's), uncovered (hours of a fire control room without
    a shift)."""

    code: str
    shift: str | None
    day: date
    text: LocalName


def require_staff(tx: MaintenanceTx, site: str, usernames: Iterable[str], field: str) -> None:
    """Raises ``BadData`` for the first one who is unknown, switched off, without a grant on the site or with one for a
    contractor's orders alone."""
    for n, username in enumerate(usernames):
        try:
            person = tx.people.person(username)
        except NotFound:
            raise _bad(f"{field}.{n}", "unknown_user", f"没有用户{username} / there is no user {username!r}") from None
        if not person.active:
            raise _bad(f"{field}.{n}", "inactive", f"{person.shown}已停用 / {username} is switched off")
        if not _grants(person, site):
            words = f"{person.shown}没有项目{site}的权限 / {username} has no grant on the site {site!r}"
            raise _bad(f"{field}.{n}", "no_grant", words)
        if _is_limited(person, site):
            words = (
                f"{person.shown}在项目{site}的权限仅限外包单位的工单，不能排班 / "
                f"{username} may only do a contractor's orders on the site {site!r} and is put on no roster"
            )
            raise _bad(f"{field}.{n}", "contractor_only", words)


def _grants(person: Person, site: str) -> list[Grant]:
    return [g for g in person.grants if g.site in {None, site} and g.role is not Role.VIEWER]


def _is_limited(person: Person, site: str) -> bool:
    """Whether all that somebody may do on a site is a contractor's work."""
    grants = _grants(person, site)
    return bool(grants) and all(grant.contractor is not None for grant in grants)


def save_shift(tx: MaintenanceTx, shift: Shift, today: date, expected: int | None = None) -> Shift:
    """Add a shift or change one. ``BadData`` for one that makes no sense, an unknown department or person;
    ``Conflict`` when somebody would work two shifts at once."""
    tx.assets.site(shift.site)
    checked(shift)
    known_department(tx, shift.site, shift.department)
    require_staff(tx, shift.site, shift.people, "people")
    stored = tx.people.put_shift(shift, expected)
    first = max(today, shift.valid_from)
    _require_one_at_a_time(tx, shift.people, first, first + timedelta(days=AHEAD_DAYS))
    return stored


def save_change(tx: MaintenanceTx, change: ShiftChange) -> ShiftChange:
    """Add an exception of a shift. Raises as ``save_shift``, and ``Conflict`` for somebody who does not work that shift
    on that day."""
    save_changes(tx, [change])
    return change


def save_changes(tx: MaintenanceTx, changes: Sequence[ShiftChange]) -> None:
    """As ``save_change`` for several that belong together (a swap): all or none."""
    for change in changes:
        shift = tx.people.shift(change.shift)
        _check_change(tx, shift, change)
        tx.people.add_shift_change(change)
    people = sorted({name for c in changes for name in (c.user, c.other) if name is not None})
    spread = [change.day for change in changes]
    _require_one_at_a_time(tx, people, min(spread) - _DAY, max(spread) + _DAY)


def _check_change(tx: MaintenanceTx, shift: Shift, change: ShiftChange) -> None:
    kind = change.kind
    needs_user, needs_other = kind is not ChangeKind.CANCELLED, kind is ChangeKind.REPLACE
    if needs_user and change.user is None:
        raise _bad("user", "required", "写明何人 / say who")
    if needs_other and change.other is None:
        raise _bad("other", "required", "写明由谁顶班 / say who works instead")
    if change.other is not None and change.other == change.user:
        raise _bad("other", "same", "不能与自己换班 / is the same person")
    coming = [name for name in (change.user if kind is ChangeKind.EXTRA else None, change.other) if name is not None]
    require_staff(tx, shift.site, coming, "other" if needs_other else "user")
    there = people_on(shift, change.day, tx.people.shift_changes(change.day, change.day, [shift.id]))
    if kind in {ChangeKind.OFF, ChangeKind.REPLACE} and change.user not in there:
        raise Conflict(f"{change.user}在{change.day}不上该班 / {change.user} does not work that shift on {change.day}")
    if any(name in there for name in coming):
        raise Conflict(f"{coming[0]}在{change.day}已上该班 / {coming[0]} works that shift on {change.day} already")


def _require_one_at_a_time(tx: MaintenanceTx, people: Sequence[str], first: date, last: date) -> None:
    """Raises ``Conflict`` for the first time that one of the people would work two shifts at once."""
    found = [duty for duty in duties_of(tx, people, first, last) if duty.user in set(people)]
    clashes = overlaps(found)
    if not clashes:
        return
    one, other = clashes[0]
    names = {shift.id: shift.name for shift in tx.people.shifts()}
    raise Conflict(
        f"{one.user}的班次重叠：{one.day}“{names[one.shift].zh}”与{other.day}“{names[other.shift].zh}” / "
        f"{one.user} would work two shifts at once: {names[one.shift].en} of {one.day} and "
        f"{names[other.shift].en} of {other.day}"
    )


def duties_of(tx: MaintenanceTx, people: Sequence[str], first: date, last: date) -> list[Duty]:
    """The duties of some people on every site, in order."""
    brought = tx.people.shifts_changed_for(people, first, last)
    mine = {shift.id: shift for shift in tx.people.shifts(users=people)}
    mine |= {shift_id: tx.people.shift(shift_id) for shift_id in brought if shift_id not in mine}
    return _in_their_zones(tx, list(mine.values()), first, last)


def duties_on(tx: MaintenanceTx, site: str, first: date, last: date) -> list[Duty]:
    """The duties of a site, in order."""
    return _in_their_zones(tx, tx.people.shifts(site), first, last)


def _in_their_zones(tx: MaintenanceTx, shifts: Sequence[Shift], first: date, last: date) -> list[Duty]:
    changes = tx.people.shift_changes(first, last, [shift.id for shift in shifts])
    absences = tx.people.absences(first, last)
    zones = {site: ZoneInfo(tx.assets.site(site).time_zone) for site in {shift.site for shift in shifts}}
    return sorted(
        duty
        for site, zone in zones.items()
        for duty in duties([s for s in shifts if s.site == site], changes, absences, first, last, zone)
    )


def save_rota(tx: MaintenanceTx, rota: Rota, expected: int | None = None) -> Rota:
    """Add an on-call rota or change one. Raises as ``save_shift``."""
    tx.assets.site(rota.site)
    checked_rota(rota)
    if rota.department is not None:
        known_department(tx, rota.site, rota.department)
    require_staff(tx, rota.site, rota.people, "people")
    require_staff(tx, rota.site, rota.holiday_people, "holiday_people")
    return tx.people.put_rota(rota, expected)


def save_cover(tx: MaintenanceTx, cover: Cover) -> Cover:
    """Add a cover. Raises ``BadData`` for a span of no length, an unknown person; ``NotFound``."""
    rota = tx.people.rota(cover.rota)
    if cover.ends_at <= cover.starts_at:
        raise _bad("ends_at", "before_start", "结束不晚于开始 / does not end after it starts")
    require_staff(tx, rota.site, [cover.user], "user")
    tx.people.add_cover(cover)
    return cover


def save_absence(tx: MaintenanceTx, absence: Absence) -> Absence:
    """Add days off. Raises ``BadData`` when they end before they begin, ``NotFound`` for an unknown user."""
    tx.people.person(absence.user)
    if absence.last < absence.first:
        raise _bad("last", "before_start", "结束早于开始 / ends before it begins")
    tx.people.add_absence(absence)
    return absence


def gaps_of(
    tx: MaintenanceTx, site: str, start: datetime, end: datetime, is_holiday: IsHoliday = no_holiday
) -> list[tuple[Rota, Gap]]:
    """When nobody can be reached on the rotas of a site."""
    zone = ZoneInfo(tx.assets.site(site).time_zone)
    rotas = tx.people.rotas(site)
    covers = tx.people.covers([rota.id for rota in rotas], start, end)
    absences = tx.people.absences(start.astimezone(zone).date(), end.astimezone(zone).date())
    known = {person.username for person in tx.people.people(site) if person.active}
    return [
        (rota, gap)
        for rota in rotas
        for gap in gaps(rota, covers, absences, known.__contains__, start, end, zone, is_holiday)
    ]


def warnings_of(tx: MaintenanceTx, site: str, first: date, last: date) -> list[RosterWarning]:
    """What is wrong with the shifts of a site on days from the first to the last, in order."""
    zone = ZoneInfo(tx.assets.site(site).time_zone)
    shifts = tx.people.shifts(site)
    people = {person.username: person for person in tx.people.people(site)}
    certificates = tx.people.certificates(list(people))
    held: dict[str, list[Certificate]] = {}
    for certificate in certificates:
        held.setdefault(certificate.username, []).append(certificate)
    working: dict[tuple[str, date], list[str]] = {}
    for duty in duties_on(tx, site, first, last):
        working.setdefault((duty.shift, duty.day), []).append(duty.user)
    changes = tx.people.shift_changes(first, last, [shift.id for shift in shifts])
    found: list[RosterWarning] = []
    for day in days(first, last):
        for shift in shifts:
            mine = [c for c in changes if c.shift == shift.id and c.day == day]
            if any(c.kind is ChangeKind.CANCELLED for c in mine):
                continue
            if shift.runs_on(day) or any(c.kind is ChangeKind.EXTRA for c in mine):
                found += staffing(shift, day, working.get((shift.id, day), ()), people, held)
    return [*found, *_uncovered(shifts, working, first, last, zone)]


def staffing(
    shift: Shift,
    day: date,
    working: Sequence[str],
    people: Mapping[str, Person],
    held: Mapping[str, Sequence[Certificate]],
) -> list[RosterWarning]:
    """What is wrong with one shift on one day. Pure."""
    found: list[RosterWarning] = []
    gone = [name for name in working if name not in people or not people[name].active]
    for name in gone:
        text = LocalName(f"{day} {shift.name.zh}：{name}已停用", f"{day} {shift.name.en}: {name} is switched off")
        found.append(RosterWarning("switched_off", shift.id, day, text))
    limited = [name for name in working if name not in gone and _is_limited(people[name], shift.site)]
    for name in limited:
        text = LocalName(
            f"{day} {shift.name.zh}：{name}的权限仅限外包单位的工单",
            f"{day} {shift.name.en}: {name} may only do a contractor's orders",
        )
        found.append(RosterWarning("contractor_only", shift.id, day, text))
    here = [name for name in working if name not in gone and name not in limited]
    control_room = shift.post == FIRE_CONTROL_ROOM
    wanted = max(shift.minimum, FIRE_CONTROL_ROOM_PEOPLE if control_room else 1)
    if len(here) < wanted:
        text = LocalName(
            f"{day} {shift.name.zh}：应至少{wanted}人，实有{len(here)}人",
            f"{day} {shift.name.en}: {counted(wanted, 'person', 'people')} at least, {len(here)} on it",
        )
        found.append(RosterWarning("understaffed", shift.id, day, text))
    if control_room:
        without = [name for name in here if not _is_certified(held.get(name, ()), day)]
        if len(here) - len(without) < FIRE_CONTROL_ROOM_PEOPLE and without:
            named = "、".join(without)
            text = LocalName(
                f"{day} {shift.name.zh}：{named}没有有效的消防设施操作员证",
                f"{day} {shift.name.en}: no valid fire facility operator's certificate: {', '.join(without)}",
            )
            found.append(RosterWarning("uncertified", shift.id, day, text))
    return found


def _is_certified(held: Sequence[Certificate], day: date) -> bool:
    return any(c.kind == FIRE_CERTIFICATE and valid_on(c, day) for c in held)


def _uncovered(
    shifts: Sequence[Shift], working: Mapping[tuple[str, date], Sequence[str]], first: date, last: date, zone: ZoneInfo
) -> list[RosterWarning]:
    """Hours in which a fire control room that has shifts has none. The night before the first day belongs to it."""
    rooms = [shift for shift in shifts if shift.post == FIRE_CONTROL_ROOM]
    if not rooms:
        return []
    spans = sorted(
        span_of(shift, day, zone)
        for shift in rooms
        for day in days(first - _DAY, last)
        if working.get((shift.id, day)) or (day < first and shift.runs_on(day))
    )
    found: list[RosterWarning] = []
    covered = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + _DAY, datetime.min.time(), zone)
    for begins, ends in [*spans, (end, end)]:
        if begins > covered and covered < end:
            until = min(begins, end)
            said = f"{covered.astimezone(zone):%Y-%m-%d %H:%M} – {until.astimezone(zone):%Y-%m-%d %H:%M}"
            text = LocalName(f"消防控制室无人值班：{said}", f"nobody in the fire control room: {said}")
            found.append(RosterWarning("uncovered", None, covered.astimezone(zone).date(), text))
        covered = max(covered, ends)
    return found


def _bad(field: str, code: str, words: str) -> BadData:
    return BadData(f"{field}: {words}", [FieldProblem(field, code, words)])
