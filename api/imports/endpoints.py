"""Tables in and out: import with a dry run, progress, undo; templates and exports."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Query, Response, UploadFile

from api.access import Access, Supervisor
from api.imports.rights import PEOPLE, CallersRights, access_for, hidden_kinds
from api.imports.schemas import (
    ExportQuery,
    Import,
    ImportList,
    ImportListQuery,
    ImportQuery,
    ImportResult,
    TemplateQuery,
    UndoResult,
)
from api.paging import page_request
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import has_nul
from maintenance.imports.exporting import FORMATS, Exported, export
from maintenance.imports.kinds import Asked
from maintenance.imports.ports import ImportFilter, ImportRun
from maintenance.imports.registry import kind_named
from maintenance.imports.running import Wanted, run_import, undo_import
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, NotFound

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], route_class=BeginAgain)

NOT_TAKEN, IN_THE_WAY = 422, 409


@router.post("", operation_id="importTable")
def import_table(
    query: Annotated[ImportQuery, Query()],
    file: Annotated[
        UploadFile, File(description="the table: .xlsx, .xls, .ods or CSV, at most 25 MB", examples=["plan.xlsx"])
    ],
    caller: Supervisor,
    services: Parts,
    response: Response,
) -> ImportResult:
    """Take a table in, all of it or nothing. With errors: 422 with the same document, nothing written."""
    kind = kind_named(query.kind)
    access = access_for(caller, kind, query.site)
    name = file.filename or "table"
    if has_nul(name):
        raise BadData("the file's name must not contain the character U+0000")
    asked = Asked(
        access.principal.name,
        services.clock.now(),
        query.site,
        query.sheet,
        CallersRights(access),
        author=access.principal.id,
    )
    wanted = Wanted(kind.key, name[:200], query.mode, asked, query.id or new_key())
    with services.imports.following(str(wanted.id)) as progress:
        document = run_import(services.ledger, wanted, file.file, services.clock, progress)
    if document["errors"]:
        response.status_code = NOT_TAKEN
    return ImportResult.model_validate(document)


A_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
"""An answer that is a file; its own header says which kind."""


@router.get("", operation_id="listImports")
def list_imports(query: Annotated[ImportListQuery, Query()], caller: Supervisor, services: Parts) -> ImportList:
    """Imports, newest first."""
    filters = ImportFilter(caller.scope, caller.principal.id, query.kind, query.state, query.site, hidden_kinds(caller))
    with services.ledger.read() as tx:
        page = tx.imports.list(filters, page_request(query))
    return ImportList(items=[Import.of(services.imports.seen(run)) for run in page.items], next_cursor=page.next_cursor)


@router.get("/template", operation_id="getImportTemplate", response_class=Response, responses=A_FILE)
def get_template(query: Annotated[TemplateQuery, Query()], caller: Supervisor, services: Parts) -> Response:  # noqa: ARG001
    """An empty workbook to fill in: headings, notes on each column, drop-down lists."""
    with services.ledger.read() as tx:
        made = export(tx, kind_named(query.kind), "xlsx", query.language, None, empty=True)
    return _file(made, f"{query.kind}-template", "xlsx")


@router.get("/export", operation_id="exportTable", response_class=Response, responses=A_FILE)
def export_table(query: Annotated[ExportQuery, Query()], caller: Supervisor, services: Parts) -> Response:
    """What there is, as a table that can be imported again without a difference."""
    kind = kind_named(query.kind)
    access_for(caller, kind, query.site)
    with services.ledger.read() as tx:
        if query.site is not None:
            tx.assets.site(query.site)
        if query.site is None:
            caller.raised(kind.role).require_everywhere()
        made = export(tx, kind, query.format, query.language, query.site)
    return _file(made, query.kind if query.site is None else f"{query.kind}-{query.site}", query.format)


def _file(made: Exported, name: str, form: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(f'{name}.{form}')}"
    return Response(made.content, media_type=FORMATS[form], headers={"Content-Disposition": disposition})


@router.get("/{import_id}", operation_id="getImport")
def get_import(import_id: str, caller: Supervisor, services: Parts) -> Import:
    """One import: how far it is while it runs, then what it answered."""
    with services.ledger.read() as tx:
        run = _visible(tx.imports.find(import_id), caller)
        document = tx.imports.document(import_id)
    return Import.of(services.imports.seen(run), None if document is None else dict(document))


@router.post("/{import_id}/undo", operation_id="undoImport")
def undo(import_id: str, caller: Supervisor, services: Parts, response: Response) -> UndoResult:
    """Put back what an import changed. 409 with what has been changed or used since, and then nothing is put back."""
    with services.ledger.read() as tx:
        run = _visible(tx.imports.find(import_id), caller)
        sites = {change.site for change in tx.imports.changes(import_id)}
    kind = kind_named(run.kind)
    access = access_for(caller, kind, run.site)
    for site in sites - {None}:
        access.require_change(str(site))
    asked = Asked(access.principal.name, services.clock.now(), run.site, rights=CallersRights(access))
    document = undo_import(services.ledger, import_id, asked)
    if document["errors"]:
        response.status_code = IN_THE_WAY
    return UndoResult.model_validate(document)


def _visible(run: ImportRun | None, caller: Access) -> ImportRun:
    """``NotFound`` for an import that the caller may not see: another site's, or of people."""
    if run is None or run.kind in set(hidden_kinds(caller)) & PEOPLE:
        raise NotFound("there is nothing by that name")
    if run.author != caller.principal.id and not (
        caller.scope.sites is None or (run.site is not None and caller.scope.allows(run.site))
    ):
        raise NotFound("there is nothing by that name")
    return run
