"""Shapes of what worked last time."""

from collections.abc import Mapping

from api.shapes import Instant, Name, Shape
from maintenance.seed.codes import Code, actions, causes
from maintenance.work.repairs import CodeCount, PastRepair
from maintenance.work.repairs import Learned as DomainLearned


class LearnedCode(Shape):
    """A code: how often it was given; of the `judged` ones how often the fault then stayed away for 30 days."""

    code: str
    name: Name
    count: int
    worked: int
    judged: int


class LearnedTicket(Shape):
    """An earlier ticket. `again_after_days`: after so many days the fault was there again; `null`: not since."""

    id: str
    number: int
    href: str
    site: str
    asset: str
    cause: str | None
    action: str | None
    note: str
    completed_at: Instant
    again_after_days: int | None


class LearnedPart(Shape):
    """A part: in how many of the tickets, how much altogether."""

    number: str
    name: Name
    unit: str
    tickets: int
    quantity: float


class LearnedLevel(Shape):
    """What is known of one level: `asset` (this machine), `model` (others of its model), `class` (others of its
    class)."""

    level: str
    tickets: int
    causes: list[LearnedCode]
    actions: list[LearnedCode]
    last: list[LearnedTicket]
    median_repair_minutes: int
    parts: list[LearnedPart]


def learned_shape(level: DomainLearned) -> LearnedLevel:
    """From the domain, with the names of its codes."""
    return LearnedLevel(
        level=level.level,
        tickets=level.tickets,
        causes=[_counted(one, causes()) for one in level.causes],
        actions=[_counted(one, actions()) for one in level.actions],
        last=[_ticket(one) for one in level.last],
        median_repair_minutes=level.median_repair_minutes,
        parts=[
            LearnedPart(
                number=one.number,
                name=Name(zh=one.name_zh, en=one.name_en),
                unit=one.unit,
                tickets=one.tickets,
                quantity=one.quantity,
            )
            for one in level.parts
        ],
    )


def _counted(one: CodeCount, codes: Mapping[str, Code]) -> LearnedCode:
    known = codes.get(one.code)
    name = Name(zh=one.code, en=one.code) if known is None else Name(zh=known.name.zh, en=known.name.en)
    return LearnedCode(code=one.code, name=name, count=one.count, worked=one.worked, judged=one.judged)


def _ticket(one: PastRepair) -> LearnedTicket:
    return LearnedTicket(
        id=one.work_order,
        number=one.number,
        href=f"/api/v1/work-orders/{one.work_order}",
        site=one.site,
        asset=one.asset,
        cause=one.cause,
        action=one.action,
        note=one.note,
        completed_at=one.completed_at,
        again_after_days=None if one.next_at is None else (one.next_at - one.completed_at).days,
    )
