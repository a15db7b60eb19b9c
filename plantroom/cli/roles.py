"""``run``, ``collect``, ``serve``."""

from typing import Annotated

import typer

from plantroom.bootstrap.logs import configure_logs
from plantroom.bootstrap.memory import begin_loading
from plantroom.cli.common import DataDir, say, settings_for

HttpPort = Annotated[int | None, typer.Option("--http-port", help="Port of the web page; 0: a free one.")]
MqttPort = Annotated[int | None, typer.Option("--mqtt-port", help="Port of the trial broker; 0: a free one.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run")(run)
    app.command("collect")(collect)
    app.command("serve")(serve)


def run(
    data_dir: DataDir = None,
    http_port: HttpPort = None,
    mqtt_port: MqttPort = None,
    scenario: Annotated[
        str, typer.Option("--simulate", help="Simulated building to publish (demo), or none.")
    ] = "none",
) -> None:
    """Both roles in one process, with a broker of its own: for a trial or a small site."""
    settings = settings_for(data_dir, http_port=http_port, mqtt_port=mqtt_port)
    configure_logs(settings.log_level)
    begin_loading()
    from plantroom.bootstrap import roles

    roles.run(settings, scenario, say)


def collect(data_dir: DataDir = None) -> None:
    """The way in alone: gateway, ingest, alarms, models."""
    settings = settings_for(data_dir)
    configure_logs(settings.log_level)
    begin_loading()
    from plantroom.bootstrap import roles

    roles.collect(settings, say)


def serve(data_dir: DataDir = None, http_port: HttpPort = None) -> None:
    """API, web app, tickets and scheduler alone."""
    settings = settings_for(data_dir, http_port=http_port)
    configure_logs(settings.log_level)
    begin_loading()
    from plantroom.bootstrap import roles

    roles.serve(settings, say)
