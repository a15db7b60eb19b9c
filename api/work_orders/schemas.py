"""Shapes of work orders and repair tickets."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator

from api.shapes import AssetRef, Instant, ListQuery, Name, NameIn, Payload, Shape, one_or_more
from api.work_orders.learned_schemas import LearnedLevel
from api.work_orders.records_schemas import RecordsOut
from maintenance.sources import cited
from maintenance.work_orders import Kind, Origin, State
from maintenance.work_orders import Transition as DomainTransition
from maintenance.work_orders import WorkOrder as DomainOrder
from plantroom.domain.assets import Severity


class OrderOccurrence(Shape):
    """One cycle of a plan row that the order stands for."""

    plan_row: str
    cycle: int
    nominal_date: date
    due: date
    subject: str


class WorkOrder(Shape):
    """A piece of work. ``number`` is what people say; ``due`` the last moment; ``reason`` why it is there.

    ``assignee`` is the user name of who was given it, ``contractor`` an organisation's id; ``department`` owns it.
    ``asset`` is the asset's key, ``asset_ref`` its code and name (``null`` for a scrapped one)."""

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
    end_reason: str | None
    reopened: int
    episode: str | None
    tags: list[str]
    occurrences: list[OrderOccurrence]

    @classmethod
    def of(cls, order: DomainOrder, asset: AssetRef | None) -> Self:
        """From the ledger's record."""
        return cls.model_validate(_fields(order, asset))


def _fields(order: DomainOrder, asset: AssetRef | None) -> dict[str, object]:
    own = (name for name in WorkOrder.model_fields if name not in {"asset_ref", "occurrences"})
    occurrences = [
        OrderOccurrence(
            plan_row=o.plan_row, cycle=o.key.cycle, nominal_date=o.nominal_date, due=o.due, subject=o.key.subject
        )
        for o in order.occurrences
    ]
    return {name: getattr(order, name) for name in own} | {"asset_ref": asset, "occurrences": occurrences}


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
    """One entry of an order's history: ``at`` is when it was done, ``recorded_at`` when we learned of it."""

    to: State
    at: Instant
    recorded_at: Instant
    by: str
    reason: str


class WorkOrderDetail(WorkOrder):
    """A work order with everything that is needed to do it. ``answers`` maps a step to its accepted answer.

    ``records`` (codes, totals, links, signatures) and ``worked_last_time`` (closed tickets of the class and failure
    mode, this machine's first) come with an order that is read, and not with the answer to a step."""

    first_checks: list[Name]
    template: list[ChecklistItem]
    answers: dict[str, dict[str, Any]]
    verdict: dict[str, Any] | None
    history: list[Transition]
    records: RecordsOut | None = None
    worked_last_time: list[LearnedLevel] = Field(default_factory=list)

    @classmethod
    def detail_of(
        cls, order: DomainOrder, asset: AssetRef | None, history: list[DomainTransition] | None = None
    ) -> Self:
        """From the ledger's records."""
        more = {
            "first_checks": list(order.first_checks),
            "template": list(order.template),
            "answers": {step: dict(answer) for step, answer in order.answers.items()},
            "verdict": None if order.verdict is None else dict(order.verdict),
            "history": list(history or ()),
        }
        return cls.model_validate(_fields(order, asset) | more)


class WorkOrderList(Shape):
    """A page of work orders."""

    items: list[WorkOrder]
    next_cursor: str | None


class WorkOrderQuery(ListQuery):
    """Filters of work orders; those given must all hold, and of several kinds, states or origins any one. ``open``
    leaves out the ended ones. Sorts: due, number, opened_at, severity."""

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
    due: Annotated[Instant | None, Field(description="default: the clock of the severity")] = None
    call_back: bool = False


class TransitionRequest(Payload):
    """A step of the order's life; ``at`` is when it was done (default: now), ``reason`` is compulsory for
    endings that are not done and for holding."""

    to: State
    reason: Annotated[str, Field(max_length=2000)] = ""
    at: Instant | None = None


class OrderCount(Shape):
    """How many orders of a kind are in a state."""

    kind: str
    state: State
    count: int


class OrderCounts(Shape):
    """How many orders by kind and state, over the sites that the caller may see."""

    items: list[OrderCount]
    next_cursor: str | None = None
