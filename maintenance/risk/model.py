"""What the risk of a machine is made of, and what comes of it. Plain records. Instants are aware UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maintenance.work_orders import State
from plantroom.domain.assets import CLOCK as CLOCK_MODE
from plantroom.domain.assets import OFFLINE as OFFLINE_MODE
from plantroom.domain.assets import SENSOR_FAULT, Asset, AssetStatus, Health, LocalName, Severity
from plantroom.domain.renewal import Ageing
from plantroom.errors import BadData, FieldProblem

NOT_OF_THE_MACHINE = frozenset({SENSOR_FAULT, OFFLINE_MODE, CLOCK_MODE})
"""Failure modes that say something of the instruments and nothing of the machine."""

LOOKED_BACK = timedelta(days=365)
"""How far back repeated faults are counted."""

READY = frozenset({AssetStatus.IN_SERVICE, AssetStatus.STANDBY})
"""In which state a partner can take over."""


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """Something that is noticed of a machine and not over."""

    asset: str
    failure_mode: str
    severity: Severity
    safety: bool


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A repair ticket that has not ended. ``failure_mode`` is that of its episode (``None``: it has none)."""

    asset: str
    id: str
    number: int
    title: LocalName
    severity: Severity
    safety: bool
    state: State
    assignee: str | None
    department: str | None
    failure_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """Planned work whose last moment is over, or a licence that has run out (``number`` of 0). ``law``: the law asks
    for it."""

    asset: str
    number: int
    title: LocalName
    law: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one machine. ``partner`` is its duty or standby partner, ``age`` is ``None`` where nothing
    says when it came or how long it is to last, ``faults`` counts those of the last 12 months, ``systems`` are the
    systems of its class."""

    asset: Asset
    systems: frozenset[str] = frozenset()
    partner: Asset | None = None
    age: Ageing | None = None
    health: Health = Health.UNKNOWN
    episodes: tuple[OpenEpisode, ...] = ()
    tickets: tuple[OpenTicket, ...] = ()
    overdue: tuple[Overdue, ...] = ()
    faults: int = 0


class Factor(StrEnum):
    """What a step of the assessment goes by."""

    CONDITION = "condition"
    MODEL = "model"
    AGE = "age"
    OVERDUE_LAW = "overdue_law"
    OVERDUE_OTHER = "overdue_other"
    REPEATS = "repeats"
    CRITICALITY = "criticality"
    SAFETY = "safety"
    SINGLE = "single"


LIKELIHOOD = (
    Factor.CONDITION,
    Factor.MODEL,
    Factor.AGE,
    Factor.OVERDUE_LAW,
    Factor.OVERDUE_OTHER,
    Factor.REPEATS,
)
"""Factors of the likelihood; the others are of the consequence."""


@dataclass(frozen=True, slots=True)
class Part:
    """One step: how many points (of the consequence: levels) a factor adds, and why. ``known`` is ``False`` where
    nothing is known: it adds nothing, and says so."""

    factor: Factor
    points: int
    text: LocalName
    known: bool = True


@dataclass(frozen=True, slots=True)
class Assessment:
    """How likely a machine fails (1 to 5), and what that would mean (1 to 5), with every step of both."""

    asset: str
    site: str
    likelihood: int
    consequence: int
    parts: tuple[Part, ...]

    @property
    def score(self) -> int:
        """Likelihood times consequence, 1 to 25."""
        return self.likelihood * self.consequence


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """From which score on a site is warned (``warning_value``), and when a warning is over: at ``clear_value`` or
    below for ``clear_after_days``. ``version`` 0: built in."""

    site: str
    warning_value: int
    clear_value: int
    clear_after_days: int
    version: int = 0
    by: str = ""
    reason: str = ""
    changed_at: datetime | None = None


def check_policy(policy: RiskPolicy) -> None:
    """Raise ``BadData`` naming the fields that cannot stand."""
    problems = []
    if not 2 <= policy.warning_value <= 25:
        problems.append(FieldProblem("warning_value", "out_of_range", "应为2至25 / should be 2 to 25"))
    if not 1 <= policy.clear_value < policy.warning_value:
        words = "应低于预警值，且不小于1 / should lie below the warning value, and be 1 at least"
        problems.append(FieldProblem("clear_value", "out_of_range", words))
    if not 0 <= policy.clear_after_days <= 365:
        problems.append(FieldProblem("clear_after_days", "out_of_range", "应为0至365 / should be 0 to 365"))
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a machine stands. ``since`` is when it got this score, ``above`` whether a warning stands, ``below_since``
    from when on a standing warning's score has been at the clear value or below."""

    asset: str
    site: str
    likelihood: int
    consequence: int
    score: int
    parts: tuple[Part, ...]
    since: datetime
    assessed_at: datetime
    above: bool = False
    below_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class RiskReport:
    """An early-warning report, with the four parts of the users' template (MO-06). ``crossing`` counts a machine's
    warnings from 1. ``taken`` is what a person says has been done, with who and when: the report is acknowledged
    then."""

    id: str
    site: str
    asset: str
    crossing: int
    made_at: datetime
    likelihood: int
    consequence: int
    score: int
    warning_value: int
    title: LocalName
    parts: tuple[Part, ...]
    overview: tuple[LocalName, ...]
    impact: tuple[LocalName, ...]
    measures: tuple[LocalName, ...]
    advice: tuple[LocalName, ...]
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    taken: str = ""
    version: int = 1
