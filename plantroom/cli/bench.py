"""``bench``: figures, measured on a product of its own on free ports."""

from typing import Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, say

app = typer.Typer(name="bench", help="Figures, measured here and now.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Figures, measured here and now."""


@app.command()
def latency(
    rate: Annotated[int, typer.Option(min=1, max=5000, help="Messages a second.")] = 500,
    seconds: Annotated[int, typer.Option(min=5, max=600, help="How long.")] = 30,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Message published to reading queryable, and safety event to ticket, with the trial's parts."""
    from plantroom.cli.bench_latency import measure_latency

    del data_dir
    document: dict[str, Any] = measure_latency(rate, seconds, say)
    emit(document, as_json)
