"""Shapes of work orders and repair tickets."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field

from api.shapes import AssetRef, Instant, ListQuery, Name, NameIn, Payload, Shape, one_or_more
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
    bound a number in ``unit``; ``evidence`` lists what is compulsory."""

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


class Transition(Shape):
    """One entry of an order's history: ``at`` is when it was done, ``recorded_at`` when we learned of it."""

    to: State
    at: Instant
    recorded_at: Instant
    by: str
    reason: str


class WorkOrderDetail(WorkOrder):
    """A work order with everything that is needed to do it. ``answers`` maps a step to its accepted answer."""

    first_checks: list[Name]
    template: list[ChecklistItem]
    answers: dict[str, dict[str, Any]]
    verdict: dict[str, Any] | None
    history: list[Transition]

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
    due_before: Instant | None = None
    open: bool = False


class WorkOrderCreate(Payload):
    """A repair ticket from a person: about an asset, or about a site."""

    asset: Annotated[str | None, Field(description="the asset's key")] = None
    site: Annotated[str | None, Field(description="needed when there is no asset")] = None
    title: NameIn
    text: Annotated[str, Field(max_length=4000, description="what was seen")] = ""
    severity: Severity = Severity.GENERAL
    department: Annotated[str | None, Field(max_length=200)] = None


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
