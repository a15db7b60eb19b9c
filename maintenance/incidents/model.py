"""An incident as it is kept: stages, the emergency plan's list, notes, corrections, lessons. Plain records.

Instants are aware UTC. ``at`` is when something was done, ``recorded_at`` when we learned of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maintenance.emergency.plans import Category
from plantroom.domain.assets import LocalName, Severity

LATE_AFTER = timedelta(minutes=15)
"""What is entered so long after it was done counts as entered late (default: ours)."""


class Stage(StrEnum):
    """The steps of requirement EM-06, and the end."""

    REPORT = "report"
    COMMAND = "command"
    ON_SITE = "on_site"
    COORDINATION = "coordination"
    CLOSING = "closing"


STAGES: dict[Stage, LocalName] = {
    Stage.REPORT: LocalName("事件报告", "Report"),
    Stage.COMMAND: LocalName("指挥调度", "Command"),
    Stage.ON_SITE: LocalName("现场处置", "On site"),
    Stage.COORDINATION: LocalName("协调沟通", "Coordination"),
    Stage.CLOSING: LocalName("结束", "Closing"),
}


class Part(StrEnum):
    """What somebody does in an incident."""

    REPORTER = "reporter"
    COMMANDER = "commander"
    ON_SITE_LEAD = "on_site_lead"
    RESPONDER = "responder"
    COORDINATOR = "coordinator"
    SAFETY_OFFICER = "safety_officer"
    OUTSIDE = "outside"


PARTS: dict[Part, LocalName] = {
    Part.REPORTER: LocalName("报告人", "reporter"),
    Part.COMMANDER: LocalName("总指挥", "commander"),
    Part.ON_SITE_LEAD: LocalName("现场负责人", "lead on site"),
    Part.RESPONDER: LocalName("处置人员", "responder"),
    Part.COORDINATOR: LocalName("联络人", "coordinator"),
    Part.SAFETY_OFFICER: LocalName("安全员", "safety officer"),
    Part.OUTSIDE: LocalName("外部单位（119、120、警方等）", "from outside (119, 120, police)"),
}


class Listed(StrEnum):
    """Which list of the emergency plan an item is of."""

    MEASURE = "measure"
    SUPPLY = "supply"
    PERSON = "person"


class Outcome(StrEnum):
    """What became of an item."""

    DONE = "done"
    NOT_NEEDED = "not_needed"
    CHECKED = "checked"
    USED = "used"
    MISSING = "missing"
    CALLED = "called"
    ARRIVED = "arrived"
    NOT_REACHED = "not_reached"


OUTCOMES: dict[Listed, tuple[Outcome, ...]] = {
    Listed.MEASURE: (Outcome.DONE, Outcome.NOT_NEEDED),
    Listed.SUPPLY: (Outcome.CHECKED, Outcome.USED, Outcome.MISSING, Outcome.NOT_NEEDED),
    Listed.PERSON: (Outcome.CALLED, Outcome.ARRIVED, Outcome.NOT_REACHED, Outcome.NOT_NEEDED),
}
"""What can become of the items of each list."""


@dataclass(frozen=True, slots=True)
class Involved:
    """Somebody with a part in it. ``name`` is what people call them, ``username`` set for a user of ours."""

    part: Part
    name: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class StageEntry:
    """One stage that was reached."""

    stage: Stage
    at: datetime
    recorded_at: datetime
    by: str
    people: tuple[Involved, ...] = ()
    note: str = ""

    @property
    def late(self) -> bool:
        """Whether it was entered afterwards."""
        return self.recorded_at - self.at > LATE_AFTER


@dataclass(frozen=True, slots=True)
class Mark:
    """A word on an item of the list."""

    outcome: Outcome
    at: datetime
    recorded_at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the emergency plan on this incident; ``id`` such as ``m1``, ``s2``, ``p1``. The last mark counts."""

    id: str
    listed: Listed
    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """What became of it; ``None``: nobody has said."""
        return self.marks[-1].outcome if self.marks else None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was said on the way."""

    at: datetime
    recorded_at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A stage that was put right: ``before`` is the entry that it replaced."""

    stage: Stage
    before: StageEntry
    recorded_at: datetime
    by: str
    reason: str


