"""``simulate replay|live|batch``: buildings without hardware."""

from pathlib import Path
from typing import Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, parse_instant, running_broker, say, settings_for
from plantroom.domain.wording import counted
from plantroom.errors import BadData

EXIT_DATA = 4

app = typer.Typer(name="simulate", help="Simulated and recorded buildings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Simulated and recorded buildings."""


def parse_speed(text: str) -> float | None:
    """``max`` (``None``) or a positive number. Raises ``BadData``."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise BadData(f"--speed {text!r}: use a number above 0, or max")
    return speed


def parse_map(pairs: list[str]) -> dict[str, str]:
    """``HEADING=key`` pairs. Raises ``BadData``."""
    found = {}
    for pair in pairs:
        heading, equals, key = pair.rpartition("=")
        if not equals or not heading or not key:
            raise BadData(f"--map {pair!r}: use HEADING=key")
        found[heading] = key
    return found


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A CSV file: a time column and numeric columns.")],
    site: Annotated[str, typer.Option(help="Site code.")],
    asset: Annotated[str, typer.Option(help="Asset code; made when missing.")],
    equipment_class: Annotated[str, typer.Option("--class", help="Equipment class.")],
    time_column: Annotated[str | None, typer.Option(help="Heading of the time column.")] = None,
    time_zone: Annotated[str, typer.Option(help="Zone of times without one.")] = "UTC",
    sep: Annotated[str, typer.Option(help="Separator, or auto.")] = "auto",
    ignore: Annotated[str, typer.Option(help="Headings to leave out, separated by commas.")] = "",
    mapping: Annotated[list[str] | None, typer.Option("--map", help="HEADING=key; may be repeated.")] = None,
    learn_rows: Annotated[int, typer.Option(min=0, help="The first N rows are normal operation.")] = 0,
    speed: Annotated[str, typer.Option(help="Multiple of the recorded pace, or max.")] = "1",
    wait_stored: Annotated[bool, typer.Option("--wait-stored", help="Wait until every row is stored.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Publish a recorded CSV over MQTT with its own times, shifted so that the last one is about now."""
    from plantroom.bootstrap.replaying import ReplayTarget
    from plantroom.bootstrap.replaying import replay as run_replay
    from simulators.recording import read_recording, shifted_to

    pace = parse_speed(speed)
    ignored = tuple(name.strip() for name in ignore.split(",") if name.strip())
    try:
        recording = read_recording(
            file,
            time_column=time_column,
            separator=sep,
            ignore=ignored,
            mapping=parse_map(mapping or []),
            time_zone=time_zone,
        )
    except OSError as error:
        raise BadData(f"{file}: {error.strerror}") from error
    broker = running_broker(settings_for(data_dir))
    with opened(data_dir, with_readings=True, begins=True) as parts:
        shifted, shift_s = shifted_to(recording, int(parts.clock.now().timestamp() * 1000))
        for words in recording.problems:
            say(words)
        target = ReplayTarget(site, asset, equipment_class)
        report = run_replay(parts, broker, shifted, target, learn_rows, pace, wait_stored, say)
    report |= {"shift_s": shift_s, "first_ts": _text(int(shifted.ts_ms[0])), "last_ts": _text(int(shifted.ts_ms[-1]))}
    stored = report["stored"]
    words = f"published {report['published']}, acknowledged {report['acked']}"
    emit(report, as_json, words if stored is None else f"{words}, stored {stored}")
    if stored is not None and stored != report["published"]:
        say("not every row was stored: `plantroom dead-letter list` says which and why")
        raise typer.Exit(EXIT_DATA)


def _text(ts_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@app.command()
def live(
    scenario: Annotated[str, typer.Option(help="Name of a scenario, or a TOML file.")],
    data_dir: DataDir = None,
) -> None:
    """Publish a simulated building until Ctrl-C; its assets are made when missing."""
    from plantroom.bootstrap.demo import Demo
    from plantroom.bootstrap.roles import Stopping

    stopping = Stopping()
    stopping.install()
    broker = running_broker(settings_for(data_dir))
    with opened(data_dir, with_readings=True, begins=True) as parts:
        demo = Demo(parts, broker, scenario)
        demo.start()
        say("publishing; Ctrl-C ends")
        stopping.event.wait()
        demo.stop()


@app.command()
def batch(
    out: Annotated[Path, typer.Option(help="Folder for the CSV files and labels.json.")],
    scenario: Annotated[str, typer.Option(help="Name of a scenario, or a TOML file.")] = "demo",
    hours: Annotated[float, typer.Option(min=0.01, help="Simulated hours.")] = 24.0,
    seed: Annotated[int | None, typer.Option(help="Another seed than the scenario's.")] = None,
    start: Annotated[str, typer.Option(help="Instant of the first row (RFC 3339).")] = "2026-01-01T00:00:00Z",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write simulated readings as CSV, a file per asset, and labels.json beside them."""
    from dataclasses import asdict, replace

    from simulators.batch import write_batch
    from simulators.scenario import load_scenario

    del data_dir
    chosen, begin = load_scenario(scenario), parse_instant(start, "--start")
    try:
        result = write_batch(chosen if seed is None else replace(chosen, seed=seed), out, begin, hours)
    except OSError as error:
        raise BadData(f"--out {out}: {error.strerror}") from error
    emit(asdict(result), as_json, [f"{code}: {counted(rows, 'row')}" for code, rows in result.rows.items()])
