"""Shapes of work orders and repair tickets."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator

from api.shapes import AssetRef, Instant, ListQuery, Name, NameIn, Payload, Shape, one_or_more
from api.work_orders.clocks import Clock, Escalation, Mark, clocks_at
from api.work_orders.learned_schemas import LearnedLevel
from api.work_orders.records_schemas import CodingIn, RecordsOut
from maintenance.early import Early
from maintenance.entered import Entered
from maintenance.sla.clocks import Clock as DomainClock
from maintenance.sla.clocks import ClockState
from maintenance.sla.steps import StepDone
from maintenance.sla.words import Mark as DomainMark
from maintenance.sources import cited
from maintenance.work_orders import Kind, Origin, State
from maintenance.work_orders import Transition as DomainTransition
from maintenance.work_orders import WorkOrder as DomainOrder
from plantroom.domain.assets import Severity


class OrderOccurrence(Shape):
    """One cycle of a plan row that the order stands for; of rows by the hour with its moments."""

    plan_row: str
    cycle: int
    nominal_date: date
    due: date
    subject: str
    nominal_at: Instant | None = None
    due_at: Instant | None = None


class WorkOrder(Shape):
    """A piece of work. ``number`` is what people say; ``due`` the last moment; ``reason`` why it is there.

    ``assignee`` is the user name of who was given it, ``contractor`` an organisation's id; ``department`` owns it.
    ``asset`` is the asset's key, ``asset_ref`` its code and name (``null`` for a scrapped one). ``clocks`` are those of
    a repair ticket, ``next_limit`` when the first of them that runs reaches its limit (docs/sla.md); ``due`` of a
    ticket that nobody has accepted is what it would be if somebody had at once."""

    id: str
    number: int
    site: str
    kind: Kind
    origin: Origin
    state: State
    severity: Severity
    safety: bool
    title: Name
    reason: Name
    asset: str | None
    asset_ref: AssetRef | None
    department: str | None
    assignee: str | None
    contractor: str | None
    version: int
    due: Instant | None
    earliest: date | None
    opened_at: Instant | None
    acknowledged_at: Instant | None
    arrived_at: Instant | None
    completed_at: Instant | None
    verified_at: Instant | None
    hold_reason: str | None
    hold_code: str | None
    end_reason: str | None
    reopened: int
    episode: str | None
    tags: list[str]
    occurrences: list[OrderOccurrence]
    clocks: list[Clock]
    next_limit: Instant | None

    @classmethod
    def of(cls, order: DomainOrder, asset: AssetRef | None, clocks: Sequence[DomainClock], now: datetime) -> Self:
        """From the ledger's records."""
        return cls.model_validate(_fields(order, asset, clocks_at(clocks, now)))


_MADE = frozenset({"asset_ref", "occurrences", "clocks", "next_limit"})


def _fields(order: DomainOrder, asset: AssetRef | None, clocks: list[Clock]) -> dict[str, object]:
    own = (name for name in WorkOrder.model_fields if name not in _MADE)
    occurrences = [
        OrderOccurrence(
            plan_row=o.plan_row,
            cycle=o.key.cycle,
            nominal_date=o.nominal_date,
            due=o.due,
            subject=o.key.subject,
            nominal_at=o.nominal_at,
            due_at=o.due_at,
        )
        for o in order.occurrences
    ]
    runs = [one.limit_at for one in clocks if one.stopped_at is None and one.state is not ClockState.PAUSED]
    made = {"asset_ref": asset, "occurrences": occurrences, "clocks": clocks, "next_limit": min(runs, default=None)}
    return {name: getattr(order, name) for name in own} | made


class ChecklistItem(Shape):
    """One line of a checklist. ``type``: ok, number, choice, text, photo or signature; ``low`` and ``high``
    bound a number in ``unit``; ``evidence`` lists what is compulsory. ``signal`` is a point whose live value helps to
    judge. ``conditions`` say when the item is asked for (``season:winter``, ``option:diesel_pump``, ``class:pump``,
    ``answer:STEP=OUTCOME``; of one kind any, of several kinds each), ``batch_ok`` that it may be answered together with
    others. ``basis`` with ``status`` (verified, from_memory, default; empty: not of the seed) says where the item comes
    from, ``limits_status`` the same of its numbers."""

    step: str
    type: str
    name: Name
    requirement: Name
    point: str | None
    unit: str
    low: float | None
    high: float | None
    choices: list[Name]
    evidence: list[str]
    section: Name
    guidance: Name
    conditions: list[str]
    batch_ok: bool
    signal: str | None
    basis: Name
    status: str
    limits_status: str

    @field_validator("basis", mode="before")
    @classmethod
    def _cited(cls, basis: object) -> object:
        return cited(basis) if isinstance(basis, str) else basis


class Transition(Shape):
    """One entry of an order's history: ``at`` is when it was done, ``recorded_at`` when we learned of it, ``code`` why
    it was held or ended."""

    to: State
    at: Instant
    recorded_at: Instant
    by: str
    reason: str
    code: str


class RecordedLate(Shape):
    """Work that was entered more than 24 hours after it says that it was done. ``device``: the tablet that sent it, by
    whose own clock it was done then; ``null``: somebody has said so."""

    done_at: Instant
    recorded_at: Instant
    hours: float
    device: str | None

    @classmethod
    def of(cls, one: Entered) -> Self:
        """From the domain, to a tenth of an hour."""
        return cls(done_at=one.done_at, recorded_at=one.recorded_at, hours=round(one.hours, 1), device=one.device)


class EarlyWork(Shape):
    """Planned work that was done (else begun) on ``day``, so many ``days`` before its window ``opens``. It counts;
    ``text`` says what the next date counts from."""

    days: int
    day: date
    opens: date
    text: Name


