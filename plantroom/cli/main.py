"""``plantroom``: commands, and the one place where errors become exit codes."""

import sys

import typer

from plantroom import __version__
from plantroom.cli import (
    alarms,
    assets,
    bench,
    broker,
    check,
    classes,
    clocks,
    dead_letters,
    devices,
    gaps,
    importing,
    leases,
    loop_tests,
    models,
    plan,
    points,
    readings,
    roles,
    simulate,
    sources,
    spool,
    tokens,
    users,
)
from plantroom.cli.common import say
from plantroom.errors import PlantroomError, SettingError, Unreachable

EXIT_SETTING, EXIT_DATA, EXIT_UNREACHABLE = 3, 4, 5

app = typer.Typer(
    name="plantroom",
    help="Plantroom: facility monitoring and predictive maintenance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        print(__version__)
        raise typer.Exit


roles.add_to(app)
check.add_to(app)
classes.add_to(app)
importing.add_to(app)
groups = (
    *(alarms, assets, bench, broker, clocks, dead_letters, devices, gaps, leases),
    *(loop_tests, models, plan, points, readings, simulate, sources, spool, tokens, users),
)
for group in groups:
    app.add_typer(group.app)


def exit_code(error: PlantroomError) -> int:
    """Exit code of an error: 3 setting, 5 something unreachable, 4 anything wrong with the data given."""
    if isinstance(error, SettingError):
        return EXIT_SETTING
    return EXIT_UNREACHABLE if isinstance(error, Unreachable) else EXIT_DATA


def main() -> None:
    """Run the command line; never a stack trace for an error that has a name. Usage errors (exit 2) are typer's."""
    try:
        app()
    except PlantroomError as error:
        say(f"plantroom: {error}")
        told = [f"{problem.field}: {problem.message}" for problem in getattr(error, "problems", ())]
        for line in told:
            if line not in str(error):
                say([f"  {line}"])
        sys.exit(exit_code(error))
