"""Tickets of failed checklist items, with what was found: remark, number and limits, photos, and links both ways.
Inside the caller's transaction.

Whoever looks at a thing is not always who mends it: stairs are looked at by the cleaners, and what is loose there is
for the engineers (requirements.md III.8).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from maintenance.answers import Answer
from maintenance.orders import create_order
from maintenance.people.departments import FALLBACK
from maintenance.people.owners import departments_of
from maintenance.ports import MaintenanceTx
from maintenance.work.ports import FoundOn
from maintenance.work.records import Attachment
from maintenance.work_orders import ChecklistItem, Kind, Origin, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.keys import new_key

CLEANERS = "cleaning"
LOOKS_ONLY = frozenset({CLEANERS, "security", "quality", "emergency"})
"""Keys of departments that look at equipment and mend none of it (III.8 says it of cleaning; D: the others, but for
equipment that is their own)."""


def found_title(asset: Asset | None, item: ChecklistItem) -> LocalName:
    """What the ticket of a failed item is called."""
    name = LocalName("", "") if asset is None else asset.name
    return LocalName(f"{name.zh} {item.name.zh}不合格".strip(), f"{name.en} {item.name.en}: not OK".strip())


def open_found(
    tx: MaintenanceTx,
    order: WorkOrder,
    item: ChecklistItem,
    answer: Answer,
    by: str,
    at: datetime,
    now: datetime,
    photos: Iterable[Mapping[str, object]] = (),
) -> WorkOrder:
    """The ticket of an item of ``order`` that is not as it should be; ``photos`` are those of its step so far."""
    asset = None if order.asset is None else tx.assets.get(order.asset).asset
    said = _said(item, answer)
    severity = answer.severity or Severity.GENERAL
    ticket = create_order(
        tx,
        site=order.site,
        kind=Kind.CORRECTIVE,
        origin=Origin.CHECKLIST,
        title=found_title(asset, item),
        by=by,
        now=now,
        asset=order.asset,
        severity=severity,
        department=mending_department(tx, order, asset),
        reason=LocalName(
            f"工单#{order.number}（{order.title.zh}）检查不合格：{said}",
            f"Found on #{order.number} ({order.title.en}): {said}",
        ),
    )
    tx.work_records.put_found(
        FoundOn(
            ticket=ticket.id,
            work_order=order.id,
            step=item.step,
            item_zh=item.name.zh,
            item_en=item.name.en,
            remark=answer.remark or "",
            number=answer.number,
            unit=item.unit,
            low=item.low,
            high=item.high,
            severity=severity.value,
            by=by,
            at=at,
        )
    )
    for photo in photos:
        add_evidence(tx, ticket.id, item.step, photo, now)
    return ticket


def add_evidence(tx: MaintenanceTx, ticket_id: str, step: str, file: Mapping[str, object], now: datetime) -> None:
    """A photo of the failed step belongs to its ticket, too; whichever came first."""
    if file.get("kind") != "photo":
        return
    ticket, size = tx.orders.get(ticket_id), file.get("bytes")
    tx.work_records.add_attachment(
        Attachment(
            id=new_key(),
            work_order=ticket.id,
            site=ticket.site,
            kind="photo",
            sha256=str(file.get("sha256")),
            name="",
            mime=str(file.get("mime") or ""),
            size=size if isinstance(size, int) and 0 <= size < 1 << 62 else 0,
            step=None,
            note=step,
            by=str(file.get("by") or ""),
            at=datetime.fromisoformat(str(file["at"])) if file.get("at") else now,
            recorded_at=now,
        )
    )


def mending_department(tx: MaintenanceTx, order: WorkOrder, asset: Asset | None) -> str | None:
    """Who mends what an order's checklist has found: as for every ticket the asset's department, else the one that
    lists its class, else the order's; the engineers where that one only looks at it."""
    there = departments_of(tx, order.site)
    listed = None if asset is None else next((d for d in there if asset.equipment_class in d.classes), None)
    chosen = (asset.department if asset is not None else None) or (listed.name.zh if listed else order.department)
    known = next((d for d in there if d.name.zh == chosen), None)
    owns = known is not None and known is listed and known.key != CLEANERS
    if known is None or known.key not in LOOKS_ONLY or owns:
        return chosen
    engineers = next((d.name.zh for d in there if d.key == FALLBACK), None)
    return engineers or chosen


def _said(item: ChecklistItem, answer: Answer) -> str:
    said = answer.remark or ""
    if answer.number is not None:
        said = f"{said} {answer.number:g} {item.unit}".strip()
        if item.low is not None or item.high is not None:
            low, high = ("" if one is None else f"{one:g}" for one in (item.low, item.high))
            said += f" [{low}, {high}]"
    return said
