"""Clocks of work orders, and the words that stop one without being a step: somebody is there, an interim measure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field

from api.shapes import Instant, Payload, Shape, Why
from maintenance.sla.clocks import Clock as DomainClock
from maintenance.sla.clocks import ClockState
from maintenance.sla.keeping import as_of
from maintenance.sla.policy import ClockKind
from maintenance.sla.steps import StepDone
from maintenance.sla.words import Mark as DomainMark
from maintenance.sla.words import Said
from plantroom.domain.assets import Severity


class Pause(Shape):
    """A span in which a clock stood still; ``until`` is ``null`` while it does."""

    code: str
    since: Instant
    until: Instant | None


class Clock(Shape):
    """One SLA clock of a repair ticket as it stands now. ``cycle`` counts those of its kind, from 0.

    ``target_at`` is what is aimed at, ``limit_at`` what is promised; both are later by what pauses took. While the
    clock is paused they move on and ``remaining_s`` stands still; it is negative once the limit has passed."""

    model_config = ConfigDict(
        from_attributes=True,
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "kind": "resolve",
                    "cycle": 0,
                    "severity": "general",
                    "state": "paused",
                    "started_at": "2026-03-02T08:10:00.000Z",
                    "target_at": "2026-03-02T12:10:00.000Z",
                    "limit_at": "2026-03-02T12:10:00.000Z",
                    "stopped_at": None,
                    "target_met": None,
                    "remaining_s": 9000.0,
                    "paused_s": 3600.0,
                    "pauses": [{"code": "waiting_part", "since": "2026-03-02T08:40:00.000Z", "until": None}],
                }
            ]
        },
    )

    kind: ClockKind
    cycle: int
    severity: Severity
    state: ClockState
    started_at: Instant
    target_at: Instant
    limit_at: Instant
    stopped_at: Instant | None
    target_met: bool | None
    remaining_s: float
    paused_s: float
    pauses: list[Pause]

    @classmethod
    def of(cls, clock: DomainClock) -> Self:
        """From a clock as of now."""
        return cls.model_validate(clock)


def clocks_at(stored: Sequence[DomainClock], now: datetime) -> list[Clock]:
    """Clocks as they are stored, as they stand now."""
    return [Clock.of(as_of(one, now)) for one in stored]


class Mark(Shape):
    """A word on a ticket that is no step of its life, or came too late to be one. ``at`` is when it was so,
    ``recorded_at`` when we learned of it."""

    said: Said
    at: Instant
    recorded_at: Instant
    by: str
    code: str
    text: str

    @classmethod
    def of(cls, mark: DomainMark) -> Self:
        """From the ledger's record."""
        return cls.model_validate(mark)


class Escalation(Shape):
    """A step of escalation that was taken, a breach (``breached``) or its correction (``corrected``): on which clock,
    when it came due, when it was recorded, and how many messages went out for it."""

    clock: ClockKind
    cycle: int
    step: str
    due_at: Instant
    recorded_at: Instant
    messages: int

    @classmethod
    def of(cls, step: StepDone) -> Self:
        """From the ledger's record."""
        return cls(
            clock=ClockKind(step.kind),
            cycle=step.cycle,
            step=step.step,
            due_at=step.due_at,
            recorded_at=step.recorded_at,
            messages=step.messages,
        )


class InterimRequest(Payload):
    """An interim measure was taken: what was done, and when (default: now)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_max_length=10_000,
        json_schema_extra={"examples": [{"text": "已关闭进水阀，改由2号泵供水", "at": "2026-03-02T09:30:00Z"}]},
    )

    text: Annotated[Why, Field(description="what was done")]
    at: Instant | None = None


class ArrivalRequest(Payload):
    """Somebody is on the spot, since when (default: now)."""

    at: Instant | None = None
