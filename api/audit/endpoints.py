"""The history of changes, the published ends of its chain, the history of one asset."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Supervisor, Viewer
from api.assets.lookup import visible_asset
from api.audit.schemas import (
    AssetHistory,
    AuditEntry,
    AuditHead,
    AuditHeadList,
    AuditList,
    AuditQuery,
    HistoryLine,
)
from api.paging import cut_in_order, page_request
from api.services import Parts
from api.shapes import ListQuery
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.audit import AuditFilter

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
of_assets = APIRouter(prefix="/api/v1/assets", tags=["audit"])


@router.get("", operation_id="listAudit")
def list_entries(query: Annotated[AuditQuery, Query()], caller: Supervisor, services: Parts) -> AuditList:
    """Who changed what, when and why, newest first: of the sites that the caller supervises; what belongs to no site
    (users, tokens, the default plan) is for an administrator of every site."""
    filters = AuditFilter(
        scope=caller.scope,
        with_siteless=_administers_everything(caller),
        entity=query.entity,
        key=query.key,
        asset=query.asset,
        by=query.by,
        site=query.site,
        request_id=query.request_id,
        start=query.start,
        end=query.end,
    )
    with services.ledger.read() as tx:
        page = tx.audit.list(filters, page_request(query))
    return AuditList(items=[AuditEntry.of(entry) for entry in page.items], next_cursor=page.next_cursor)


def _administers_everything(caller: Access) -> bool:
    return Grant(Role.ADMIN) in caller.principal.grants


@router.get("/heads", operation_id="listAuditHeads")
def list_heads(query: Annotated[ListQuery, Query()], caller: Supervisor, services: Parts) -> AuditHeadList:
    """The published ends of the chain over the history, newest first. Kept outside, one proves that nothing before it
    was changed since (`plantroom audit verify --heads`)."""
    del caller
    with services.ledger.read() as tx:
        heads = list(reversed(tx.audit.heads()))
    page = cut_in_order(heads, query, lambda head: f"{head.date} {head.seal}")
    return AuditHeadList(items=[AuditHead.of(head) for head in page.items], next_cursor=page.next_cursor)


@of_assets.get("/{key}/history", operation_id="getAssetHistory")
def asset_history(key: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts) -> AssetHistory:
    """All that was done to a machine, newest first: changes of its data, work orders, frozen records and their
    addenda."""
    with services.ledger.read() as tx:
        visible_asset(tx, caller, key)
        page = tx.records.timeline(key, page_request(query))
    return AssetHistory(items=[HistoryLine.of(line) for line in page.items], next_cursor=page.next_cursor)
