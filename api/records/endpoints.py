"""Frozen records of statutory work: list, one, its bytes; what is added."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Technician, Viewer
from api.paging import page_request
from api.records.schemas import (
    Addendum,
    AddendumCreate,
    RecordDetail,
    RecordDocument,
    RecordList,
    RecordQuery,
    RecordSummary,
)
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.ports import MaintenanceTx
from maintenance.records.freezing import add_correction
from maintenance.records.model import Record
from maintenance.records.ports import RecordFilter
from plantroom.errors import NotFound

router = APIRouter(prefix="/api/v1/records", tags=["records"], route_class=BeginAgain)


@router.get("", operation_id="listRecords")
def list_records(query: Annotated[RecordQuery, Query()], caller: Viewer, services: Parts) -> RecordList:
    """Frozen records by the day of the work, newest first."""
    filters = RecordFilter(
        scope=caller.scope,
        site=query.site,
        asset=query.asset,
        kind=query.kind,
        work_order=query.work_order,
        incident=query.incident,
        start=query.start,
        end=query.end,
    )
    with services.ledger.read() as tx:
        page = tx.records.list(filters, page_request(query))
    return RecordList(items=[RecordSummary.of(one) for one in page.items], next_cursor=page.next_cursor)


def _visible(tx: MaintenanceTx, caller: Access, record_id: str) -> Record:
    try:
        record = tx.records.get(record_id)
    except NotFound:
        raise NotFound("there is no such record") from None
    caller.require_sight(record.site)
    return record


@router.get("/{record_id}", operation_id="getRecord")
def get_record(record_id: str, caller: Viewer, services: Parts) -> RecordDetail:
    """One record with its document, its addenda and how long it has to be kept."""
    with services.ledger.read() as tx:
        record = _visible(tx, caller, record_id)
        return RecordDetail.whole(record, tx.records.addenda(record.id))


@router.get(
    "/{record_id}/document",
    operation_id="getRecordDocument",
    response_class=Response,
    responses={200: {"model": RecordDocument}},
)
def get_document(record_id: str, caller: Viewer, services: Parts) -> Response:
    """The canonical JSON that was frozen, byte by byte: its SHA-256 is the record's."""
    with services.ledger.read() as tx:
        record = _visible(tx, caller, record_id)
    return Response(record.document.encode(), media_type="application/json", headers={"ETag": f'"{record.sha256}"'})


@router.post("/{record_id}/addenda", operation_id="addAddendum", status_code=201)
def post_addendum(record_id: str, form: AddendumCreate, caller: Technician, services: Parts) -> Addendum:
    """Add a correction. The record itself stays as it was signed."""
    with services.ledger.begin() as tx:
        record = _visible(tx, caller, record_id)
        department = None if record.work_order is None else tx.orders.get(record.work_order).department
        caller.require_change(record.site, [department])
        by, now = caller.principal.name, services.clock.now()
        return Addendum.of(add_correction(tx, record, form.text, form.reason, by, now, form.signature))
