"""``incidents list``: emergencies and how far they are."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, every, instant_text, opened, require_site

if TYPE_CHECKING:
    from maintenance.incidents.model import Incident

app = typer.Typer(name="incidents", help="Emergencies and how far they are.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Emergencies and how far they are."""


@app.command("list")
def list_incidents(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Incidents, the newest report first."""
    from maintenance.incidents.ports import IncidentFilter

    wanted = IncidentFilter(site=site, open_only=open_only)
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = every(lambda page: tx.incidents.list(wanted, page))
        codes = {key: asset.code for key, asset in tx.assets.plant().assets.items()}
    items = [_incident(one, codes) for one in found]
    emit({"items": items}, as_json, [_text(one) for one in items] or "no incidents")


def _incident(one: "Incident", codes: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "code": one.code,
        "site": one.site,
        "kind": one.kind.value,
        "severity": one.severity.value,
        "title": {"zh": one.title.zh, "en": one.title.en},
        "stage": one.stage.value,
        "closed": one.closed,
        "reported_at": instant_text(one.reported_at),
        "asset": None if one.asset is None else codes.get(one.asset, one.asset),
        "work_order": one.work_order,
        "stages": [{"stage": entry.stage.value, "at": instant_text(entry.at)} for entry in one.stages],
    }


def _text(item: dict[str, Any]) -> str:
    title = item["title"]["zh"] if item["title"]["zh"] == item["title"]["en"] else " / ".join(item["title"].values())
    asset = f"  {item['asset']}" if item["asset"] else ""
    head = f"{item['site']}  {item['code']}  {item['severity']:8}  {item['stage']:12}  {item['reported_at']}"
    return f"{head}{asset}  {title}"
