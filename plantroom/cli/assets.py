"""``asset``: what there is, labels to print, what comes due, maintenance by hand."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.alarms import By, span_of, who
from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, instant_text, opened, parse_instant, require_site
from plantroom.domain.wording import counted
from plantroom.errors import BadData

if TYPE_CHECKING:
    from maintenance.ports import MaintenanceTx
    from maintenance.spells import Spell
    from plantroom.domain.assets import Asset
    from plantroom.ports.ledger import AssetFilter

app = typer.Typer(name="asset", help="Machines: what there is, labels, what comes due.", no_args_is_help=True)

AtSite = Annotated[str | None, typer.Option(help="Only this site.")]


@app.callback()
def _group() -> None:
    """Machines: what there is, labels, what comes due."""


@app.command("list")
def list_assets(
    text: Annotated[
        str | None, typer.Argument(help="Words to find: codes, names, maker, model, serial, place.")
    ] = None,
    site: AtSite = None,
    equipment_class: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    status: Annotated[str | None, typer.Option(help="Only these, with commas between.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Machines by site and code, or those that a search finds."""
    from plantroom.ports.ledger import AssetFilter

    filters = AssetFilter(site=site, equipment_class=equipment_class, status=status, text=text)
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        items = [_asset_document(one) for one in _all(tx, filters, limit)]
    lines = ["  ".join(str(item[name]) for name in ("site", "code", "class", "name", "status")) for item in items]
    emit({"items": items}, as_json, lines or "no assets")


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="The asset's code.")],
    site: Annotated[str | None, typer.Option(help="Its site, when several have such a code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Everything that the ledger holds of a machine."""
    from dataclasses import asdict

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        asset = asset_by_code(tx, code, site)
        names = {
            key: one.code for key, one in tx.assets.several({asset.parent or "", asset.duty_partner or ""}).items()
        }
        document = _asset_document(asset) | {
            "places": [place.name.zh for place in tx.places.path(asset.location)],
            "parent": names.get(asset.parent or ""),
            "duty_partner": names.get(asset.duty_partner or ""),
            "duty_role": asset.duty_role,
            "parts": [part.code for part in tx.assets.parts_of(asset.key)],
            **{name: getattr(asset, name) for name in _SHOWN},
            "licences": [asdict(one) for one in asset.licences],
            "maker_limits": [asdict(one) for one in asset.maker_limits],
            "documents": [asdict(one) for one in asset.documents],
            "custom": dict(asset.custom),
            "points": [point.key for point in tx.assets.points(asset.key)],
        }
    emit(
        document,
        as_json,
        [f"{name}: {_plain(value)}" for name, value in document.items() if value not in (None, [], "")],
    )


@app.command()
def labels(
    out: Annotated[Path, typer.Option(help="The file to write: HTML, to be printed on A4.")],
    site: Annotated[str, typer.Option(help="The site.")] = "demo",
    text: Annotated[str | None, typer.Option(help="Only what a search finds.")] = None,
    equipment_class: Annotated[str | None, typer.Option("--class", help="Only this class.")] = None,
    base: Annotated[
        str | None, typer.Option(help="Address of the web app; left out: PLANTROOM_PUBLIC_URL, or this machine.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """QR labels of a site's machines, 21 a page."""
    from api.labels.sheet import label_of, sheet
    from plantroom.domain.places import path_of
    from plantroom.ports.ledger import AssetFilter

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        known, settings = tx.assets.site(site), parts.settings
        address = base or settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
        tree = tx.places.tree(site)
        filters = AssetFilter(site=site, equipment_class=equipment_class, text=text)
        found = [label_of(address, one, path_of(one.location or "", tree)) for one in _all(tx, filters, MOST_LABELS)]
    try:
        out.write_text(sheet(f"{known.name.zh} / {known.name.en}", found), encoding="utf-8")
    except OSError as error:
        raise BadData(f"--out {out}: {error.strerror}") from error
    emit({"file": str(out), "labels": len(found), "base": address}, as_json, f"{counted(len(found), 'label')} in {out}")


@app.command()
def due(
    within: Annotated[int, typer.Option(min=0, max=3660, help="Days from today.")] = 60,
    site: AtSite = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Licences that expire, sensors to calibrate, machines at the end of their design life."""
    from plantroom.domain.renewal import renewal_list
    from plantroom.ports.paging import EVERYTHING

    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        today = parts.planning_clock.now().date()
        by = today + timedelta(days=within)
        licences = tx.assets.licences_due(EVERYTHING, by + timedelta(days=1), site)
        sensors = tx.sensors.due(EVERYTHING, by, site)
        codes = tx.assets.several({sensor.asset for sensor in sensors})
        assets = [one for one in tx.assets.plant().assets.values() if site in {None, one.site}]
        old = renewal_list(assets, parts.classes, by)
    document: dict[str, list[dict[str, Any]]] = {
        "licences": [
            {"site": d.asset.site, "asset": d.asset.code, "kind": d.licence.kind, "expires_on": d.licence.expires_on}
            for d in licences
        ],
        "calibrations": [
            {"site": codes[s.asset].site, "asset": codes[s.asset].code, "point": s.point, "due_on": s.due_on}
            for s in sensors
        ],
        "renewals": [{"site": a.asset.site, "asset": a.asset.code, "ends_on": a.ends_on} for a in old],
    }
    lines = [
        f"{kind}  " + "  ".join(str(value) for value in item.values())
        for kind, items in document.items()
        for item in items
    ]
    emit(document, as_json, lines or "nothing comes due")


MOST_LABELS = 100_000
_SHOWN = (
    "location", "department", "criticality", "manufacturer", "model", "serial", "installed_on", "in_service_on",
    "design_life_years", "purchase_cost", "replacement_cost", "warranty_until",
)  # fmt: skip


def _all(tx: "MaintenanceTx", filters: "AssetFilter", limit: int) -> "list[Asset]":
    """The first assets of a list, page by page."""
    from plantroom.ports.paging import PageRequest

    found: list[Asset] = []
    cursor: str | None = None
    while len(found) < limit:
        page = tx.assets.list(filters, PageRequest(min(1000, limit - len(found)), cursor))
        found += [view.asset for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def _asset_document(asset: "Asset") -> dict[str, Any]:
    return {
        "key": asset.key,
        "site": asset.site,
        "code": asset.code,
        "class": asset.equipment_class,
        "name": asset.name.zh,
        "name_en": asset.name.en,
        "status": asset.status.value,
    }


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@app.command()
def maintenance(
    code: Annotated[str, typer.Argument(help="The asset's code.")],
    until: Annotated[str | None, typer.Option(help="Its end, such as 2026-11-21T18:00:00Z; at most 7 days.")] = None,
    time: Annotated[str | None, typer.Option("--for", help="Instead: how long, such as 30m, 4h, 2d.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,
    site: Annotated[str | None, typer.Option(help="Its site, when several have such a code.")] = None,
    by: By = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put a machine under maintenance until an end; limits and models make no tickets meanwhile, safety does."""
    from maintenance.by_hand import begin_by_hand, end_by_hand

    if sum(given is not None for given in (until, time)) != (0 if end else 1):
        raise BadData("give one of --until, --for and --end")
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        now = parts.clock.now()
        asset = asset_by_code(tx, code, site)
        if end:
            spell = end_by_hand(tx, asset.key, who(by), now)
        else:
            spell = begin_by_hand(tx, asset.key, _end(until, time, now), reason, who(by), now)
        status = tx.assets.get(asset.key).asset.status.value
    words = f"ended by {spell.ended_by}" if end else f"under maintenance until {instant_text(spell.until)}"
    emit(_document(spell, asset.code, status), as_json, f"{asset.code}: {words}; now {status}")


def _end(until: str | None, time: str | None, now: datetime) -> datetime:
    if until is not None:
        return parse_instant(until, "--until")
    span: timedelta = span_of(time or "")
    return now + span


def _document(spell: "Spell", code: str, status: str) -> dict[str, Any]:
    return {
        "id": spell.id,
        "site": spell.site,
        "asset": code,
        "status": status,
        "reason": spell.reason,
        "by": spell.by,
        "at": instant_text(spell.at),
        "until": instant_text(spell.until),
        "ended_at": instant_text(spell.ended_at),
        "ended_by": spell.ended_by,
    }
