"""Printable sheets of QR labels."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from api.access import Viewer
from api.assets.schemas import AssetQuery
from api.labels.sheet import label_of, sheet
from api.paging import page_request
from api.services import Parts
from plantroom.domain.places import path_of
from plantroom.ports.ledger import AssetFilter

router = APIRouter(prefix="/api/v1/assets", tags=["assets"])

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


class LabelQuery(AssetQuery):
    """Which assets of the site: the filters of the asset list."""

    site: Annotated[str, Field(max_length=200)]
    limit: Annotated[int, Field(ge=1, le=1000, description="at most this many labels")] = 1000


@router.get("/labels", operation_id="getLabels", response_class=HTMLResponse)
def get_labels(
    query: Annotated[LabelQuery, Query()], caller: Viewer, services: Parts, request: Request
) -> HTMLResponse:
    """QR labels of a site's assets, ready to print on A4. Each holds the address of its asset's page, below
    `PLANTROOM_PUBLIC_URL` or the address that the request came to. `Link: <...>; rel="next"` where there are more."""
    caller.require_sight(query.site)
    filters = AssetFilter(
        scope=caller.scope,
        code=query.code,
        equipment_class=query.equipment_class,
        site=query.site,
        status=query.status,
        text=query.text,
        location=query.location,
        department=query.department,
        criticality=query.criticality,
        parent=query.parent,
        keys=None if query.keys is None else query.keys.split(","),
    )
    with services.ledger.read() as tx:
        site, tree = tx.assets.site(query.site), tx.places.tree(query.site)
        page = tx.assets.list(filters, page_request(query))
    base = services.public_url or str(request.base_url)
    labels = [label_of(base, v.asset, path_of(v.asset.location or "", tree)) for v in page.items]
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    if page.next_cursor is not None:
        asked = {**dict(request.query_params), "cursor": page.next_cursor}
        headers["Link"] = f'<{request.url.path}?{urlencode(asked)}>; rel="next"'
    return HTMLResponse(sheet(f"{site.name.zh} / {site.name.en}", labels), headers=headers)
