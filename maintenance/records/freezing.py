"""Freezing the records of statutory work, and what is added to them. Inside the caller's transaction.

Instants are aware UTC; the day of the work is the site's own.
"""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.ports import MaintenanceTx
from maintenance.proof import asked_of, given_to, lacking
from maintenance.records.document import Sources, Work, people_in, record_document
from maintenance.records.model import (
    RECORD_KINDS,
    Addendum,
    AddendumKind,
    Record,
    Sealing,
    becomes_record,
    frozen_error,
    sealed_addendum,
)
from maintenance.records.retention import laws_at, retention
from maintenance.work.two_people import account_names
from maintenance.work_orders import Kind, Operation, State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.audit import canonical, sha256
from plantroom.domain.authorship import explained
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, FieldProblem, NotFound

MAX_TEXT = 10_000
"""Characters of an addendum's text and of its reason."""


def refuse_frozen(tx: MaintenanceTx, order: WorkOrder, to: State) -> None:
    """Raises ``RecordFrozen`` for a step that would change a frozen order; verifying one that both have signed is
    none."""
    if order.kind not in RECORD_KINDS or order.state not in (State.COMPLETED, State.VERIFIED):
        return
    if order.state is State.COMPLETED and to is State.VERIFIED:
        return
    if tx.records.of_order(order.id) is not None:
        raise frozen_error(order.number)


def frozen(tx: MaintenanceTx, order: WorkOrder, by: str, now: datetime) -> Record | None:
    """Freeze an order that has just become a record; a record that was there already gets the verification as an
    addendum. Gives the record; ``None``: the order is none, or both have signed it and what its rows ask for is not
    there yet."""
    if order.kind not in RECORD_KINDS or order.state not in (State.COMPLETED, State.VERIFIED):
        return None
    given = tx.work_records.signatures(order.id)
    cause = becomes_record(order, given, account_names(tx, order, given))
    if cause is None:
        return None
    there = tx.records.of_order(order.id)
    if there is None and cause is Sealing.SIGNED and lacking(asked_of(tx, order), given_to(tx, order)):
        return None  # frozen, it could be given no more what it lacks, and so never be verified
    if there is None:
        return _freeze(tx, order, by, now, cause)
    if cause is Sealing.VERIFIED:
        reason = next((s.reason for s in reversed(tx.orders.transitions(order.id)) if s.to is State.VERIFIED), "")
        said = "已核验 / verified"
        _add(tx, there, AddendumKind.VERIFICATION, order.verified_at or now, now, by, reason or said, said)
    return there


def _freeze(tx: MaintenanceTx, order: WorkOrder, by: str, now: datetime, cause: Sealing) -> Record:
    site = tx.assets.site(order.site)
    asset = None if order.asset is None else tx.assets.get(order.asset).asset
    steps = tx.orders.transitions(order.id)
    known = {row.lineage: row for row in tx.plan.rows(order.site)} if order.occurrences else {}
    sources = Sources(
        order=order,
        site=site,
        asset=asset,
        place="" if asset is None else place_of(tx, order.site, asset.location),
        rows={o.key.lineage: known[o.key.lineage] for o in order.occurrences if o.key.lineage in known},
        steps=steps,
        work=_work(tx, order.id),
        people=tx.accounts.users_by_name(people_in(order, steps)),
        drill=tx.incidents.drill(order.id) if order.kind is Kind.DRILL else None,
        contractor=_contractor(tx, order),
    )
    document = canonical(record_document(sources, now, by, cause.value))
    done = (order.completed_at or now).astimezone(ZoneInfo(site.time_zone)).date()
    kept = retention(None if asset is None else asset.equipment_class, laws_at(tx, order.site))
    record = Record(
        id=new_key(),
        work_order=order.id,
        number=order.number,
        kind=order.kind.value,
        site=order.site,
        asset=order.asset,
        title_zh=order.title.zh,
        title_en=order.title.en,
        completed_on=done,
        frozen_at=now,
        frozen_by=by,
        cause=cause.value,
        keep_years=kept.years,
        keep_basis=kept.basis,
        keep_status=kept.status.value,
        keep_until=kept.until(done),
        sha256=sha256(document),
        document=document,
    )
    tx.records.add(record)
    tx.live.note("record", order.site, {"id": record.id, "work_order": order.id, "number": order.number})
    return record


