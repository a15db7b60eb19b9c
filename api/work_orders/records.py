"""What is written down about a work order: comments, files, signatures, labour, parts, cost, codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Supervisor, Technician, Viewer
from api.once import Once, OnlyOnce
from api.paging import bad_field, cut_in_order
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.shapes import ListQuery, Why
from api.work_orders import records_schemas as s
from maintenance.orders import keep
from maintenance.ports import MaintenanceTx
from maintenance.ticket_lock import lock_ticket
from maintenance.views import note_order
from maintenance.work.bookkeeping import Books
from maintenance.work.owner_reports import CALL_BACK
from maintenance.work.records import Coding, CommentKind
from maintenance.work.repairing import code
from maintenance.work_orders import State, WorkOrder
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/work-orders", tags=["work orders"], route_class=BeginAgain)

Page = Annotated[ListQuery, Query()]
TakenBack = Annotated[Why, Query(description="why")]


@contextmanager
def _reading(services: Services, caller: Access, order_id: str) -> Iterator[MaintenanceTx]:
    with services.ledger.read() as tx:
        order = tx.orders.get(order_id)
        caller.require_order_sight(order.site, order.contractor)
        yield tx


@contextmanager
def _writing(
    services: Services, caller: Access, order_id: str, once: Once | None = None, *, money: bool = False
) -> Iterator[Books]:
    """The books of a locked order that the caller may change; those of verified work are a supervisor's, but for what
    is said about it (``money``: and for invoices, which come late). ``once``: of a request that may be sent again."""
    with services.ledger.begin() as tx:
        order = lock_ticket(tx, order_id)
        caller.require_order_change(order.site, order.department, order.contractor)
        if once is not None:
            once.begin(tx, caller)
        if order.state is State.VERIFIED and not money:
            caller.raised(Role.SUPERVISOR).require_site(order.site, [order.department])
        yield Books(tx, order, caller.principal.name, services.clock.now())


def _own_or_supervised(caller: Access, order: WorkOrder, *who: str) -> None:
    """What somebody else has entered is taken back by a supervisor only."""
    if caller.principal.name not in who:
        caller.raised(Role.SUPERVISOR).require_site(order.site, [order.department])


@router.get("/{order_id}/comments", operation_id="listComments")
def list_comments(order_id: str, query: Page, caller: Viewer, services: Parts) -> s.CommentList:
    """What was said about the order."""
    with _reading(services, caller, order_id) as tx:
        page = cut_in_order(tx.work_records.comments(order_id), query, lambda one: one.id)
    return s.CommentList(items=[s.CommentOut.model_validate(i) for i in page.items], next_cursor=page.next_cursor)


@router.post("/{order_id}/comments", operation_id="addComment", status_code=201)
def add_comment(order_id: str, form: s.CommentIn, caller: Technician, services: Parts, once: OnlyOnce) -> s.CommentOut:
    """Say something; it is never edited. The kind `call_back` says that the owner has been called: the order's flag
    for it goes."""
    with _writing(services, caller, order_id, once, money=True) as books:
        made = books.comment(form.text, form.at, CommentKind(form.kind))
        if made.kind is CommentKind.CALL_BACK and CALL_BACK in books.order.tags:
            keep(books.tx, replace(books.order, tags=tuple(t for t in books.order.tags if t != CALL_BACK)))
        return once.keep(books.tx, s.CommentOut.model_validate(made))


@router.get("/{order_id}/attachments", operation_id="listAttachments")
def list_attachments(order_id: str, query: Page, caller: Viewer, services: Parts) -> s.AttachmentList:
    """Photos and documents of the order. Those that answer a step of its checklist stand in `answers`."""
    with _reading(services, caller, order_id) as tx:
        page = cut_in_order(tx.work_records.attachments(order_id), query, lambda one: one.id)
    return s.AttachmentList(items=[s.AttachmentOut.model_validate(i) for i in page.items], next_cursor=page.next_cursor)


@router.post("/{order_id}/attachments", operation_id="addAttachment", status_code=201)
def add_attachment(
    order_id: str, form: s.AttachmentIn, caller: Technician, services: Parts, once: OnlyOnce
) -> s.AttachmentOut:
    """Add a file that was uploaded before. 409 on verified work."""
    with _writing(services, caller, order_id, once) as books:
        made = books.attach(form.kind, form.sha256, form.step, form.note, form.at)
        return once.keep(books.tx, s.AttachmentOut.model_validate(made))


@router.get("/{order_id}/signatures", operation_id="listSignatures")
def list_signatures(order_id: str, query: Page, caller: Viewer, services: Parts) -> s.SignatureList:
    """Who signed what."""
    with _reading(services, caller, order_id) as tx:
        page = cut_in_order(tx.work_records.signatures(order_id), query, lambda one: one.id)
    return s.SignatureList(items=[s.SignatureOut.model_validate(i) for i in page.items], next_cursor=page.next_cursor)


@router.post("/{order_id}/signatures", operation_id="addSignature", status_code=201)
def add_signature(
    order_id: str, form: s.SignatureIn, caller: Technician, services: Parts, once: OnlyOnce
) -> s.SignatureOut:
    """Sign the order as it stands at `version`; 412 when it has changed since. 409 on verified work."""
    with _writing(services, caller, order_id, once) as books:
        made = books.sign(form.role, form.name, form.sha256, form.version, form.at)
        return once.keep(books.tx, s.SignatureOut.model_validate(made))


@router.get("/{order_id}/labour", operation_id="listLabour")
def list_labour(order_id: str, query: Page, caller: Viewer, services: Parts) -> s.LabourList:
    """Who worked on it, and for how long."""
    with _reading(services, caller, order_id) as tx:
        page = cut_in_order(tx.work_records.labour(order_id), query, lambda one: one.id)
    return s.LabourList(items=[s.LabourOut.model_validate(i) for i in page.items], next_cursor=page.next_cursor)


@router.post("/{order_id}/labour", operation_id="addLabour", status_code=201)
def add_labour(order_id: str, form: s.LabourIn, caller: Technician, services: Parts, once: OnlyOnce) -> s.LabourOut:
    """Add time, one's own or a colleague's. 409 `time_overlaps` where the same person was at work on another order
    then."""
    if form.person is None and caller.principal.kind != "person":
        raise bad_field("person", "required", "写明人员 / a machine's token says whose time it is")
    person = form.person or caller.principal.name
    with _writing(services, caller, order_id, once) as books:
        made = books.labour(person, form.minutes, form.starts_at, form.ends_at, form.note, form.at)
        return once.keep(books.tx, s.LabourOut.model_validate(made))


@router.delete("/{order_id}/labour/{entry_id}", operation_id="takeBackLabour")
def remove_labour(order_id: str, entry_id: str, reason: TakenBack, caller: Technician, services: Parts) -> s.LabourOut:
    """Take an entry back, which stays and says so. Others' entries are a supervisor's."""
    with _writing(services, caller, order_id) as books:
        taken = books.take_back_labour(entry_id, reason)
        _own_or_supervised(caller, books.order, taken.person, taken.by)
    return s.LabourOut.model_validate(taken)


@router.get("/{order_id}/parts", operation_id="listPartsUsed")
def list_parts(order_id: str, query: Page, caller: Viewer, services: Parts) -> s.PartUseList:
    """Parts that the order used."""
    with _reading(services, caller, order_id) as tx:
        site = tx.orders.get(order_id).site
        page = cut_in_order(tx.work_records.part_uses(order_id), query, lambda one: one.id)
    items = [s.PartUseOut.of(one, caller, site) for one in page.items]
    return s.PartUseList(items=items, next_cursor=page.next_cursor)


@router.post("/{order_id}/parts", operation_id="usePart", status_code=201)
def use_part(order_id: str, form: s.PartUseIn, caller: Technician, services: Parts, once: OnlyOnce) -> s.PartUseOut:
    """Take parts out of the store for the order. 409 `stock_too_low` where there are fewer, unless `although_short`."""
    with _writing(services, caller, order_id, once) as books:
        made = books.use_part(form.part, form.quantity, although_short=form.although_short, at=form.at)
        return once.keep(books.tx, s.PartUseOut.of(made, caller, books.order.site))


@router.delete("/{order_id}/parts/{entry_id}", operation_id="returnPart")
def return_part(order_id: str, entry_id: str, reason: TakenBack, caller: Technician, services: Parts) -> s.PartUseOut:
    """Put the parts of an entry back into the store."""
    with _writing(services, caller, order_id) as books:
        taken = books.return_part(entry_id, reason)
        _own_or_supervised(caller, books.order, taken.by)
    return s.PartUseOut.of(taken, caller, books.order.site)


@router.get("/{order_id}/costs", operation_id="listCosts")
def list_costs(order_id: str, query: Page, caller: Supervisor, services: Parts) -> s.CostList:
    """What others charge for the order: for those who see the site's budgets."""
    with _reading(services, caller, order_id) as tx:
        caller.require_change(tx.orders.get(order_id).site)
        page = cut_in_order(tx.work_records.costs(order_id), query, lambda one: one.id)
    return s.CostList(items=[s.CostOut.model_validate(i) for i in page.items], next_cursor=page.next_cursor)


