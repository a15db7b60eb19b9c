"""``plan preview`` and ``plan materialise``."""

from datetime import date, datetime
from itertools import chain
from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, asset_by_code, emit, opened
from plantroom.errors import BadData

app = typer.Typer(name="plan", help="The plan table and its dates.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The plan table and its dates."""


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadData(f"{option} {text!r}: use a date such as {datetime.now().astimezone().date()}") from error


@app.command()
def preview(
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")],
    asset: Annotated[str | None, typer.Option(help="Asset code.")] = None,
    site: Annotated[str | None, typer.Option(help="Site code.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What falls due between two days, and why."""
    from maintenance.planner import asset_subject
    from maintenance.previewing import ledger_preview, subjects_of

    first, last = _day(start, "--from"), _day(end, "--to")
    if last < first:
        raise BadData("--to is before --from")
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        if asset is not None:
            found = asset_by_code(tx, asset, site)
            wanted = [(tx.assets.site(found.site), [asset_subject(found)])]
        else:
            places = tx.assets.sites() if site is None else [tx.assets.site(site)]
            assets = list(tx.assets.plant().assets.values())
            wanted = [(place, subjects_of(place, assets)) for place in places]
        now = parts.planning_clock.now()
        previews = [ledger_preview(tx, place, subjects, first, last, now, parts.systems) for place, subjects in wanted]
        items = [item.as_json() for item in sorted(chain.from_iterable(previews), key=lambda item: item.job.due)]
        codes = {key: found.code for key, found in tx.assets.plant().assets.items()}
    lines = [f"{i['due']}  {codes.get(str(i['asset']), i['asset'])}  {_text(i['reason'])}" for i in items]
    emit({"items": items}, as_json, lines or "nothing falls due in these days")


def _text(reason: object) -> str:
    assert isinstance(reason, dict)
    return f"{reason['zh']} / {reason['en']}"


@app.command()
def materialise(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make the work orders of the coming 60 days; what is there already is left alone."""
    from maintenance.materialise import materialise as make

    with opened(data_dir) as parts:
        done = make(parts.ledger, parts.planning_clock.now(), parts.systems)
    emit(done, as_json, f"created {done['created']}, there already {done['existing']}, missed {done['missed']}")
