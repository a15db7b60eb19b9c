"""The built web app at ``/``: hashed assets for ever, ``index.html`` never from a cache, pages of the app itself
answered with ``index.html``."""

import stat
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import NotModifiedResponse

from api.access import COOKIE
from api.public.pages import label_page
from api.services import Parts, Services
from plantroom.errors import NotFound

router = APIRouter()

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
HASHED_FOLDER = "assets"
FILE_SUFFIXES = frozenset(
    {".js", ".mjs", ".css", ".map", ".json", ".png", ".svg", ".ico", ".woff2", ".wasm", ".webmanifest", ".txt"}
)

NOT_BUILT = """<!doctype html>
<html lang="zh">
<head><meta charset="utf-8"><title>Plantroom</title></head>
<body>
<h1>Plantroom</h1>
<p>网页尚未构建。请在项目根目录运行 <code>make setup</code>(需要 Node 20 或更高版本),然后重新启动。接口已经可用:
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
<p>The web app has not been built. Run <code>make setup</code> in the project's root (it needs Node 20 or newer) and
start again. The API is there already: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
</body>
</html>
"""


def _regular_file(folder: Path, path: str) -> Path | None:
    """The file of that path inside the folder; ``None`` for anything else, ``..`` and links out included."""
    try:
        found = (folder / path).resolve()
        inside = found.is_relative_to(folder.resolve())
        return found if inside and stat.S_ISREG(found.stat().st_mode) else None
    except (OSError, ValueError):
        return None


def _send(request: Request, file: Path, caching: str) -> Response:
    """The file, or 304 when the caller has it already."""
    media_type = "application/manifest+json" if file.suffix == ".webmanifest" else None
    answer = FileResponse(file, media_type=media_type, headers={"Cache-Control": caching}, stat_result=file.stat())
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if answer.headers["etag"] in known:
        return NotModifiedResponse(answer.headers)
    return answer


def _label_page(path: str, request: Request, services: Services) -> Response | None:
    """The page of a QR label (``plantroom.domain.labels``) for whoever has not signed in; staff get the web app."""
    folder, _, code = path.partition("/")
    site = request.query_params.get("site", "")
    if folder != HASHED_FOLDER or not code or not site or COOKIE in request.cookies:
        return None
    return label_page(services, request, site, code)


@router.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False, operation_id="webApp")
def web_app(path: str, request: Request, services: Parts) -> Response:
    """A file of the web app, or its first page for every address that the app itself understands."""
    if path == "api" or path.startswith("api/"):
        raise NotFound(path)
    folder = services.static_dir
    index = None if folder is None else _regular_file(folder, "index.html")
    found = _regular_file(folder, path) if path and folder is not None else None
    if found is not None and index is not None:
        return _send(request, found, IMMUTABLE if path.startswith(f"{HASHED_FOLDER}/") else REVALIDATE)
    label = _label_page(path, request, services)
    if label is not None:
        return label
    if folder is None or index is None:
        return HTMLResponse(NOT_BUILT, headers={"Cache-Control": REVALIDATE})
    if Path(path).suffix.lower() in FILE_SUFFIXES:
        raise NotFound(path)
    return _send(request, index, REVALIDATE)