@router.post("/{order_id}/costs", operation_id="addCost", status_code=201)
def add_cost(order_id: str, form: s.CostIn, caller: Technician, services: Parts, once: OnlyOnce) -> s.CostOut:
    """Add an invoice; it is booked to the order's budget line. 409 for one that the order has already."""
    with _writing(services, caller, order_id, once, money=True) as books:
        made = books.charge(form.amount, form.invoice, form.contractor, form.note, form.at)
        return once.keep(books.tx, s.CostOut.model_validate(made))


@router.delete("/{order_id}/costs/{entry_id}", operation_id="takeBackCost")
def remove_cost(order_id: str, entry_id: str, reason: TakenBack, caller: Technician, services: Parts) -> s.CostOut:
    """Take an invoice back; the booking is reversed by another one."""
    with _writing(services, caller, order_id, money=True) as books:
        taken = books.take_back_cost(entry_id, reason)
        _own_or_supervised(caller, books.order, taken.by)
    return s.CostOut.model_validate(taken)


@router.put("/{order_id}/coding", operation_id="codeWorkOrder")
def put_coding(order_id: str, form: s.CodingIn, caller: Technician, services: Parts) -> s.CodingOut:
    """Say what was wrong with the machine and what was done, in codes. 409 for planned work."""
    coding = Coding(**form.model_dump())
    with _writing(services, caller, order_id) as books:
        repair = code(books.tx, books.order, coding, books.by, books.now)
        note_order(books.tx, books.order)
    return s.CodingOut.of(repair)
