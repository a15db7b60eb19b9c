"""Frozen records of statutory work, drills and incidents, and what is added to them. Pure.

A record is the canonical JSON of a work order at the moment it was signed, or of an incident as it was closed, with its
SHA-256. It never changes: whoever finds a mistake adds an addendum.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from maintenance.lifecycle import INCOMPLETE
from maintenance.work.records import Signature, of_its_answers
from maintenance.work.signers import hands, shared_images, signers
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.domain.audit import canonical, microseconds, sha256
from plantroom.errors import Conflict

RECORD_KINDS = frozenset({Kind.STATUTORY, Kind.INSPECTION, Kind.DRILL})
"""Kinds of work whose order is frozen once it is signed: by whoever did the work and the using unit's safety manager
(TSG T5002-2017 art. 7, V(S2)), although nobody has verified it yet (``maintenance.work.signers``)."""


class RecordFrozen(Conflict):
    """The order's record is signed: nothing of it is changed any more."""

    code = "record_frozen"


class RecordKind(StrEnum):
    """What a record is of: a kind of work, or an incident."""

    PREVENTIVE = "preventive"
    INSPECTION = "inspection"
    STATUTORY = "statutory"
    DRILL = "drill"
    REPLACEMENT = "replacement"
    CORRECTIVE = "corrective"
    INCIDENT = "incident"


class Sealing(StrEnum):
    """What made an order a record, or an incident: it was closed."""

    VERIFIED = "verified"
    SIGNED = "signed"
    CLOSED = "closed"


class AddendumKind(StrEnum):
    """What an addendum is."""

    CORRECTION = "correction"
    VERIFICATION = "verification"
    LATE_EVIDENCE = "late_evidence"


@dataclass(frozen=True, slots=True)
class Record:
    """A frozen record. ``document`` is canonical JSON, ``sha256`` that of its UTF-8; ``completed_on`` is the day at the
    site, ``keep_until`` the first day on which the law no longer asks for it (nothing deletes it). It is of a work
    order, or of an incident (``kind`` ``incident``, ``number`` counts within site and year)."""

    id: str
    work_order: str | None
    number: int
    kind: str
    site: str
    asset: str | None
    title_zh: str
    title_en: str
    completed_on: date
    frozen_at: datetime
    frozen_by: str
    cause: str
    keep_years: int
    keep_basis: str
    keep_status: str
    keep_until: date
    sha256: str
    document: str
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class Addendum:
    """Something added to a record, by ``number`` from 1. ``at`` is when it was done, ``signature`` the SHA-256 of a
    signature's file, ``previous`` the SHA-256 of what it stands behind: the addendum before it, or the record."""

    id: str
    record: str
    site: str
    asset: str | None
    number: int
    kind: str
    at: datetime
    recorded_at: datetime
    by: str
    reason: str
    text: str
    signature: str | None
    op_id: str | None
    previous: str
    sha256: str


def becomes_record(
    order: WorkOrder, given: Iterable[Signature] = (), called: Mapping[str, str] | None = None
) -> Sealing | None:
    """Why an order as it stands is to be frozen; ``None``: it is not. ``given``: its signatures beside those of
    tablets, of which those count that are of the answers as they stand; ``called`` as of ``signers``."""
    if order.kind not in RECORD_KINDS:
        return None
    if order.state is State.VERIFIED:
        return Sealing.VERIFIED
    if order.state is not State.COMPLETED or INCOMPLETE in order.tags:
        return None
    signed = of_its_answers(order, given)
    both = signers(order, signed, called).both and not shared_images(hands(order, signed, called))
    return Sealing.SIGNED if both else None


def changed_fields(before: WorkOrder, after: WorkOrder) -> frozenset[str]:
    """What a change to a frozen order would change of its record."""
    changed = {f.name for f in fields(WorkOrder) if getattr(before, f.name) != getattr(after, f.name)}
    if before.state is State.COMPLETED and after.state is State.VERIFIED:
        changed -= {"state", "verified_at"}
    return frozenset(changed - {"tags", "version"})


def frozen_error(number: int) -> RecordFrozen:
    """What whoever tries to change a frozen order is told."""
    return RecordFrozen(
        f"工单#{number}的法定记录已签署封存，不能再改动；请以补充说明更正"
        f" / the statutory record of work order #{number} is signed and frozen: correct it by an addendum"
        " (POST /api/v1/records/{id}/addenda)"
    )


def sealed_addendum(addendum: Addendum) -> str:
    """The SHA-256 that an addendum has to have."""
    names = [f.name for f in fields(Addendum) if f.name != "sha256"]
    values = {name: getattr(addendum, name) for name in names}
    plain = {k: microseconds(v) if isinstance(v, datetime) else v for k, v in values.items()}
    return sha256(canonical(plain))
