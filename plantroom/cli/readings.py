"""``readings roll-up``: compute stored aggregates anew."""

from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, opened, parse_instant
from plantroom.errors import BadData

app = typer.Typer(name="readings", help="Stored readings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Stored readings."""


@app.command("roll-up")
def roll_up(
    asset: Annotated[str, typer.Option(help="Asset code.")],
    start: Annotated[str, typer.Option("--from", help="Begin of the time to compute (RFC 3339).")],
    end: Annotated[str, typer.Option("--to", help="End of it (RFC 3339).")],
    site: Annotated[str | None, typer.Option(help="Site code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compute the 10-minute and hourly aggregates of an asset anew from what is stored."""
    from ingest.rollups import RollUps

    first, last = parse_instant(start, "--from"), parse_instant(end, "--to")
    if last <= first:
        raise BadData("--to is not after --from")
    with opened(data_dir, with_readings=True) as parts:
        with parts.ledger.read() as tx:
            found = asset_by_code(tx, asset, site)
        job = RollUps(parts.ledger, parts.readings, parts.clock)
        windows = job.recompute(found, round(first.timestamp() * 1000), round(last.timestamp() * 1000))
    document = {"asset": found.code, "from": first.isoformat(), "to": last.isoformat(), "windows": windows}
    emit(document, as_json, f"{found.code}: {windows} windows of 10 minutes computed, and their hours")
