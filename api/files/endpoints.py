"""Files: photos, signatures, documents of machines."""

import re
from collections.abc import Iterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, UploadFile
from fastapi import File as FileIn
from fastapi.responses import FileResponse

from api.access import Technician, Viewer
from api.files.schemas import File
from api.paging import bad_field
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.transitions import evidence_arrived
from plantroom.errors import NotFound
from plantroom.ports.equipment import FileEntry

router = APIRouter(prefix="/api/v1/files", tags=["files"], route_class=BeginAgain)

CHUNK = 1 << 20
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf"})
"""What a browser may show in its place; anything else is saved, so that nothing of it runs on our pages."""

PLAIN = "application/octet-stream"
_MIME = re.compile(r"[a-z]+/[a-zA-Z0-9.+-]{1,100}")
NAME_CHARACTERS = 200


@router.post("", operation_id="uploadFile", status_code=201)
def upload_file(
    file: Annotated[UploadFile, FileIn(description="the file", examples=["brake-gap.jpg"])],
    site: Annotated[str, Form(max_length=200, examples=["demo"])],
    caller: Technician,
    services: Parts,
    sha256: Annotated[str | None, Form(pattern="^[0-9a-f]{64}$")] = None,
) -> File:
    """Keep a file for a site; whoever sees the site may read it. `sha256`, when it is sent, must be that of the bytes.
    The same bytes are kept once, and sending them again changes nothing."""
    caller.require_site(site)
    mime = file.content_type if file.content_type and _MIME.fullmatch(file.content_type) else PLAIN
    name = "".join(c for c in (file.filename or "") if c.isprintable()).replace("\\", "/").rpartition("/")[2]
    with services.ledger.read() as tx:
        if site not in {one.code for one in tx.assets.sites()}:
            raise bad_field("site", "unknown_site", f"there is no site {site!r}")
    stored = services.files.put(_chunks(file.file), mime, sha256)
    now = services.clock.now()
    entry = FileEntry(
        stored.sha256, site, name[-NAME_CHARACTERS:] or stored.sha256, mime, stored.size, caller.principal.name, now
    )
    with services.ledger.begin() as tx:
        tx.files.add(entry)
        completed = evidence_arrived(tx, entry.sha256, now)
        kept = next(one for one in tx.files.of(entry.sha256) if one.site == site)
    return File.model_validate(kept).model_copy(update={"completed": completed})


@router.get(
    "/{sha256}",
    operation_id="getFile",
    response_class=FileResponse,
    responses={200: {"content": {PLAIN: {}}, "description": "The bytes, as they came"}},
)
def get_file(sha256: str, caller: Viewer, services: Parts) -> FileResponse:
    """The bytes of a file that a site has which the caller sees."""
    with services.ledger.read() as tx:
        entries = [one for one in tx.files.of(sha256) if caller.scope.allows(one.site)]
    path = services.files.path(sha256) if entries else None
    if path is None:
        raise NotFound("there is no such file")
    entry = entries[0]
    place = "inline" if entry.mime in SHOWN else "attachment"
    answer = FileResponse(
        path,
        media_type=entry.mime if entry.mime in SHOWN else PLAIN,
        filename=entry.name,
        content_disposition_type=place,
        headers={"Cache-Control": "private, max-age=31536000, immutable"},
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
