"""The reference pages ``docs/cli.md``, ``docs/settings.md`` and ``docs/seed.md``, made from the program itself.

``python -m plantroom.cli.reference docs`` (or ``scripts/make-docs``) writes them.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from plantroom.cli.reference_seed import seed_page
from plantroom.settings import EXPECTED, PREFIX, Settings

WIDTH = 96
MADE_BY = "<!-- Made by scripts/make-docs from the program itself. Change the program, not this page. -->"

ABOUT_CLI = """\
Results go to stdout, progress and logs to stderr. With `--json` stdout is one JSON document. Every command takes
`--data-dir` and reads the [settings](settings.md); those that change the ledger work while `plantroom run` is running.

Only `run`, `collect`, `serve`, `broker config`, `user add`, `token create`, `import` and `seed` (without
`--dry-run`), `simulate replay` and `simulate live` begin an installation, that is, make a ledger where there is none;
all others that use it end with exit code 3 then and name the data folder, or the database of `PLANTROOM_LEDGER_URL`.
With a ledger on a server the data folder need not be there. `collect` begins one without sites and people; the first of
the others to come adds the site `demo`, the plan and the administrator.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | an error inside Plantroom; please report it |
| 2 | the command line is wrong |
| 3 | a setting is wrong; its name and what it should be are said |
| 4 | the data given are wrong |
| 5 | something cannot be reached: broker, database, a port that is in use; or a bench lost something |
"""

ABOUT_SETTINGS = """\
A setting comes from a flag of the command, else from the environment, else from the TOML file that
`PLANTROOM_CONFIG` names (the same names in lower case without `PLANTROOM_`), else it has its default. A wrong
value or an unknown name ends the command with exit code 3, the setting's name and what it should be.
`plantroom check` tries what the settings point to. It makes nothing: a ledger that is not there is a wrong setting, of
a bucket or file for readings that is missing it asks whether the name is right.

