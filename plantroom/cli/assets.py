"""``asset maintenance``."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.alarms import By, instant_text, span_of, who
from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, opened, parse_instant
from plantroom.errors import BadData

if TYPE_CHECKING:
    from maintenance.spells import Spell

app = typer.Typer(name="asset", help="What people do with a machine.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What people do with a machine."""


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