def _contractor(tx: MaintenanceTx, order: WorkOrder) -> LocalName | None:
    """What the organisation is called that an order was given to; ``None``: none was, or nobody knows it any more."""
    with suppress(NotFound):
        return None if order.contractor is None else tx.people.contractor(order.contractor).name
    return None


def _work(tx: MaintenanceTx, order_id: str) -> Work:
    books = tx.work_records
    return Work(
        comments=books.comments(order_id),
        attachments=books.attachments(order_id),
        signatures=books.signatures(order_id),
        labour=[one for one in books.labour(order_id) if one.removed_at is None],
        parts=[one for one in books.part_uses(order_id) if one.removed_at is None],
        found=books.found_by(order_id),
    )


def place_of(tx: MaintenanceTx, site: str, key: str | None) -> str:
    """A place in words, from the building down; empty for none."""
    names = [place.name for place in tx.places.path(key) if place.site == site]
    return " / ".join(name.zh or name.en for name in names)


def freeze_missing(tx: MaintenanceTx, now: datetime, most: int = 100) -> int:
    """Freeze orders that were verified before there were records. Gives how many."""
    waiting = tx.records.unfrozen(most)
    for order_id in waiting:
        order = tx.orders.lock(order_id)
        verified = [step.by for step in tx.orders.transitions(order_id) if step.to is State.VERIFIED]
        frozen(tx, order, verified[-1] if verified else "system:records", now)
    return len(waiting)


def add_correction(
    tx: MaintenanceTx,
    record: Record,
    text: str,
    reason: str,
    by: str,
    now: datetime,
    signature: str | None = None,
) -> Addendum:
    """A person's correction. Raises ``BadData`` for an empty text or reason and for what is no SHA-256."""
    problems = [
        FieldProblem(name, "required", "不能为空 / must not be empty")
        for name, value in (("text", text), ("reason", reason))
        if not value.strip()
    ]
    if signature is not None and not _is_digest(signature):
        problems.append(FieldProblem("signature", "no_sha256", "应为SHA-256 / should be a SHA-256 in hex"))
    if problems:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems)
    return _add(tx, record, AddendumKind.CORRECTION, now, now, by, reason.strip(), text.strip(), signature=signature)


def add_late_evidence(
    tx: MaintenanceTx, record: Record, op: Operation, by: str, at: datetime, now: datetime
) -> Addendum:
    """What a tablet has sent after the record was frozen."""
    step = f" {op.step}" if op.step else ""
    text = f"{op.type}{step}: {json.dumps(dict(op.value), ensure_ascii=False, sort_keys=True, default=str)}"[:MAX_TEXT]
    digest = str(op.value.get("sha256") or "")
    return _add(
        tx,
        record,
        AddendumKind.LATE_EVIDENCE,
        at,
        now,
        by,
        "封存后上传 / sent after the record was frozen",
        text,
        signature=digest if op.type == "signature" and _is_digest(digest) else None,
        op_id=op.op_id,
    )


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def _add(
    tx: MaintenanceTx,
    record: Record,
    kind: AddendumKind,
    at: datetime,
    now: datetime,
    by: str,
    reason: str,
    text: str,
    *,
    signature: str | None = None,
    op_id: str | None = None,
) -> Addendum:
    explained(reason)
    earlier = tx.records.addenda(record.id)
    bare = Addendum(
        id=new_key(),
        record=record.id,
        site=record.site,
        asset=record.asset,
        number=len(earlier) + 1,
        kind=kind.value,
        at=at,
        recorded_at=now,
        by=by,
        reason=reason[:MAX_TEXT],
        text=text[:MAX_TEXT],
        signature=signature,
        op_id=op_id,
        previous=earlier[-1].sha256 if earlier else record.sha256,
        sha256="",
    )
    made = replace(bare, sha256=sealed_addendum(bare))
    tx.records.add_addendum(made)
    tx.live.note("record", record.site, {"id": record.id, "addendum": made.number, "work_order": record.work_order})
    return made
