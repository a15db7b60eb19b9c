"""Topic sources: how the messages of foreign devices are found and mapped."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Viewer
from api.paging import bad_field, cut_in_order
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts
from api.sources.schemas import (
    Source,
    SourceChange,
    SourceCreate,
    SourceList,
    SourceQuery,
    SourceTest,
    SourceTrial,
)
from ingest.trial import check_source, site_of, try_messages, with_draft
from plantroom.domain.keys import new_key
from plantroom.domain.sources import TopicSource
from plantroom.errors import NotFound, VersionConflict
from plantroom.ports.ledger import LedgerTx

router = APIRouter(prefix="/api/v1/sources", tags=["sources"], route_class=BeginAgain)

_DRAFT = ""


@router.get("", operation_id="listSources")
def list_sources(query: Annotated[SourceQuery, Query()], caller: Viewer, services: Parts) -> SourceList:
    """Topic sources by site, name and key."""
    with services.ledger.read() as tx:
        seen = [one for one in tx.sources.list(query.site) if caller.scope.allows(one.site)]
    page = cut_in_order(seen, query, lambda one: one.key)
    return SourceList(items=[Source.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="createSource", status_code=201)
def create_source(form: SourceCreate, caller: Supervisor, services: Parts, response: Response) -> Source:
    """A new source; collectors take it up within two seconds."""
    caller.require_site(form.site)
    source = form.to_domain(new_key())
    with services.ledger.begin() as tx:
        _need_site(tx, form.site)
        check_source(services.directory.plant(tx), source)
        tx.sources.add(source)
        _note(tx, source, "created")
    response.headers["ETag"] = etag(source.version)
    response.headers["Location"] = f"/api/v1/sources/{source.key}"
    return Source.model_validate(source)


@router.post("/test", operation_id="testSource")
def try_source(form: SourceTest, caller: Supervisor, services: Parts) -> SourceTrial:
    """What would become of a message, without storing anything."""
    messages = [one.to_domain() for one in (*form.before, form)]
    with services.ledger.read() as tx:
        plant = services.directory.plant(tx)
        if form.source is not None:
            _need_site(tx, form.source.site)
    site = form.site
    if form.source is not None:
        caller.require_site(form.source.site)
        draft = form.source.to_domain(_DRAFT)
        check_source(plant, draft)
        plant, site = with_draft(plant, draft), site or draft.site
    if site is not None and site not in plant.sites:
        raise bad_field("site", "unknown_site", f"there is no site {site!r}")
    heard_by = site or site_of(plant, form.topic)
    if heard_by in plant.sites:
        caller.require_site(heard_by)
    now_ms = int(services.clock.now().timestamp() * 1000)
    trial = try_messages(plant, services.classes, heard_by, messages, now_ms, services.readings.retention)
    return SourceTrial.of(trial)


@router.get("/{source_key}", operation_id="getSource")
def get_source(source_key: str, caller: Viewer, services: Parts, response: Response) -> Source:
    """One source; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        source = _visible(tx, caller, source_key)
    response.headers["ETag"] = etag(source.version)
    return Source.model_validate(source)


@router.patch("/{source_key}", operation_id="changeSource")
def change_source(
    source_key: str,
    form: SourceChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Source:
    """Change fields of a source. 412 with the source as it stands now when somebody else was faster."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, source_key)
        caller.require_change(stored.site)
        changes: dict[str, Any] = form.changes()
        changed = replace(stored, **changes)
        check_source(services.directory.plant(tx), changed)
        try:
            changed = tx.sources.update(changed, expected_version(if_match))
        except VersionConflict as error:
            current = Source.model_validate(stored).model_dump(mode="json")
            differing = [name for name, value in changes.items() if getattr(stored, name) != value]
            raise StaleVersion(str(error), current, stored.version, differing) from error
        _note(tx, changed, "changed")
    response.headers["ETag"] = etag(changed.version)
    return Source.model_validate(changed)


@router.delete("/{source_key}", operation_id="removeSource", status_code=204)
def remove_source(source_key: str, caller: Supervisor, services: Parts) -> None:
    """Remove a source: its topics are heard no more."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, source_key)
        caller.require_change(stored.site)
        tx.sources.remove(source_key)
        _note(tx, stored, "removed")


def _visible(tx: LedgerTx, caller: Access, key: str) -> TopicSource:
    try:
        source = tx.sources.get(key)
    except NotFound:
        raise NotFound("there is no such source") from None
    caller.require_sight(source.site)
    return source


def _need_site(tx: LedgerTx, site: str) -> None:
    try:
        tx.assets.site(site)
    except NotFound:
        raise bad_field("site", "unknown_site", f"there is no site {site!r}") from None


def _note(tx: LedgerTx, source: TopicSource, change: str) -> None:
    tx.live.note("source", source.site, {"key": source.key, "change": change})
