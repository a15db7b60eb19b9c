"""What is written down about a work order. Pure.

Entries are added and never edited; labour, parts and costs that were wrong are taken back, which says who, when and
why, and the entry stays. ``at`` is when it happened, ``recorded_at`` when we learned of it (aware UTC). Amounts are
CNY.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maintenance.evidence import files_of
from maintenance.work_orders import Kind, WorkOrder

BUDGET_LINES: Mapping[Kind, str] = {
    Kind.CORRECTIVE: "repair",
    Kind.PREVENTIVE: "upkeep",
    Kind.INSPECTION: "inspection",
    Kind.STATUTORY: "inspection",
    Kind.DRILL: "inspection",
    Kind.REPLACEMENT: "replacement",
}
"""The line of the user's plan (``maintenance/seed/budget_lines.toml``) that an order's cost is booked to when no row of
its plan names another. Basis: BU-02 to BU-06 for the lines (V), which kind goes where is a project default (D)."""


class CommentKind(StrEnum):
    """Whose word a comment is."""

    COMMENT = "comment"
    OWNER = "owner"
    CALL_BACK = "call_back"


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said, as it was written, in whatever language."""

    id: str
    work_order: str
    site: str
    kind: CommentKind
    text: str
    by: str
    at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or document of an order, or of one step of its checklist. The bytes are in the store of files."""

    id: str
    work_order: str
    site: str
    kind: str
    sha256: str
    name: str
    mime: str
    size: int
    step: str | None
    note: str
    by: str
    at: datetime
    recorded_at: datetime


class Signatory(StrEnum):
    """In what role somebody signs: who did it, the safety manager of the using unit, for the owners."""

    TECHNICIAN = "technician"
    SAFETY_MANAGER = "safety_manager"
    OWNER_REPRESENTATIVE = "owner_representative"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature: ``sha256`` is its image's file, ``order_version`` and ``answers_sha256`` what was signed. ``name``
    is who signs, ``by`` whose session it was given in."""

    id: str
    work_order: str
    site: str
    role: Signatory
    name: str
    sha256: str
    order_version: int
    answers_sha256: str
    by: str
    at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Labour:
    """Time of one person. With ``starts_at`` and ``ends_at`` the minutes are those between."""

    id: str
    work_order: str
    site: str
    person: str
    minutes: int
    starts_at: datetime | None
    ends_at: datetime | None
    note: str
    by: str
    at: datetime
    recorded_at: datetime
    removed_at: datetime | None = None
    removed_by: str | None = None
    removed_why: str | None = None


@dataclass(frozen=True, slots=True)
class PartUse:
    """Parts that an order used; name, number and cost as they were then. ``amount`` is ``None`` where nobody knows what
    the part costs; ``stock_after`` is what the store had left."""

    id: str
    work_order: str
    site: str
    part: str
    number: str
    name_zh: str
    name_en: str
    unit: str
    quantity: float
    unit_cost: float | None
    amount: float | None
    stock_after: float
    by: str
    at: datetime
    recorded_at: datetime
    removed_at: datetime | None = None
    removed_by: str | None = None
    removed_why: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalCost:
    """What somebody else charges for an order."""

    id: str
    work_order: str
    site: str
    contractor: str | None
    invoice: str
    amount: float
    note: str
    by: str
    at: datetime
    recorded_at: datetime
    removed_at: datetime | None = None
    removed_by: str | None = None
    removed_why: str | None = None


@dataclass(frozen=True, slots=True)
class CostBooking:
    """Cost of an order on a line of the budget. ``kind``: part or external; ``source`` is the entry that it is of. What
    is taken back is a booking of its own with the amount below 0; ``reversed_by`` of the first one is its id."""

    id: str
    site: str
    line: str
    work_order: str
    asset: str | None
    kind: str
    source: str
    amount: float
    booked_at: datetime
    by: str
    reversed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Coding:
    """What was wrong and what was done, in codes (ISO 14224's notions) and, beside them, in words. ``item`` is the
    maintainable item."""

    failure_mode: str | None = None
    cause: str | None = None
    action: str | None = None
    item: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order took so far. ``unpriced_parts`` counts entries of parts whose cost nobody knows."""

    labour_minutes: int
    parts_cost: float
    external_cost: float
    total_cost: float
    unpriced_parts: int


def answers_digest(order: WorkOrder) -> str:
    """SHA-256 of an order's answers as canonical JSON (sorted keys, no blanks, UTF-8): what a signature is of. Whether
    a photo has arrived yet is no part of what was answered."""
    said = {step: _answered(answer) for step, answer in order.answers.items()}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _answered(answer: Mapping[str, object]) -> dict[str, object]:
    files = [{name: value for name, value in one.items() if name != "arrived"} for one in files_of(answer)]
    return dict(answer) | ({"files": files} if files else {})


def totals(labour: Iterable[Labour], parts: Iterable[PartUse], costs: Iterable[ExternalCost]) -> Totals:
    """The sums of what has not been taken back."""
    used = [one for one in parts if one.removed_at is None]
    of_parts = round(sum(one.amount for one in used if one.amount is not None), 2)
    external = round(sum(one.amount for one in costs if one.removed_at is None), 2)
    return Totals(
        labour_minutes=sum(one.minutes for one in labour if one.removed_at is None),
        parts_cost=of_parts,
        external_cost=external,
        total_cost=round(of_parts + external, 2),
        unpriced_parts=sum(one.amount is None for one in used),
    )


def overlapping(one: Labour, others: Iterable[Labour]) -> Labour | None:
    """An entry of the same person that stands and shares time with ``one``. Entries that only touch do not; those
    without a beginning and an end share time with none."""
    if one.starts_at is None or one.ends_at is None:
        return None
    for other in others:
        if other.person != one.person or other.removed_at is not None or other.id == one.id:
            continue
        if other.starts_at is None or other.ends_at is None:
            continue
        if other.starts_at < one.ends_at and one.starts_at < other.ends_at:
            return other
    return None


def of_its_answers(order: WorkOrder, given: Iterable[Signature]) -> list[Signature]:
    """The signatures of an order's answers as they stand: one of former answers is none of these."""
    seen = answers_digest(order)
    return [one for one in given if one.answers_sha256 == seen]
