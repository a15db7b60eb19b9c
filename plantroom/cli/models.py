"""``models learn``: what is normal for an asset."""

from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, opened, parse_instant
from plantroom.errors import BadData
from plantroom.ports.readings import SeriesRef

app = typer.Typer(name="models", help="Condition models.", no_args_is_help=True)

MIN_ROWS = 60


@app.callback()
def _group() -> None:
    """Condition models."""


@app.command()
def learn(
    asset: Annotated[str, typer.Option(help="Asset code.")],
    start: Annotated[str, typer.Option("--from", help="Begin of normal operation (RFC 3339).")],
    end: Annotated[str, typer.Option("--to", help="End of normal operation (RFC 3339).")],
    site: Annotated[str | None, typer.Option(help="Site code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Declare a time as normal operation: the asset's model is fitted on exactly its stored rows."""
    first, last = parse_instant(start, "--from"), parse_instant(end, "--to")
    if last <= first:
        raise BadData("--to is not after --from")
    with opened(data_dir, with_readings=True) as parts, parts.ledger.begin() as tx:
        found = asset_by_code(tx, asset, site)
        if last > parts.clock.now():
            raise BadData("--to is in the future: a model learns from what is stored")
        series = [SeriesRef(found.site, found.equipment_class, found.key, p.key) for p in tx.assets.points(found.key)]
        rows = parts.readings.count(series, round(first.timestamp() * 1000), round(last.timestamp() * 1000) + 1)
        if rows < MIN_ROWS:
            raise BadData(f"asset {asset!r} has {rows} stored rows in this time; a model needs at least {MIN_ROWS}")
        window = tx.assets.add_learn_window(found.key, first, last, "command line")
    document = {"id": window.id, "asset": found.code, "from": first.isoformat(), "to": last.isoformat()}
    emit(document, as_json, f"{found.code}: learned from these rows with the next reading that comes in")
