"""What figures are made of, as the ledger gives it. Plain records.

Instants are aware UTC, days the site's own. ``asset`` of ``None``: the work is about the site itself.
"""

from datetime import date, datetime
from typing import NamedTuple


class Machine(NamedTuple):
    """What figures have to know of an asset. ``rests``: when it was out of service or scrapped (begin, end; ``None``:
    it is so still). ``known_since``: when it was entered, or the first ticket or stop of it that was told of, whichever
    is earlier; ``None``: it was there before the history began."""

    key: str
    code: str
    zh: str
    en: str
    equipment_class: str
    status: str
    department: str | None
    installed_on: date | None
    in_service_on: date | None
    design_life_years: float | None
    rests: tuple[tuple[datetime, datetime | None], ...] = ()
    known_since: datetime | None = None


class Due(NamedTuple):
    """An occurrence whose last day lies in the period. ``order_state`` is that of the order that it stood in, ``bare``:
    it counts as done, by no reading, and its order has no answer, no file and no signature. ``recorded_at``: when its
    completion was entered, by no reading (``maintenance.entered``). ``incomplete``: it counts as done, by no reading,
    and its order has something, but not all that its checklist asks for (``maintenance.evidence``)."""

    asset: str | None
    lineage: str
    plan_row: str
    kind: str
    layer: str
    department: str | None
    latest: date
    due_at: datetime | None
    state: str
    completed_at: datetime | None
    order_state: str | None
    bare: bool = False
    recorded_at: datetime | None = None
    incomplete: bool = False


class Ticket(NamedTuple):
    """One attempt at a repair ticket."""

    work_order: str
    attempt: int
    asset: str | None
    department: str | None
    origin: str
    severity: str
    state: str
    verdict: str | None
    confirmed: bool
    failure_mode: str | None
    opened_at: datetime
    completed_at: datetime | None


class Repaired(NamedTuple):
    """A resolve clock that has stopped: how long it ran, pauses taken off."""

    work_order: str
    asset: str | None
    department: str | None
    stopped_at: datetime
    seconds: float


class Stop(NamedTuple):
    """A time in which a machine was out of use: maintenance by hand, or work that isolates it. ``until`` of ``None``:
    it still is."""

    asset: str
    since: datetime
    until: datetime | None


class Kept(NamedTuple):
    """Clocks that were decided, of one machine, department and kind."""

    asset: str | None
    department: str | None
    kind: str
    judged: int
    target_met: int
    limit_met: int


class Alarm(NamedTuple):
    """An episode that opened, with what its ticket says of it."""

    asset: str
    failure_mode: str
    source: str
    order_state: str | None
    verdict: str | None


class Booked(NamedTuple):
    """What work on a machine has cost, CNY."""

    asset: str | None
    department: str | None
    amount: float


class Facts(NamedTuple):
    """All of a site's period."""

    machines: tuple[Machine, ...]
    due: tuple[Due, ...]
    tickets: tuple[Ticket, ...]
    repaired: tuple[Repaired, ...]
    stops: tuple[Stop, ...]
    kept: tuple[Kept, ...]
    alarms: tuple[Alarm, ...]
    booked: tuple[Booked, ...]
