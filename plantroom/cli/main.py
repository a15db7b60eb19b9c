"""``plantroom``: commands, and the one place where errors become exit codes."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from plantroom import __version__
from plantroom.cli.common import name_command, say
from plantroom.errors import PlantroomError, SettingError, Unreachable

EXIT_SETTING, EXIT_DATA, EXIT_UNREACHABLE = 3, 4, 5

MODULES: Mapping[str, str] = {
    "run": "roles",
    "collect": "roles",
    "serve": "roles",
    "check": "check",
    "classes": "classes",
    "import": "importing",
    "alarms": "alarms",
    "asset": "assets",
    "audit": "audit",
    "bench": "bench",
    "broker": "broker",
    "budget": "budget",
    "channel": "channels",
    "clocks": "clocks",
    "dead-letter": "dead_letters",
    "device": "devices",
    "export": "importing",
    "gaps": "gaps",
    "incidents": "incidents",
    "leases": "leases",
    "location": "locations",
    "loop-test": "loop_tests",
    "models": "models",
    "plan": "plan",
    "points": "points",
    "readings": "readings",
    "report": "reports",
    "risk": "risk",
    "seed": "seed",
    "simulate": "simulate",
    "sla": "sla",
    "source": "sources",
    "spool": "spool",
    "staff": "staff",
    "token": "tokens",
    "user": "users",
}
"""Where each command, or group of commands, is: only what is asked for is loaded, in a third of the time."""

LOOK: Mapping[str, Any] = {"no_args_is_help": True, "pretty_exceptions_enable": False, "rich_markup_mode": None}


class Commands(TyperGroup):
    """The commands by name, loaded when they are looked at."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        """All names, in the order of the help."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; ``None``: there is none."""
        if cmd_name not in self.commands and cmd_name in MODULES:
            self.commands.update(loaded(MODULES[cmd_name]))
        return super().get_command(ctx, cmd_name)


def loaded(module: str) -> dict[str, Any]:
    """What a module adds to the command line."""
    made, has = typer.Typer(**LOOK), import_module(f"plantroom.cli.{module}")
    if hasattr(has, "add_to"):
        has.add_to(made)
    else:
        made.add_typer(has.app)
    return dict(typer.main.get_group(made).commands)


app = typer.Typer(
    name="plantroom",
    help="Plantroom: facility monitoring and predictive maintenance.",
    cls=Commands,
    add_completion=False,
    **LOOK,
)


def _words(command: str | None) -> str:
    """The command as the history names it: its group and its name, never what is given to it."""
    if command is None:
        return "plantroom"
    given = sys.argv[sys.argv.index(command) + 1 :] if command in sys.argv else []
    group = loaded(MODULES[command]).get(command) if command in MODULES else None
    named = given[:1] if given and given[0] in getattr(group, "commands", {}) else []
    return " ".join(["plantroom", command, *named])


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version."),
    reason: str = typer.Option("", "--reason", help="Why the command changes what it changes: kept in the history."),
) -> None:
    name_command(_words(context.invoked_subcommand), reason)
    if version:
        print(__version__)
        raise typer.Exit


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
