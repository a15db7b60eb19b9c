"""Who is called, asked of the ledger: the door of escalation to the on-call rosters.

    on_call(tx, at, site, department, level)

Inside the caller's transaction; one look at the site's rotas and covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.people.on_call import PRIMARY, SECONDARY, IsHoliday, answering
from maintenance.people.rosters import is_absent
from maintenance.people.staff import Person
from maintenance.ports import MaintenanceTx
from maintenance.site_calendar import public_holidays
from plantroom.domain.assets import Severity

__all__ = ["PRIMARY", "SECONDARY", "OnCall", "holidays_of", "on_call", "on_call_all"]


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at a level, and until when. ``phone`` is for whoever has to call them and stands in no list that
    others see; ``why``: rota, holiday or cover; ``department`` ``None``: of the whole site."""

    username: str
    name: str
    language: str
    phone: str
    level: int
    department: str | None
    rota: str
    since: datetime
    until: datetime
    why: str


def on_call(
    tx: MaintenanceTx,
    at: datetime,
    site: str,
    department: str | None,
    level: int = PRIMARY,
    severity: Severity | None = None,
    is_holiday: IsHoliday | None = None,
) -> OnCall | None:
    """Who is to be called on a site for a department at a level (1 first). A department without a rota of its own at
    that level has the site's. Who is switched off or away that day is passed over; ``None``: nobody is on call, and
    the caller goes on to the next level. ``is_holiday``: the site's own public holidays without it. ``NotFound`` for an
    unknown site."""
    zone = ZoneInfo(tx.assets.site(site).time_zone)
    holiday = holidays_of(tx, site) if is_holiday is None else is_holiday
    rotas = tx.people.rotas(site)
    covers = tx.people.covers([rota.id for rota in rotas], at, at)
    today = at.astimezone(zone).date()
    absences = tx.people.absences(today, today)
    known = {person.username: person for person in tx.people.people(site) if person.active}

    def available(username: str, when: datetime) -> bool:
        return username in known and not is_absent(absences, username, when.astimezone(zone).date())

    found = answering(rotas, covers, at, zone, department, level, severity, holiday, available)
    if found is None:
        return None
    rota, turn = found
    person: Person = known[turn.user]
    return OnCall(
        username=person.username,
        name=person.shown,
        language=person.language,
        phone=person.phone,
        level=level,
        department=rota.department,
        rota=rota.id,
        since=turn.starts_at,
        until=turn.ends_at,
        why=turn.why,
    )


def holidays_of(tx: MaintenanceTx, site: str) -> IsHoliday:
    """Whether a local day is a public holiday on a site. ``NotFound``."""
    found = tx.assets.site(site)
    return public_holidays(found.calendar, found.time_zone)


def on_call_all(
    tx: MaintenanceTx,
    at: datetime,
    site: str,
    department: str | None,
    severity: Severity | None = None,
    is_holiday: IsHoliday | None = None,
) -> Sequence[OnCall]:
    """Everybody who is on call, by level: whom escalation goes through."""
    levels = sorted({rota.level for rota in tx.people.rotas(site)})
    found = (on_call(tx, at, site, department, level, severity, is_holiday) for level in levels)
    return [one for one in found if one is not None]


def called(tx: MaintenanceTx, at: datetime, site: str, department: str | None, level: int) -> Sequence[str]:
    """User names of who is to be called at a level, for escalation (``maintenance.notify.audience.OnCall``)."""
    found = on_call(tx, at, site, department, level)
    return () if found is None else (found.username,)
