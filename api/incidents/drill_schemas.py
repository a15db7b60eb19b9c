"""Shapes of the records of drills."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field

from api.incidents.schemas import FollowUp, FollowUps, Words
from api.shapes import Instant, Key, ListQuery, Name, Payload, Shape
from maintenance.emergency.plans import EmergencyPlan
from maintenance.incidents import drills
from maintenance.incidents.drills import DrillRecord, Grade
from maintenance.incidents.model import Stage


class StageTime(Shape):
    """Minutes from the drill's beginning until a stage was reached."""

    stage: Stage
    minutes: float


class StageTimeIn(Payload):
    """Minutes from the drill's beginning until a stage was reached."""

    stage: Stage
    minutes: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class DrilledPlan(Shape):
    """The emergency plan that is drilled, with its lists."""

    key: str
    code: str
    name: Name
    measures: list[str]
    supplies: list[str]
    people: list[str]


class Drill(Shape):
    """The record of a drill: what was written, with what only its checklist tells. `people` is the number of those who
    took part where nobody is named; `version` its ETag (0: nothing was written yet)."""

    work_order: str
    site: str
    scenario: str
    participants: list[str]
    people: int | None
    times: list[StageTime]
    findings: str
    grade: Grade | None
    evaluation: str
    follow_ups: list[FollowUp]
    emergency_plan: str | None
    by: str
    recorded_at: Instant | None
    version: int

    @classmethod
    def of(cls, record: DrillRecord) -> Self:
        """From the ledger's record."""
        return cls.model_validate(record)


class DrillDetail(Drill):
    """A drill with what is still missing before its order can be completed, and the plan that is drilled."""

    lacks: list[str]
    plan: DrilledPlan | None

    @classmethod
    def whole(cls, record: DrillRecord, plan: EmergencyPlan | None) -> Self:
        """From the ledger's records."""
        own = {name: getattr(record, name) for name in Drill.model_fields}
        return cls.model_validate(own | {"lacks": [one.field for one in drills.lacks(record)], "plan": plan})


class DrillList(Shape):
    """A page of drill records, the last written first."""

    items: list[Drill]
    next_cursor: str | None


class DrillQuery(ListQuery):
    """Filters of drill records; `emergency_plan` is a plan's key, `from` and `to` bound when they were written."""

    site: str | None = None
    emergency_plan: str | None = None
    begins: Annotated[Instant | None, Field(alias="from")] = None
    ends: Annotated[Instant | None, Field(alias="to")] = None


class DrillPut(Payload):
    """The record of a drill, whole or as far as it is known. `times` are minutes from its beginning; report and command
    are needed before the drill's order can be completed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scenario": "B座电梯困人，夜间",
                    "participants": ["李工", "王经理"],
                    "times": [
                        {"stage": "report", "minutes": 1},
                        {"stage": "command", "minutes": 4},
                        {"stage": "on_site", "minutes": 12},
                    ],
                    "findings": "对讲机一台没电",
                    "grade": "with_faults",
                    "evaluation": "到场及时，通讯不畅",
                    "follow_ups": [{"kind": "other", "text": "每周检查对讲机电量，张工，3月15日前"}],
                }
            ]
        }
    )

    scenario: Words = ""
    participants: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=500)] = ()
    people: Annotated[int | None, Field(ge=0, le=100_000)] = None
    times: Annotated[tuple[StageTimeIn, ...], Field(max_length=5)] = ()
    findings: Words = ""
    grade: Grade | None = None
    evaluation: Words = ""
    follow_ups: FollowUps = ()
    emergency_plan: Key | None = None

    def to_domain(self, order_id: str, site: str) -> DrillRecord:
        """As the domain has it."""
        return DrillRecord(
            work_order=order_id,
            site=site,
            scenario=self.scenario.strip(),
            participants=tuple(one.strip() for one in self.participants if one.strip()),
            people=self.people,
            times=tuple(drills.StageTime(one.stage, one.minutes) for one in self.times),
            findings=self.findings.strip(),
            grade=self.grade,
            evaluation=self.evaluation.strip(),
            follow_ups=tuple(one.to_domain() for one in self.follow_ups),
            emergency_plan=self.emergency_plan,
        )
