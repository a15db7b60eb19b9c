"""``spool status``: what waits between the broker and the store."""

from typing import Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, settings_for
from plantroom.errors import Unreachable

app = typer.Typer(name="spool", help="What waits between broker and store.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What waits between broker and store."""


@app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What waits on disk for each site and lane: how many messages, since when, how many of them are damaged, how much
    room is left. Exit code 5 when one of them, or all, cannot be read, 3 when there is no such data folder."""
    from gateway.spool.inspect import inspect_folder
    from plantroom.bootstrap.begun import require_data_folder

    settings = settings_for(data_dir)
    require_data_folder(settings)
    found = inspect_folder(settings.data_dir / "spool")
    lines = [_line(one) for one in found]
    emit({"spools": found}, as_json, lines or "no spool yet")
    if unread := sum(one["problem"] is not None for one in found):
        raise Unreachable("spools", f"{unread} of {len(found)} cannot be read")


def _line(one: dict[str, Any]) -> str:
    words = [f"{one['waiting']} waiting", f"{one['bytes']} bytes", f"{one['free_bytes'] >> 20} MiB free"]
    if one["oldest_s"] is not None:
        words.insert(1, f"the oldest for {one['oldest_s']:.0f} s")
    if one["damaged"]:
        words.append(f"{one['damaged']} DAMAGED: they will be passed over")
    if one["problem"]:
        words.append(f"CANNOT BE READ: {one['problem']}")
    return f"{one['site']}/{one['lane'] or '?'}: " + ", ".join(words)
