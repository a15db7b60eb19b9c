"""Shapes of SLA policies and of how the clocks were kept."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field

from api.shapes import Instant, ListQuery, Name, NameIn, Payload, Shape, Why
from maintenance.sla.figures import Compliance as DomainCompliance
from maintenance.sla.policy import ClockKind, CountsFrom
from maintenance.sla.policy import PauseCode as DomainPause
from maintenance.work_orders import Origin
from plantroom.domain.assets import Severity, Status


class ClockRule(Shape):
    """How long a clock may take on tickets of one severity. ``from``: who said so (`built_in`, `everywhere`,
    `site`)."""

    clock: ClockKind
    severity: Severity
    counts_from: CountsFrom
    origins: list[Origin]
    target_s: int
    limit_s: int
    basis: str
    status: Status
    said_by: Annotated[str, Field(serialization_alias="from")]


class PauseCode(Shape):
    """A reason for which work waits; it stops the resolve clock."""

    code: str
    name: Name

    @classmethod
    def of(cls, pause: DomainPause) -> Self:
        """From the domain's record."""
        return cls.model_validate(pause)


class EscalationStep(Shape):
    """Whom to tell when a clock has used ``percent`` of its limit and ``after_s`` seconds more, and still runs."""

    step: str
    clock: ClockKind
    severity: Severity
    percent: float
    after_s: int
    to: list[str]
    urgent: bool
    repeat_s: int | None


class SlaPolicy(Shape):
    """What is promised on a site (without one: wherever no site says otherwise). ``version`` counts the changes of that
    site, 0: there was none; ``effective_at`` when the last one came into effect."""

    site: str | None
    version: int
    effective_at: Instant | None
    changed_by: str | None
    reason: str | None
    clocks: list[ClockRule]
    pauses: list[PauseCode]
    steps: list[EscalationStep]


class ClockRuleIn(Payload):
    """As ``ClockRule``. Spans are whole seconds, at least 1; the limit is not shorter than the target. ``resolve``
    counts from acceptance, every other clock from the opening."""

    clock: str
    severity: str
    target_s: int
    limit_s: int
    counts_from: str | None = None
    origins: Annotated[list[str], Field(default_factory=list)]
    basis: Annotated[str, Field(max_length=500)] = ""
    status: str | None = None


class PauseCodeIn(Payload):
    """As ``PauseCode``; lower-case letters, digits and underscores."""

    code: str
    name: NameIn


class EscalationStepIn(Payload):
    """As ``EscalationStep``. ``to``: assignee, on_call:1 to on_call:3, supervisors, admins, channels, channel:NAME."""

    step: str
    clock: str
    severity: str
    percent: float
    after_s: int = 0
    to: list[str]
    urgent: bool = False
    repeat_s: int | None = None


class SlaPolicyChange(Payload):
    """What a site says itself, all of it: what it does not mention is as for every site, and that as built in. Steps
    are replaced clock by clock."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_max_length=10_000,
        json_schema_extra={
            "examples": [
                {
                    "reason": "合同补充条款3：一般故障2小时内修复，时限3小时",
                    "clocks": [
                        {
                            "clock": "resolve",
                            "severity": "general",
                            "target_s": 7200,
                            "limit_s": 10800,
                            "basis": "contract 2026-03, annex 3",
                        }
                    ],
                }
            ]
        },
    )

    reason: Why
    clocks: Annotated[list[ClockRuleIn], Field(default_factory=list)]
    pauses: Annotated[list[PauseCodeIn], Field(default_factory=list)]
    steps: Annotated[list[EscalationStepIn], Field(default_factory=list)]

    def document(self) -> dict[str, Any]:
        """As ``maintenance.sla.documents.read_policy`` takes it."""
        return self.model_dump(include={"clocks", "pauses", "steps"})


class ComplianceQuery(ListQuery):
    """The period, from ``from`` to before ``to`` (default: the last 30 days), and one site."""

    begins: Annotated[Instant | None, Field(alias="from")] = None
    ends: Annotated[Instant | None, Field(alias="to")] = None
    site: str | None = None


class Compliance(Shape):
    """How the clocks of one severity and kind were kept that were decided in the period: when they stopped, or when
    their limit passed. ``void``: the ticket ended without work; counted nowhere else. Shares are of ``judged``;
    ``null`` where there is none ("insufficient data"). ``paused_share``: of the time of those that stopped."""

    severity: Severity
    clock: ClockKind
    judged: int
    target_met: int
    limit_met: int
    breached: int
    void: int
    target_share: float | None
    limit_share: float | None
    paused_share: float | None
    mean_s: float | None

    @classmethod
    def of(cls, one: DomainCompliance) -> Self:
        """From the domain's record."""
        return cls.model_validate(one)


class ComplianceList(Shape):
    """By severity and clock, all in one page."""

    items: list[Compliance]
    next_cursor: str | None = None
