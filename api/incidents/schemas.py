"""Shapes of incidents."""

from dataclasses import asdict
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, JsonValue

from api.shapes import AssetRef, Instant, Key, ListQuery, Name, NameIn, Payload, Shape, Why, one_or_more
from maintenance.emergency.plans import Category
from maintenance.incidents import model
from maintenance.incidents.model import FollowUpKind, Incident, LineKind, Listed, Outcome, Part, Stage
from maintenance.incidents.rules import NEXT, closing_lacks
from plantroom.domain.assets import LocalName, Severity

Words = Annotated[str, Field(max_length=4000)]
_PERSON: JsonValue = {"part": "commander", "name": "王经理", "username": "wang"}


class Person(Shape):
    """Somebody with a part in it; `username` of a user of ours."""

    part: Part
    name: str
    username: str | None


class PersonIn(Payload):
    """Somebody with a part in it."""

    part: Part
    name: Annotated[str, Field(min_length=1, max_length=200)]
    username: Annotated[str | None, Field(max_length=200)] = None

    def to_domain(self) -> model.Involved:
        """As the domain has it."""
        return model.Involved(self.part, self.name.strip(), self.username)


People = Annotated[tuple[PersonIn, ...], Field(max_length=50)]


class StageReached(Shape):
    """A stage that was reached: `at` is when, `recorded_at` when it was entered (`late`: more than 15 minutes
    after)."""

    stage: Stage
    at: Instant
    recorded_at: Instant
    late: bool
    by: str
    people: list[Person]
    note: str


class ItemMark(Shape):
    """A word on an item."""

    outcome: Outcome
    at: Instant
    recorded_at: Instant
    by: str
    note: str


class PlanItem(Shape):
    """A line of the emergency plan on this incident. `outcome` is its last mark's; `may` is what can become of it."""

    id: str
    list: Listed
    text: str
    outcome: Outcome | None
    may: tuple[Outcome, ...]
    marks: tuple[ItemMark, ...]


class TimelineLine(Shape):
    """One line of the timeline, by the time at which it was done. `subject` is the stage or the item's id."""

    at: Instant
    recorded_at: Instant
    by: str
    kind: LineKind
    subject: str
    outcome: Outcome | None
    text: str


class StageCorrection(Shape):
    """A stage that was put right; `before` is the entry that was replaced."""

    stage: Stage
    before: StageReached
    recorded_at: Instant
    by: str
    reason: str


class FollowUp(Shape):
    """What is to be done afterwards; `ref` the id of the work order, plan change or emergency plan."""

    kind: FollowUpKind
    text: str
    ref: str | None


class FollowUpIn(Payload):
    """What is to be done afterwards; `ref` is needed unless it is `other`."""

    kind: FollowUpKind
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    ref: Annotated[str | None, Field(max_length=200)] = None

    def to_domain(self) -> model.FollowUp:
        """As the domain has it."""
        return model.FollowUp(self.kind, self.text.strip(), self.ref)


FollowUps = Annotated[tuple[FollowUpIn, ...], Field(max_length=50)]


class Lessons(Shape):
    """What an incident taught."""

    went_well: str
    to_change: str
    follow_ups: list[FollowUp]


class LessonsIn(Payload):
    """What an incident taught; both texts are needed."""

    went_well: Words
    to_change: Words
    follow_ups: FollowUps = ()

    def to_domain(self) -> model.Lessons:
        """As the domain has it."""
        follow_ups = tuple(one.to_domain() for one in self.follow_ups)
        return model.Lessons(self.went_well.strip(), self.to_change.strip(), follow_ups)


class IncidentFigures(Shape):
    """Seconds from the report; `null` for a stage that is not reached."""

    to_command_s: float | None
    to_on_site_s: float | None
    to_closing_s: float | None


class PlanUsed(Shape):
    """The emergency plan whose list was taken over, at its version of then."""

    key: str
    code: str
    version: int
    name: Name


class IncidentSummary(Shape):
    """An incident. `stage` is the last one that was reached, `next` what may follow; `record` is the id of the frozen
    record once it is closed; `work_order` the ticket that it was opened from."""

    id: str
    code: str
    site: str
    kind: Category
    severity: Severity
    title: Name
    stage: Stage
    next: list[Stage]
    reported_at: Instant
    asset: str | None
    asset_ref: AssetRef | None
    location: str | None
    work_order: str | None
    figures: IncidentFigures
    record: str | None
    version: int

    @classmethod
    def of(cls, incident: Incident, asset: AssetRef | None) -> Self:
        """From the ledger's record."""
        return cls.model_validate(_fields(incident, asset))


def _fields(incident: Incident, asset: AssetRef | None) -> dict[str, Any]:
    from_record = set(IncidentSummary.model_fields) - {"next", "asset_ref", "figures"}
    made = {"next": list(NEXT[incident.stage]), "asset_ref": asset, "figures": asdict(model.figures(incident))}
    return {name: getattr(incident, name) for name in from_record} | made


