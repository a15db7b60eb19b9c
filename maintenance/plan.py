"""The plan table: rows, occurrences and their keys. The dates are computed in ``maintenance.recurrence``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, get_args

from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.schedules import BY_INTERVAL, FulfilledBy, Schedule
from plantroom.domain.assets import LocalName

__all__ = [
    "COMPLETED",
    "EVIDENCE",
    "FORMER_CYCLE",
    "NO_INTERVAL",
    "SITE",
    "AppliesTo",
    "BeforeReuse",
    "Evidence",
    "FulfilsSince",
    "Interval",
    "IntervalUnit",
    "Layer",
    "Missed",
    "Occurrence",
    "OccurrenceKey",
    "OccurrenceState",
    "PlanRow",
    "Roll",
    "is_withdrawn",
    "missed",
]

Evidence = Literal["photo", "signature", "second_signature", "report", "certificate", "lab_report"]
"""What a row may ask to be there before its orders are verified (``maintenance.proof``)."""

EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)


class Roll(StrEnum):
    """What becomes of a date on a holiday (inside the window only)."""

    NONE = "none"
    BACK = "back"
    FORWARD = "forward"
    NEAREST = "nearest"


class Missed(StrEnum):
    """What becomes of a missed occurrence: it stays due (hold), stands beside the next (stack) or gives
    way to it (supersede). A missed occurrence stays a record either way."""

    HOLD = "hold"
    STACK = "stack"
    SUPERSEDE = "supersede"


class Layer(StrEnum):
    """Who asks for a row."""

    LAW = "law"
    MAKER = "maker"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """What a row applies to: exactly one of a system, classes, assets (keys) or the site itself."""

    system: str | None = None
    classes: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    site: bool = False


@dataclass(frozen=True, slots=True)
class BeforeReuse:
    """That a row is to be done before a machine is used again that was out of use for more than so many days, who says
    so and how sure that is."""

    after_days: int
    basis: str = ""
    status: str = "default"


@dataclass(frozen=True, slots=True)
class FulfilsSince:
    """From when a row stands for another one (its code)."""

    code: str
    day: date


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the plan table at one version. ``lineage`` is the key that survives new versions and
    renamed codes; ``site`` is ``None`` for a row of every site's default profile.

    ``early_days`` / ``late_days`` span the window around a nominal date; ``max_gap_days`` is the longest
    time the law allows between two completions. ``schedule`` is what the dates go by; ``interval`` is then how deep the
    row is (``maintenance.schedules.implied_interval``) and for some kinds a cap, ``NO_INTERVAL`` where there is none.
    ``fulfilled_by`` is the reading that credits an occurrence, ``budget_line`` the line that its cost is booked to,
    ``licence`` lists kinds of certificate (``maintenance.people.licences``) that whoever does the work needs beside
    what its class and kind ask for. From the day ``ends`` on a row has no dates any more; what it has made due is still
    to be done. ``since`` is from when the row has been in the plan under whatever version: where dates count from on
    assets without an in-service date (``None``: ``effective_from``). ``job_cost`` and ``material_cost`` are what one
    job costs beside the time of our own people, CNY. ``before_reuse`` asks for the row when a machine comes back that
    was out of use for long. ``fulfils_since`` are the days of those rows that it has come to stand for later than it
    came into the plan (``maintenance.stand_ins.standing_since``).
    """

    lineage: str
    code: str
    name: LocalName
    kind: str
    applies_to: AppliesTo
    interval: Interval
    site: str | None = None
    anchor: date | None = None
    early_days: int = 0
    late_days: int = 0
    max_gap_days: int | None = None
    fulfils: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    shift_percent: int = 0
    roll: Roll = Roll.NONE
    missed: Missed = Missed.HOLD
    layer: Layer = Layer.CONTRACT
    basis: str = ""
    status: str = "default"
    executor: str = "in_house"
    department: LocalName = LocalName("", "")
    checklist: str | None = None
    evidence: tuple[str, ...] = ()
    standard: LocalName = LocalName("", "")
    estimated_minutes: int = 30
    effective_from: date = date(2000, 1, 1)
    version: int = 1
    custom: Mapping[str, object] = field(default_factory=dict)
    schedule: Schedule = BY_INTERVAL
    fulfilled_by: FulfilledBy | None = None
    budget_line: str | None = None
    licence: tuple[str, ...] = ()
    ends: date | None = None
    since: date | None = None
    job_cost: float | None = None
    material_cost: float | None = None
    before_reuse: BeforeReuse | None = None
    fulfils_since: tuple[FulfilsSince, ...] = ()

    @property
    def first_day(self) -> date:
        """From when the row has been in the plan, under whatever version."""
        return self.since or self.effective_from


SITE = "site:"
"""What the key of a site as a subject begins with."""


@dataclass(frozen=True, slots=True, order=True)
class OccurrenceKey:
    """The unit that is due, done, missed or credited: (row lineage, subject, cycle number).

    ``subject`` is an asset's key, or ``site:<code>`` for rows that apply to the site itself.
    """

    lineage: str
    subject: str
    cycle: int


class OccurrenceState(StrEnum):
    """Where an occurrence stands."""

    DUE = "due"
    DONE = "done"
    MISSED = "missed"
    CREDITED = "credited"
    WAIVED = "waived"
    """It was not to be done any more: its machine was out of service or scrapped, or its row had ended."""
    FORMER = "former"
    """It was done before Plantroom, by the word of whoever brought the records along (``maintenance.former``)."""


COMPLETED = (OccurrenceState.DONE, OccurrenceState.CREDITED, OccurrenceState.FORMER)
"""The states of what was done, whoever recorded it."""

FORMER_CYCLE = -1
"""The cycle of what was done before Plantroom: the last time alone is asked for."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A materialised occurrence. ``latest`` is the law's and the window's last day, whichever is earlier. Rows by the
    hour have ``nominal_at`` and ``due_at``, too; their dates are those instants' local days. ``evidence`` is the
    reading that credited it (point, ts, value)."""

    key: OccurrenceKey
    site: str
    plan_row: str
    nominal_date: date
    earliest: date
    latest: date
    state: OccurrenceState = OccurrenceState.DUE
    completed_at: datetime | None = None
    work_order: str | None = None
    nominal_at: datetime | None = None
    due_at: datetime | None = None
    evidence: Mapping[str, object] | None = None


def is_withdrawn(one: Occurrence, order: str) -> bool:
    """Whether it was withdrawn of an order that went on for the rest and lists it still: nothing becomes of it with
    that order."""
    return one.state is OccurrenceState.WAIVED and one.work_order != order


def missed(occurrences: Iterable[Occurrence], last: date) -> list[Occurrence]:
    """The occurrences of one job as missed. Each counts on the last day of the job, which may be before its own: so it
    was counted while the job was due."""
    return [
        replace(o, state=OccurrenceState.MISSED, earliest=min(o.earliest, last), latest=min(o.latest, last))
        for o in occurrences
    ]
