"""Shapes of loop tests."""

from typing import Annotated, Self

from pydantic import Field

from api.assets.schemas import ShortText
from api.shapes import AssetRef, Instant, ListQuery, Name, Payload, Shape, one_or_more
from maintenance.loop_tests import CheckKind, CheckResult, LoopCheck, LoopStep, Step, StepState, TestState, delays_ms
from maintenance.loop_tests import LoopTest as DomainTest

Key = Annotated[str, Field(min_length=1, max_length=200)]
Scalar = str | int | float | bool


class LoopTestStep(Shape):
    """One link of the loop. The sensor's instant is its own; ``evidence`` names the finding, event, work order or user
    that proves it; ``note`` says why a link does not apply."""

    step: Step
    state: StepState
    at: Instant | None
    evidence: str | None
    note: Name | None

    @classmethod
    def of(cls, one: LoopStep) -> Self:
        """From the domain."""
        note = Name.model_validate(one.note) if one.note.zh else None
        return cls(step=one.step, state=one.state, at=one.at, evidence=one.evidence, note=note)


class LoopTestCheck(Shape):
    """One sensor. ``reason``: why it failed or was skipped; ``delays``: milliseconds from link to link."""

    number: int
    asset: AssetRef | None
    kind: CheckKind
    subject: str
    name: Name
    place: Name | None
    expected: dict[str, Scalar]
    responsible: str
    result: CheckResult
    asked_at: Instant | None
    deadline: Instant | None
    ended_at: Instant | None
    reason: Name | None
    by: str | None
    steps: list[LoopTestStep]
    delays: dict[str, int]

    @classmethod
    def of(cls, check: LoopCheck, asset: AssetRef | None) -> Self:
        """From the domain, and the asset's name."""
        return cls(
            number=check.number,
            asset=asset,
            kind=check.kind,
            subject=check.subject,
            name=Name.model_validate(check.name),
            place=Name.model_validate(check.place) if check.place.zh else None,
            expected={key: value for key, value in check.expected.items() if isinstance(value, Scalar)},
            responsible=check.responsible,
            result=check.result,
            asked_at=check.asked_at,
            deadline=check.deadline,
            ended_at=check.ended_at,
            reason=Name.model_validate(check.reason) if check.reason.zh else None,
            by=check.by,
            steps=[LoopTestStep.of(one) for one in check.steps],
            delays=delays_ms(check),
        )


class LoopTest(Shape):
    """A loop test, without its checks."""

    id: str
    site: str
    name: str
    state: TestState
    started_by: str
    started_at: Instant
    deadline: Instant
    finished_by: str | None
    finished_at: Instant | None

    @classmethod
    def of(cls, test: DomainTest) -> Self:
        """From the domain."""
        return cls.model_validate(test)


class LoopTestDetail(LoopTest):
    """A loop test with its checks, in walking order. ``asked``: the number of the check whose sensor is to be triggered
    now; ``trigger``: of a value with limits, which one has to be passed and for how long."""

    asked: int | None
    trigger: Name | None
    checks: list[LoopTestCheck]


class LoopTestList(Shape):
    """A page of loop tests, newest first."""

    items: list[LoopTest]
    next_cursor: str | None


class LoopTestQuery(ListQuery):
    """Filters of loop tests."""

    site: str | None = None
    state: Annotated[str | None, one_or_more(TestState)] = None


class LoopTestCreate(Payload):
    """A new loop test: of these assets (keys or codes), of a class, or of the whole site. Without ``points`` and
    ``events`` every safety event and every point with alarm limits is asked for. ``data``: what the events must carry,
    such as a zone. ``minutes``: how long each sensor may take once it is asked for; 10 by default, 2 in a test that
    asks for safety events."""

    site: Key
    name: ShortText = ""
    assets: Annotated[tuple[Key, ...], Field(max_length=2000)] = ()
    equipment_class: Annotated[str | None, Field(alias="class", max_length=200)] = None
    points: Annotated[tuple[Key, ...], Field(max_length=200)] = ()
    events: Annotated[tuple[Key, ...], Field(max_length=200)] = ()
    data: Annotated[dict[Key, Scalar], Field(max_length=20, default_factory=dict)]
    minutes: Annotated[float | None, Field(ge=0.05, le=1440)] = None
    responsible: ShortText = ""


class SkipRequest(Payload):
    """Why a sensor is left out."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