class IncidentDetail(IncidentSummary):
    """An incident whole. `lacks` names what is missing before it can be closed."""

    plan: PlanUsed | None
    stages: list[StageReached]
    items: list[PlanItem]
    timeline: list[TimelineLine]
    corrections: list[StageCorrection]
    lessons: Lessons | None
    lacks: list[str]

    @classmethod
    def whole(cls, incident: Incident, asset: AssetRef | None) -> Self:
        """From the ledger's record."""
        items = [
            PlanItem(
                id=item.id,
                list=item.listed,
                text=item.text,
                outcome=item.outcome,
                may=model.OUTCOMES[item.listed],
                marks=tuple(ItemMark.model_validate(mark) for mark in item.marks),
            )
            for item in incident.items
        ]
        more = {
            "plan": incident.plan,
            "stages": list(incident.stages),
            "items": items,
            "timeline": model.timeline(incident),
            "corrections": list(incident.corrections),
            "lessons": incident.lessons,
            "lacks": [] if incident.closed else [one.field for one in closing_lacks(incident, incident.lessons)],
        }
        return cls.model_validate(_fields(incident, asset) | more)


class IncidentList(Shape):
    """A page of incidents, the newest report first."""

    items: list[IncidentSummary]
    next_cursor: str | None


class IncidentQuery(ListQuery):
    """Filters of incidents; `open` leaves out the closed ones, `from` and `to` bound the report (the end excluded)."""

    site: str | None = None
    stage: Annotated[str | None, one_or_more(Stage)] = None
    kind: Annotated[str | None, one_or_more(Category)] = None
    severity: Annotated[str | None, one_or_more(Severity)] = None
    asset: str | None = None
    work_order: str | None = None
    open: bool = False
    begins: Annotated[Instant | None, Field(alias="from")] = None
    ends: Annotated[Instant | None, Field(alias="to")] = None


class IncidentCreate(Payload):
    """An incident to be opened: by hand (`site`), or from a ticket (`work_order`), which gives what is not said: asset,
    severity, title, and when it was reported. `at` is when it was reported (default: now); what happened while nobody
    could enter it comes with its own time. Without an `emergency_plan` the fitting one is taken. Without people the
    caller is the reporter."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "kind": "equipment_failure",
                    "severity": "major",
                    "title": {"zh": "B1水泵房进水", "en": "Pump room B1 flooded"},
                    "people": [{"part": "reporter", "name": "李工", "username": "li"}],
                    "note": "积水约10 cm",
                }
            ]
        }
    )

    kind: Category
    site: Annotated[str | None, Field(max_length=200)] = None
    title: NameIn = NameIn()
    severity: Severity | None = None
    at: Instant | None = None
    people: People = ()
    note: Words = ""
    asset: Annotated[str | None, Field(max_length=200, description="the asset's key")] = None
    location: Annotated[str | None, Field(max_length=200, description="the place's key")] = None
    work_order: Annotated[str | None, Field(max_length=200, description="the ticket's id")] = None
    emergency_plan: Annotated[str | None, Field(max_length=200, description="the plan's key")] = None


class IncidentChange(Payload):
    """What is to change; what is left out stays. `emergency_plan` takes over another plan's list as long as nothing on
    the present one is marked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"severity": "critical"}]})

    title: NameIn | None = None
    severity: Severity | None = None
    location: Key | None = None
    emergency_plan: Key | None = None

    def named(self) -> LocalName | None:
        """The new title; ``None``: it stays."""
        return None if self.title is None else self.title.to_domain()


class StageRequest(Payload):
    """The next stage: command needs a `commander`, on_site an `on_site_lead`, coordination a `coordinator`; closing
    needs `lessons`, and every measure of the list marked. Closing without coordination needs a note."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"stage": "command", "people": [_PERSON], "at": "2026-03-02T08:04:00Z"}]}
    )

    stage: Stage
    at: Instant | None = None
    people: People = ()
    note: Words = ""
    lessons: LessonsIn | None = None


class CorrectionRequest(Payload):
    """A reached stage put right; what is left out stays. The entry that was replaced is kept."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at": "2026-03-02T08:06:00Z", "reason": "对讲机记录为08:06"}]}
    )

    reason: Why
    at: Instant | None = None
    people: People | None = None
    note: Words | None = None


class MarkRequest(Payload):
    """What became of an item: a measure is `done`, a supply `checked`, `used` or `missing`, a person `called`,
    `arrived` or `not_reached`; each may be `not_needed`, with a note why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "done", "at": "2026-03-02T08:10:00Z"}]})

    outcome: Outcome
    at: Instant | None = None
    note: Words = ""


class NoteRequest(Payload):
    """A line for the timeline."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "已通知B座业主"}]})

    text: Annotated[str, Field(min_length=1, max_length=4000)]
    at: Instant | None = None


class Spread(Shape):
    """Of some seconds: how many incidents there are, the middle one, the longest."""

    count: int
    median_s: float | None
    longest_s: float | None


class FiguresOfIncidents(Shape):
    """How quickly the stages were reached by the incidents that were reported in a period."""

    begins: Annotated[Instant, Field(serialization_alias="from")]
    ends: Annotated[Instant, Field(serialization_alias="to")]
    incidents: int
    closed: int
    to_command: Spread
    to_on_site: Spread
    to_closing: Spread
