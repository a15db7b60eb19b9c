"""``spool status``: what waits between the broker and the store."""

import typer

from plantroom.cli.common import AsJson, DataDir, emit, settings_for

app = typer.Typer(name="spool", help="What waits between broker and store.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """What waits between broker and store."""


@app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Segments and bytes on disk, and the committed position, for each site and lane."""
    from gateway.spool.inspect import inspect_folder

    settings = settings_for(data_dir)
    found = inspect_folder(settings.data_dir / "spool")
    lines = [f"{s['site']}/{s['lane']}: {s['waiting']} waiting, {s['bytes']} bytes" for s in found]
    emit({"spools": found}, as_json, "\n".join(lines) or "no spool yet")
