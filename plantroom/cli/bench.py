"""``bench``: figures, measured on a product of its own on free ports."""

from pathlib import Path
from typing import Annotated

import typer

from plantroom.bootstrap.logs import configure_logs
from plantroom.cli.bench_figures import show
from plantroom.cli.common import AsJson, DataDir, say

app = typer.Typer(name="bench", help="Figures, measured here and now.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Figures, measured here and now."""
    configure_logs("warning")


@app.command()
def ingest(
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="How long the collector has to drain in all.")] = 60,
    window: Annotated[int, typer.Option(min=1, max=65535, help="Messages that the broker keeps under way.")] = 1000,
    peer: Annotated[str | None, typer.Option(help="telegraf: measure it in the same run (on the PATH).")] = None,
    store: Annotated[str, typer.Option(help="influxdb or sqlite.")] = "influxdb",
    messages: Annotated[int, typer.Option(min=1000, help="Messages a round.")] = 200_000,
    broker: Annotated[
        str, typer.Option(help="mosquitto, or rabbitmq: one node, which keeps strictly to its window.")
    ] = "mosquitto",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """From the broker into InfluxDB with everything on, beside a bare consumer."""
    from plantroom.cli.bench_ingest import measure_ingest

    del data_dir
    if peer not in (None, "telegraf"):
        raise typer.BadParameter("the one peer is telegraf")
    if store not in ("influxdb", "sqlite") or broker not in ("mosquitto", "rabbitmq"):
        raise typer.BadParameter("--store influxdb|sqlite, --broker mosquitto|rabbitmq")
    show(measure_ingest(seconds, window, peer, say, store, messages, broker), as_json)