class WorkOrderDetail(WorkOrder):
    """A work order with everything that is needed to do it. ``answers`` maps a step to its accepted answer.
    ``recorded_late`` is ``null`` for what was entered in time, ``early`` for what is not done before its window.

    ``records`` (codes, totals, links, signatures) and ``worked_last_time`` (closed tickets of the class and failure
    mode, this machine's first) come with an order that is read, and not with the answer to a step."""

    first_checks: list[Name]
    template: list[ChecklistItem]
    answers: dict[str, dict[str, Any]]
    verdict: dict[str, Any] | None
    history: list[Transition]
    marks: list[Mark]
    escalations: list[Escalation]
    recorded_late: RecordedLate | None = None
    early: EarlyWork | None = None
    records: RecordsOut | None = None
    worked_last_time: list[LearnedLevel] = Field(default_factory=list)

    @classmethod
    def detail_of(
        cls,
        order: DomainOrder,
        asset: AssetRef | None,
        history: list[DomainTransition] | None = None,
        *,
        clocks: Sequence[DomainClock],
        now: datetime,
        marks: Sequence[DomainMark] = (),
        steps: Sequence[StepDone] = (),
        late: Entered | None = None,
        early: Early | None = None,
    ) -> Self:
        """From the ledger's records."""
        more = {
            "first_checks": list(order.first_checks),
            "template": list(order.template),
            "answers": {step: dict(answer) for step, answer in order.answers.items()},
            "verdict": None if order.verdict is None else dict(order.verdict),
            "history": list(history or ()),
            "marks": [Mark.of(one) for one in marks],
            "escalations": [Escalation.of(one) for one in steps],
            "recorded_late": None if late is None else RecordedLate.of(late),
            "early": early,
        }
        return cls.model_validate(_fields(order, asset, clocks_at(clocks, now)) | more)


class WorkOrderList(Shape):
    """A page of work orders."""

    items: list[WorkOrder]
    next_cursor: str | None


class WorkOrderQuery(ListQuery):
    """Filters of work orders; those given must all hold, and of several kinds, states or origins any one. ``open``
    leaves out the ended ones, ``at_risk`` keeps open ones with a clock that has used three quarters of its limit or has
    passed it. Sorts: due, number, opened_at, severity, next_limit."""

    kind: Annotated[str | None, one_or_more(Kind)] = None
    state: Annotated[str | None, one_or_more(State)] = None
    origin: Annotated[str | None, one_or_more(Origin)] = None
    asset: str | None = None
    site: str | None = None
    department: str | None = None
    assignee: Annotated[str | None, Field(description="a user name")] = None
    contractor: str | None = None
    unassigned: Annotated[bool, Field(description="only what no person has been given")] = False
    due_before: Instant | None = None
    open: bool = False
    at_risk: bool = False


class WorkOrderCreate(Payload):
    """Work from a person: about an asset, or about a site. ``template`` is the code of a checklist to go by. ``source``
    says who asked for it: staff, an owner, a complaint, the regulator; ``call_back`` that somebody is to be called when
    it is done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"asset": "0190b6a0-...", "title": {"zh": "机封漏水", "en": "Seal leaks"}, "severity": "major"},
                {"site": "demo", "title": {"zh": "业主投诉电梯异响"}, "source": "complaint", "call_back": True},
                {"asset": "0190b6a0-...", "kind": "inspection", "title": {"zh": "大修后检查"}, "template": "PUMP-Q"},
            ]
        }
    )

    asset: Annotated[str | None, Field(description="the asset's key")] = None
    site: Annotated[str | None, Field(description="needed when there is no asset")] = None
    title: NameIn
    text: Annotated[str, Field(max_length=4000, description="what was seen")] = ""
    severity: Severity = Severity.GENERAL
    department: Annotated[str | None, Field(max_length=200)] = None
    kind: Literal["corrective", "inspection", "replacement"] = "corrective"
    source: Literal["staff", "owner", "complaint", "regulator"] = "staff"
    template: Annotated[str | None, Field(max_length=200, description="code of a checklist")] = None
    failure_mode: Annotated[str | None, Field(max_length=200, description="of a repair, where it is known")] = None
    due: Annotated[Instant | None, Field(description="not of repairs: theirs follows from their clocks")] = None
    call_back: bool = False


class TransitionRequest(Payload):
    """A step of the order's life; ``at`` is when it was done (default: now), ``reason`` is compulsory for
    endings that are not done and for holding, unless a ``code`` says why: of a hold one of the policy's ``pauses``
    (default: ``other``), of an ending one of ``GET /seed/codes`` with its use. ``other`` needs words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"to": "acknowledged"},
                {"to": "on_hold", "code": "waiting_part"},
                {"to": "cancelled", "code": "duplicate", "reason": "#2317"},
                {
                    "to": "completed",
                    "coding": {"failure_mode": "seal_leak", "cause": "wear", "action": "replace", "item": "机封"},
                },
            ]
        }
    )

    to: State
    reason: Annotated[str, Field(max_length=2000)] = ""
    at: Instant | None = None
    coding: Annotated[CodingIn | None, Field(description="of a repair that is completed: what was wrong")] = None
    code: Annotated[
        str | None, Field(max_length=40, description="of a hold or an ending: why, such as waiting_part")
    ] = None


class OrderCount(Shape):
    """How many orders of a kind are in a state."""

    kind: str
    state: State
    count: int


class OrderCounts(Shape):
    """How many orders by kind and state, over the sites that the caller may see."""

    items: list[OrderCount]
    next_cursor: str | None = None
