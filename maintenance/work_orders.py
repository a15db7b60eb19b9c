"""Work orders and repair tickets: one entity. The rules of its life are in ``maintenance.lifecycle``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from maintenance.plan import OccurrenceKey
from plantroom.domain.assets import LocalName, Severity


class Kind(StrEnum):
    """What sort of work."""

    PREVENTIVE = "preventive"
    INSPECTION = "inspection"
    STATUTORY = "statutory"
    DRILL = "drill"
    REPLACEMENT = "replacement"
    CORRECTIVE = "corrective"


class Origin(StrEnum):
    """What brought a work order about."""

    PLAN = "plan"
    MODEL = "model"
    RULE = "rule"
    LIMIT = "limit"
    PRESENCE = "presence"
    CHECKLIST = "checklist"
    STAFF = "staff"
    OWNER = "owner"
    REGULATOR = "regulator"


class State(StrEnum):
    """Where a work order stands."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    EVIDENCE_PENDING = "evidence_pending"
    COMPLETED = "completed"
    VERIFIED = "verified"
    MISSED = "missed"
    BYPASSED = "bypassed"
    DEFERRED = "deferred"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a checklist. ``type``: ok, number, choice, text, photo or signature.

    A number may name the asset's ``point`` it measures and carries its limits; ``evidence`` lists what is
    compulsory (photo, signature). ``signal`` is a point whose live value helps to judge and is not what is measured.
    ``conditions`` say when the item is asked for (``maintenance.item_conditions``), ``batch_ok`` that it may be
    answered together with others. ``basis`` and ``status`` are what the item is based on and how far that can be
    trusted, ``limits_status`` the same of its numbers.
    """

    step: str
    type: str
    name: LocalName
    requirement: LocalName = LocalName("", "")
    point: str | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[LocalName, ...] = ()
    evidence: tuple[str, ...] = ()
    section: LocalName = LocalName("", "")
    guidance: LocalName = LocalName("", "")
    conditions: tuple[str, ...] = ()
    batch_ok: bool = False
    signal: str | None = None
    basis: str = ""
    status: str = ""
    limits_status: str = ""


@dataclass(frozen=True, slots=True)
class WorkOrderOccurrence:
    """An occurrence that the work order stands for, with its own dates; of rows by the hour with its moments."""

    key: OccurrenceKey
    plan_row: str
    nominal_date: date
    due: date
    nominal_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A piece of work. ``number`` is what people say ("#2317"); ``version`` counts changes.

    ``due`` is the last moment (planned work: end of the local day of the latest date; tickets: the resolve
    clock). ``template`` is frozen at creation. ``answers`` maps a checklist step to its accepted answer.
    Operations that came in after the order had ended are kept as operations; the tag ``late_evidence`` says so.
    ``assignee`` is the user name of whoever has been given it, ``contractor`` the organisation's id.
    ``gathered`` is what a ticket with more than one cause keeps of them (``maintenance.findings``, ``.heard``).
    """

    id: str
    number: int
    site: str
    kind: Kind
    origin: Origin
    state: State
    title: LocalName
    severity: Severity = Severity.GENERAL
    safety: bool = False
    asset: str | None = None
    department: str | None = None
    assignee: str | None = None
    contractor: str | None = None
    due: datetime | None = None
    earliest: date | None = None
    opened_at: datetime | None = None
    acknowledged_at: datetime | None = None
    arrived_at: datetime | None = None
    completed_at: datetime | None = None
    verified_at: datetime | None = None
    hold_reason: str | None = None
    hold_code: str | None = None
    end_reason: str | None = None
    reopened: int = 0
    episode: str | None = None
    reason: LocalName = LocalName("", "")
    first_checks: tuple[LocalName, ...] = ()
    tags: tuple[str, ...] = ()
    occurrences: tuple[WorkOrderOccurrence, ...] = ()
    template: tuple[ChecklistItem, ...] = ()
    answers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    verdict: Mapping[str, object] | None = None
    gathered: Mapping[str, object] | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry of a work order's history. ``at`` is when it was done (event time), ``recorded_at`` when
    we learned of it; ``person``: somebody who had signed in did it, and not a machine of that name; ``code``: of a
    hold, why (``maintenance.sla.policy.PauseCode``), of an ending, too (``maintenance.work.endings``)."""

    work_order: str
    to: State
    at: datetime
    recorded_at: datetime
    by: str
    reason: str = ""
    person: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a tablet, as ``POST /sync`` sends it. ``fingerprint`` is the SHA-256 of its canonical
    body: the same ``op_id`` with another fingerprint is refused (``op_reused``). ``captured_at`` is the device's
    time; ``done_at``, once it is applied, the same by our clock."""

    op_id: str
    fingerprint: str
    device: str
    user: str
    type: str
    work_order: str | None
    step: str | None
    base_version: int | None
    captured_at: datetime
    value: Mapping[str, object]
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What became of an operation: applied, duplicate, conflict or rejected, with a code and the order's
    version after it."""

    op_id: str
    status: str
    code: str | None = None
    version: int | None = None