@app.command()
def crash(
    kills: Annotated[int, typer.Option(min=1, max=10_000, help="How often the collector is killed.")] = 200,
    rate: Annotated[int, typer.Option(min=20, max=20_000, help="Messages a second.")] = 2000,
    seed: Annotated[int, typer.Option(help="Which moments.")] = 1,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """kill -9 at random moments under load, restarts of the store included."""
    from plantroom.cli.bench_crash import measure_crash

    del data_dir
    show(measure_crash(kills, rate, seed, say), as_json)


@app.command()
def failover(
    broker: Annotated[str, typer.Option(help="mosquitto, or rabbitmq: three nodes.")] = "mosquitto",
    kills: Annotated[int, typer.Option(min=1, max=1000, help="How often.")] = 3,
    target: Annotated[
        str, typer.Option(help="collector, node (of the broker, the one in use), or both in turn.")
    ] = "collector",
    rate: Annotated[int, typer.Option(min=20, max=20_000, help="Messages a second.")] = 300,
    seed: Annotated[int, typer.Option(help="Which moments.")] = 1,
    store: Annotated[str, typer.Option(help="influxdb or sqlite.")] = "influxdb",
    ledger: Annotated[
        str | None, typer.Option(help="Address of an empty database for the ledger; left out: an SQLite file.")
    ] = None,
    kept: Annotated[
        Path | None, typer.Option("--keep", help="Folder for spools, stores and logs of a run that lost something.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Two collectors, and kill -9 of the one that holds the site or of the broker's node that it uses."""
    from plantroom.cli.bench_failover import TARGETS, Plan, measure_failover

    del data_dir
    if broker not in ("mosquitto", "rabbitmq") or target not in TARGETS or store not in ("influxdb", "sqlite"):
        raise typer.BadParameter("--broker mosquitto|rabbitmq, --target collector|node|both, --store influxdb|sqlite")
    if broker == "mosquitto" and target != "collector":
        raise typer.BadParameter("Mosquitto has one node: --target collector")
    show(measure_failover(broker, Plan(target, kills, rate, seed, ledger, kept=kept), store, say), as_json)


@app.command()
def fuzz(
    payloads: Annotated[int, typer.Option(min=100, max=100_000_000, help="How many.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Which payloads.")] = 1,
    store: Annotated[str, typer.Option(help="sqlite or influxdb.")] = "sqlite",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Payloads of every kind, sound, damaged and hostile, and what became of each."""
    from plantroom.cli.bench_fuzz import measure_fuzz

    del data_dir
    if store not in ("influxdb", "sqlite"):
        raise typer.BadParameter("influxdb or sqlite")
    show(measure_fuzz(payloads, seed, store, say), as_json)


@app.command()
def ledger(
    backend: Annotated[str, typer.Option(help="sqlite or postgresql.")] = "sqlite",
    assets: Annotated[int, typer.Option(min=1000, max=1_000_000, help="Assets in it.")] = 100_000,
    points: Annotated[int, typer.Option(min=1000, max=10_000_000, help="Points in it.")] = 1_000_000,
    requests: Annotated[int, typer.Option(min=20, max=100_000, help="Questions of each kind.")] = 500,
    imported: Annotated[int, typer.Option(min=100, max=100_000, help="Assets that are then imported.")] = 50_000,
    table: Annotated[
        str, typer.Option(help="What they are imported from: xlsx, which takes longer to read, or csv.")
    ] = "xlsx",
    ledger_url: Annotated[
        str | None, typer.Option("--url", help="Address of an empty database; left out: one of its own.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """A large ledger through HTTP: list, filter, search, tree and card, and the import of a table."""
    from plantroom.cli.bench_ledger import Size, measure_ledger

    del data_dir
    if backend not in ("sqlite", "postgresql") or table not in ("xlsx", "csv"):
        raise typer.BadParameter("--backend sqlite|postgresql, --table xlsx|csv")
    show(measure_ledger(backend, Size(assets, points, requests, imported, table), ledger_url, say), as_json)


@app.command()
def outage(
    minutes: Annotated[float, typer.Option(min=0.1, max=600, help="How long the store is away.")] = 17,
    rate: Annotated[int, typer.Option(min=20, max=20_000, help="Messages a second, before, during and after.")] = 1000,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The store is away while messages go on coming, then back: what is lost, how fast the rest is taken up."""
    from plantroom.cli.bench_outage import measure_outage

    del data_dir
    show(measure_outage(minutes, rate, say), as_json)


@app.command()
def latency(
    rate: Annotated[int, typer.Option(min=1, max=5000, help="Messages a second.")] = 500,
    seconds: Annotated[int, typer.Option(min=5, max=600, help="How long.")] = 30,
    flood: Annotated[
        int, typer.Option(min=0, max=5000, help="Instead: so many limit alarms at once, and safety events behind them.")
    ] = 0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Message published to reading queryable, and safety event to ticket, with the trial's parts."""
    from plantroom.cli.bench_latency import measure_latency

    del data_dir
    if flood:
        from plantroom.cli.bench_flood import measure_flood

        show(measure_flood(flood, say), as_json)
        return
    show(measure_latency(rate, seconds, say), as_json)


@app.command()
def presence(
    assets: Annotated[int, typer.Option(min=1, max=5000, help="Publishers.")] = 200,
    hours: Annotated[float, typer.Option(min=0.1, max=1000, help="Simulated time.")] = 24,
    speed: Annotated[float, typer.Option(min=0, help="Simulated seconds a second; 0: as fast as it goes.")] = 0,
    seed: Annotated[int, typer.Option(help="Which nuisances.")] = 1,
    real: Annotated[bool, typer.Option("--real", help="In real time, over a broker and `plantroom run`.")] = False,
    seconds: Annotated[int, typer.Option(min=30, max=86_400, help="How long, with --real.")] = 300,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Who is called late or offline for nothing, and how long it takes to see who really is away."""
    from plantroom.cli.bench_presence import measure_presence

    del data_dir
    if real:
        from plantroom.cli.bench_presence_real import measure_real_presence

        show(measure_real_presence(min(assets, 50), seconds, seed, say), as_json)
        return
    show(measure_presence(assets, hours, speed, seed, say), as_json)


@app.command()
def plan(
    assets: Annotated[int, typer.Option(min=10, max=200_000, help="Machines; five rows of the plan each.")] = 20_000,
    sites: Annotated[int, typer.Option(min=1, max=1000, help="Sites that they stand on.")] = 20,
    days: Annotated[int, typer.Option(min=1, max=1830, help="How far ahead.")] = 365,
    seed: Annotated[int, typer.Option(help="Which machines and histories.")] = 1,
    ledger: Annotated[str, typer.Option(help="sqlite or postgresql.")] = "sqlite",
    beside: Annotated[
        bool, typer.Option("--beside/--alone", help="Whether another process opens tickets meanwhile.")
    ] = True,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """A year of a large estate's plan: computed, made into orders, and run again."""
    from plantroom.cli.bench_plan import Size, measure_plan

    del data_dir
    if ledger not in ("sqlite", "postgresql"):
        raise typer.BadParameter("--ledger sqlite|postgresql")
    show(measure_plan(Size(assets, sites, days, seed), ledger, say, beside=beside), as_json)
