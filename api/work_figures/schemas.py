"""Shapes of the figures of the work."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from api.shapes import Instant, ListQuery, Shape
from maintenance.work.owner_reports import Satisfaction as DomainSatisfaction
from maintenance.work.repairs import RepeatRate as DomainRate


class Period(ListQuery):
    """A period, `to` not in it, at most two years, and a site (left out: all that you see)."""

    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    site: str | None = None


class RepeatQuery(Period):
    """By `month` (of the completion, local to the site), `department` or `person` (who completed it)."""

    by: Literal["month", "department", "person"] = "month"


class RepeatRate(Shape):
    """Of `repairs` completed: those whose fault (machine and failure mode) was there again within 14 days (`reopened`)
    and within 30 (`repeated`). `rate` is the share of the first, 0 to 1."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"who": "2026-03", "repairs": 41, "reopened": 3, "repeated": 5, "rate": 0.073}]}
    )

    who: str
    repairs: int
    reopened: int
    repeated: int
    rate: float | None

    @classmethod
    def of(cls, rate: DomainRate) -> Self:
        """From the domain."""
        return cls.model_validate(rate)


class RepeatRateList(Shape):
    """Rates by month, department or person."""

    items: list[RepeatRate]
    next_cursor: str | None = None


class Satisfaction(Shape):
    """What owners said of closed work: `satisfied` gave 4 or 5 of 5 stars. `share` is 0 to 1, `null` without a rating;
    `target` the users' own (SL-05), `met` whether it is reached."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"ratings": 20, "satisfied": 19, "average": 4.6, "share": 0.95, "target": 0.9, "met": True}]
        }
    )

    ratings: int
    satisfied: int
    average: float | None
    share: float | None
    target: float
    met: bool | None

    @classmethod
    def of(cls, found: DomainSatisfaction, target: float) -> Self:
        """From the domain."""
        return cls(
            ratings=found.ratings,
            satisfied=found.satisfied,
            average=found.average,
            share=found.share,
            target=target,
            met=None if found.share is None else found.share >= target,
        )


class BookingQuery(Period):
    """Of one order only, if given."""

    work_order: str | None = None


class Booking(Shape):
    """Cost of an order on a line of the budget, in CNY. `kind`: part, external. Below 0: a reversal."""

    id: str
    site: str
    line: str
    work_order: str
    asset: str | None
    kind: str
    source: str
    amount: float
    booked_at: Instant
    by: str
    reversed_by: str | None


class BookingList(Shape):
    """Bookings by time."""

    items: list[Booking]
    next_cursor: str | None = None