A character with a meaning in URLs (`@ : / # ? %`) inside a user name, password or token is written as `%40` and so
on.
"""

MEANING: Mapping[str, str] = {
    "data_dir": "Where spools, models and, in a trial, readings, ledger and the trial broker's queues are kept.",
    "http_host": "The address that API and web app are served on. Anything but loopback belongs behind TLS.",
    "http_port": "The port that API and web app are served on.",
    "mqtt_port": "The port of the trial broker, on loopback. Without effect once `PLANTROOM_BROKER_URL` is set.",
    "mqtt_host": (
        "The trial broker's second address. Anything but loopback opens a listener with TLS there, on"
        " `PLANTROOM_MQTTS_PORT`, where every publisher needs a credential (`plantroom device add`); loopback stays"
        " open without one."
    ),
    "mqtts_port": "The port of that listener. Without effect while `PLANTROOM_MQTT_HOST` is loopback.",
    "broker_ca": "Who signed the broker's certificate, for `mqtts` addresses with an authority of your own.",
    "broker_cert": "Our own certificate, for a broker that asks its clients for one.",
    "broker_key": "The private key of `PLANTROOM_BROKER_CERT`.",
    "broker_files": (
        "The broker's password and access files. Set: `plantroom device` and the API write each change there and have"
        " the running broker read it; `serve`, `collect` and `run` bring what was changed elsewhere within seconds."
    ),
    "broker_url": "The site's broker. Set: no trial broker is started. `plantroom collect` needs it. Of a cluster all"
    " nodes can be named; the next one is tried when one is gone.",
    "broker_admin_url": "How `plantroom check` finds out of what kind a RabbitMQ's MQTT queues are, which MQTT does not"
    " tell: by its\nmanagement, or by your word that they are quorum queues. Other brokers do not need it.",
    "lease_s": "How long a site stays with a collector that gives no sign of life, before another takes it over"
    " (then\nwithin two seconds). The same for all collectors of a ledger.",
    "readings_url": "Where readings are stored: an SQLite file in a trial, InfluxDB 2.x on a site.",
    "ledger_url": "Where assets, plan, work orders and users are kept: SQLite in a trial, PostgreSQL on a site.",
    "files_url": "Where photos and reports are kept.",
    "public_reports": (
        "Whose faults anybody may report without signing in, through the page behind a QR label: every site's (`on`),"
        " nobody's (`off`: those addresses answer 404), or those of the sites named."
    ),
    "trusted_proxies": (
        "Proxies in front of this process: from them, and from nobody else, `X-Forwarded-For` is believed, so that"
        " limits on addresses (signing in, reports) count the sender and not the proxy. `none`: nobody is believed."
    ),
    "models_dir": "Where condition models are kept. Collectors that share their sites need one folder that all of\n"
    "them see, since a model is read by whoever holds its site.",
    "now": "Fixes the clock of the planning commands, for tests and rehearsals. Readings keep the real clock.",
    "config": "The TOML file with further settings. An unknown name in it is an error.",
    "log_level": "How much is logged on stderr.",
    "secure_cookies": "Whether the session cookie is only sent over HTTPS; `auto`: when the request came that way.",
    "retention_raw_days": "How long raw readings are kept. What was observed longer ago is refused (dead letter). In"
    " InfluxDB it is\nthe rule of a bucket that Plantroom makes (its description begins with `made by Plantroom`): a"
    " longer one is set\nat the next start, a shorter one a minute after the start of a collector. Of another bucket"
    " without a rule what is\nolder is deleted; its own rule is left alone, and `plantroom check` says when it"
    " differs.",
    "dead_letters_max": "How many dead letters a site keeps: beyond it the oldest go, of the topic and reason that has"
    " most.\nLetters of event topics have as much room again for themselves. What went is told as lost for a day"
    " (condition\n`letters_let_go`).",
    "dead_letters_mb": "How many mebibytes of payload a site's dead letters may take: beyond it the oldest go, too."
    " Letters of event\ntopics have as much room again for themselves.",
    "public_url": "Where people open the web app: what the QR labels of assets hold, and what links in notifications\n"
    "begin with. Without it labels go by the request for them, and notifications have no link.",
    "secrets_key": (
        "The key that the addresses of notification channels are encrypted with in the ledger. It is made with the"
        " first channel. All processes that serve one ledger need the same file; without it, or with another one, no"
        " message goes out and the channels have to be entered again. Keep a copy of it apart from the ledger's."
    ),
    "retention_10m_days": "How long aggregates over 10 minutes are kept. Those over an hour are kept for ever.",
    "retention_notices_days": (
        "How long messages of the notification channels are kept once they have arrived or were taken back. What has"
        " not arrived is kept until it does, or until its channel is removed. Of notices that belong to no ticket the"
        " title stays, so that nobody is told of the same thing twice."
    ),
}

DERIVED_DEFAULTS: Mapping[str, str] = {
    "broker_url": "not set: a trial broker on loopback",
    "broker_ca": "not set: the machine's own authorities",
    "broker_cert": "not set",
    "broker_key": "not set",
    "broker_admin_url": "not set",
    "broker_files": "not set: the trial broker's own",
    "readings_url": "`sqlite:///` and `readings.db` in the data folder",
    "ledger_url": "`sqlite:///` and `ledger.db` in the data folder",
    "files_url": "the folder `files` in the data folder",
    "models_dir": "the folder `models` in the data folder",
    "public_url": "not set",
    "secrets_key": "`secrets.key` in the data folder",
    "now": "not set: the machine's clock",
    "config": "not set",
}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name (``plantroom plan preview``), in the order of the help; groups left out."""
    from plantroom.cli.main import app

    yield from _walk("plantroom", typer.main.get_command(app))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = typer.Context(command, info_name=name)
    for word in command.list_commands(context):
        yield from _walk(f"{name} {word}", command.get_command(context, word))


def cli_page() -> str:
    """The text of ``docs/cli.md``: a heading and the help of every command."""
    parts = ["# Command line", MADE_BY, ABOUT_CLI.rstrip()]
    for name, command in commands():
        context = typer.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
        parts += [f"## `{name}`", f"```text\n{command.get_help(context).rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """The text of ``docs/settings.md``: a heading, meaning, default and expected form of every setting."""
    parts = ["# Settings", MADE_BY, ABOUT_SETTINGS.rstrip()]
    for key, field in Settings.model_fields.items():
        default = DERIVED_DEFAULTS.get(key) or f"`{field.default}`"
        parts += [f"## `{PREFIX}{key.upper()}`", MEANING[key], f"- Default: {default}\n- Expected: {EXPECTED[key]}"]
    return "\n\n".join(parts) + "\n"


def imports_page() -> str:
    """The text of ``docs/imports.md``: how tables are read, and every heading, word and code."""
    from maintenance.imports.reference import ABOUT, reference

    return (
        "\n\n".join(
            ["# Imports and exports", MADE_BY, ABOUT.read_text(encoding="utf-8").rstrip(), reference().rstrip()]
        )
        + "\n"
    )


PAGES = {"cli.md": cli_page, "settings.md": settings_page, "imports.md": imports_page, "seed.md": seed_page}


def main(folder: Path) -> None:
    """Write the pages into ``folder``."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
        print(folder / name, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(inspect.getdoc(sys.modules[__name__]))
    main(Path(sys.argv[1]))