class FollowUpKind(StrEnum):
    """What follows from the lessons."""

    WORK_ORDER = "work_order"
    PLAN_CHANGE = "plan_change"
    EMERGENCY_PLAN = "emergency_plan"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something that is to be done afterwards; ``ref`` is the id of what it names (of ``other``: none)."""

    kind: FollowUpKind
    text: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Lessons:
    """What an incident taught."""

    went_well: str
    to_change: str
    follow_ups: tuple[FollowUp, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanUsed:
    """The emergency plan as it was when its list was taken over."""

    key: str
    code: str
    version: int
    name: LocalName


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. ``code`` is what people say (``INC-2026-003``), ``number`` counts within site and year;
    ``work_order`` is the ticket that it was opened from, ``record`` the frozen record once it is closed. ``stages``
    are in their order, ``stage`` is the last one that was reached; ``version`` counts changes."""

    id: str
    site: str
    code: str
    number: int
    kind: Category
    severity: Severity
    title: LocalName
    stage: Stage
    stages: tuple[StageEntry, ...]
    asset: str | None = None
    location: str | None = None
    work_order: str | None = None
    plan: PlanUsed | None = None
    items: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()
    corrections: tuple[Correction, ...] = ()
    lessons: Lessons | None = None
    record: str | None = None
    version: int = 1

    @property
    def closed(self) -> bool:
        """Whether nothing of it is changed any more."""
        return self.stage is Stage.CLOSING

    @property
    def reported_at(self) -> datetime:
        """When it was reported."""
        return self.stages[0].at

    def reached(self, stage: Stage) -> StageEntry | None:
        """The entry of a stage; ``None`` while it is not reached."""
        return next((entry for entry in self.stages if entry.stage is stage), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from the report; ``None`` for a stage that is not reached."""

    to_command_s: float | None
    to_on_site_s: float | None
    to_closing_s: float | None


def figures(incident: Incident) -> Figures:
    """How quickly the stages were reached."""

    def to(stage: Stage) -> float | None:
        entry = incident.reached(stage)
        return None if entry is None else (entry.at - incident.reported_at).total_seconds()

    return Figures(to(Stage.COMMAND), to(Stage.ON_SITE), to(Stage.CLOSING))


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some seconds: how many there are, the middle one (of two: the lower), the longest."""

    count: int
    median_s: float | None
    longest_s: float | None


def spread(seconds: Sequence[float | None]) -> Spread:
    """The spread of those that there are."""
    known = sorted(one for one in seconds if one is not None)
    if not known:
        return Spread(0, None, None)
    return Spread(len(known), known[(len(known) - 1) // 2], known[-1])


class LineKind(StrEnum):
    """What a line of the timeline is."""

    STAGE = "stage"
    ITEM = "item"
    NOTE = "note"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline. ``subject`` is the stage, or the item's id."""

    at: datetime
    recorded_at: datetime
    by: str
    kind: LineKind
    subject: str = ""
    outcome: Outcome | None = None
    text: str = ""


def timeline(incident: Incident) -> list[Line]:
    """Everything that was done, by the time at which it was done."""
    lines = [Line(e.at, e.recorded_at, e.by, LineKind.STAGE, e.stage, text=e.note) for e in incident.stages]
    for item in incident.items:
        lines += [
            Line(m.at, m.recorded_at, m.by, LineKind.ITEM, item.id, m.outcome, m.note or item.text) for m in item.marks
        ]
    lines += [Line(n.at, n.recorded_at, n.by, LineKind.NOTE, text=n.text) for n in incident.notes]
    lines += [
        Line(c.recorded_at, c.recorded_at, c.by, LineKind.CORRECTION, c.stage, text=c.reason)
        for c in incident.corrections
    ]
    return sorted(lines, key=lambda one: (one.at, one.recorded_at))
