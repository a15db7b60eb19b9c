"""Shapes of assignments and candidates."""

from typing import Self

from pydantic import ConfigDict

from api.shapes import Instant, Key, Name, Payload, Shape, ShortText, Why
from maintenance.people.assignment import Candidate
from maintenance.people.ports import Assignment


class AssignmentRequest(Payload):
    """To whom: a user name, a contractor's id, or both (a person of that contractor); both left out: back to the
    department."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assignee": "li", "reason": "knows this pump"}]})

    assignee: Key | None = None
    contractor: Key | None = None
    reason: ShortText = ""


class DeclineRequest(Payload):
    """Why."""

    reason: Why


class CandidateReason(Shape):
    """Why somebody is not suggested; `refuses`: they cannot be given the work at all."""

    code: str
    text: Name
    refuses: bool


class CandidateOut(Shape):
    """A person for the work. `load_minutes` is the estimated time of their open orders; `distance` the steps in the
    location tree from their nearest open order, `null` where that is not known."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "username": "li",
                    "name": "李工",
                    "suggested": True,
                    "allowed": True,
                    "on_shift": True,
                    "load_orders": 2,
                    "load_minutes": 90,
                    "distance": 1,
                    "reasons": [],
                    "warnings": [],
                }
            ]
        }
    )

    username: str
    name: str
    suggested: bool
    allowed: bool
    on_shift: bool
    load_orders: int
    load_minutes: int
    distance: int | None
    reasons: list[CandidateReason]
    warnings: list[Name]

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """From the domain."""
        return cls(
            username=candidate.person.username,
            name=candidate.person.shown,
            suggested=candidate.suggested,
            allowed=candidate.allowed,
            on_shift=candidate.on_shift,
            load_orders=candidate.load.orders,
            load_minutes=candidate.load.minutes,
            distance=candidate.distance,
            reasons=[CandidateReason.model_validate(reason) for reason in candidate.reasons],
            warnings=[Name.model_validate(text) for text in candidate.warnings],
        )


class CandidateList(Shape):
    """Everybody of the site, the best choice first."""

    items: list[CandidateOut]
    next_cursor: str | None = None


class AssignmentOut(Shape):
    """Who was given the order, by whom and why; `ended_how`: reassigned, declined, expired, no_grant, switched_off,
    released; `null` while it stands."""

    id: str
    user: str | None
    contractor: str | None
    by: str
    at: Instant
    why: str
    automatic: bool
    ended_at: Instant | None
    ended_how: str | None
    ended_why: str | None
    ended_by: str | None

    @classmethod
    def of(cls, assignment: Assignment) -> Self:
        """From the ledger's record."""
        return cls.model_validate(assignment)


class AssignmentList(Shape):
    """Assignments of an order, oldest first."""

    items: list[AssignmentOut]
    next_cursor: str | None = None
