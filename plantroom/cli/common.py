"""What every command shares: its settings, its opened parts, its way of printing."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from plantroom.domain.authorship import MAX_REASON, Author, AuthorKind, acting
from plantroom.errors import BadData, SettingError, Unreachable
from plantroom.plain import plain, plain_json
from plantroom.settings import BrokerAddress, Settings, load_settings

if TYPE_CHECKING:
    from maintenance.ports import MaintenanceTx
    from plantroom.bootstrap.parts import Parts
    from plantroom.domain.assets import Asset
    from plantroom.ports.paging import Page, PageRequest

T = TypeVar("T")
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="The data folder (PLANTROOM_DATA_DIR).")]
_command: ContextVar[tuple[str, str]] = ContextVar("plantroom_command", default=("plantroom", ""))
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def say(text: str | Sequence[str]) -> None:
    """Progress, on stderr: a text of our own, or its lines."""
    print(_shown(text), file=sys.stderr, flush=True)


def emit(document: Any, as_json: bool, text: str | Sequence[str] | None = None) -> None:
    """The result, on stdout: the document as JSON, or the text made of it. Of lines each stays one, whatever is in
    them."""
    if as_json or text is None:
        made = json.dumps(document, ensure_ascii=False, indent=None if as_json else 2, default=str, allow_nan=False)
        print(plain_json(made), flush=True)
    else:
        print(_shown(text), flush=True)


def _shown(text: str | Sequence[str]) -> str:
    return plain(text, keep="\n\t") if isinstance(text, str) else "\n".join(map(plain, text))


def settings_for(data_dir: Path | None, **flags: object) -> Settings:
    """The settings with a command's flags over them."""
    return load_settings({"data_dir": data_dir} | flags)


@contextmanager
def opened(data_dir: Path | None, *, with_readings: bool = False, begins: bool = False) -> Iterator["Parts"]:
    """The parts of a command, closed behind it; logs only from warning up. The readings store is opened for those that
    say so: whoever needs the ledger only must get at it while the store is away.

    Only a command that ``begins`` an installation makes a ledger where there is none, and says so; to others that is a
    ``SettingError``."""
    from plantroom.bootstrap.begun import is_begun, ledger_place, require_begun
    from plantroom.bootstrap.logs import configure_logs
    from plantroom.bootstrap.parts import open_parts

    settings = settings_for(data_dir)
    configure_logs("warning" if settings.log_level == "info" else settings.log_level)
    if not begins:
        require_begun(settings)
    elif not is_begun(settings):
        say(f"there was no ledger in {ledger_place(settings)}: a new one begins")
    parts = open_parts(settings, seed=begins, make_folder=begins, with_readings=with_readings)
    try:
        with acting(command_author()):
            yield parts
    finally:
        parts.close()


def name_command(via: str, reason: str) -> None:
    """Say which command runs, and why it changes what it changes."""
    _command.set((via, reason.strip()[:MAX_REASON]))


def command_author() -> Author:
    """Whoever runs this command: the name of their login on this machine (before ``sudo``), the command, the reason."""
    try:
        login = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        login = str(os.getuid())
    via, reason = _command.get()
    return Author(f"cli:{login}", AuthorKind.COMMAND, reason=reason, via=via)


@contextmanager
def by_flags(**flags: str) -> Iterator[None]:
    """A ``BadData`` from within names the command's flags instead of the fields behind them; ``flags`` are those that
    are called otherwise."""
    try:
        yield
    except BadData as error:
        if not error.problems:
            raise
        named = [replace(problem, field=_flag(problem.field, flags)) for problem in error.problems]
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in named), named) from error


def _flag(field: str, flags: Mapping[str, str]) -> str:
    head, *rest = field.split(".")
    flag = flags.get(head, f"--{head.replace('_', '-')}")
    return f"{flag} (number {int(rest[0]) + 1})" if rest and rest[0].isdecimal() else flag


def parse_instant(text: str, option: str) -> datetime:
    """An RFC 3339 instant in UTC; without a zone it is UTC. Raises ``BadData`` that names the option."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadData(f"{option} {text!r}: use an instant such as 2026-11-21T08:00:00Z") from error
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


class BrokerNotSet(SettingError):
    """What runs on a data folder has a broker of its own settings, which are not ours; ``expected`` says what to do."""


def running_broker(settings: Settings) -> BrokerAddress:
    """The broker of the plantroom that runs on this data folder. Raises ``Unreachable`` when none does,
    ``BrokerNotSet`` when that is a collector."""
    if settings.broker is not None:
        return settings.broker
    from plantroom.bootstrap.folder import is_held

    runtime, where = settings.data_dir / "runtime.json", f"data folder {settings.data_dir}"
    try:
        if not is_held(settings.data_dir):
            raise Unreachable(where, "nothing runs there. Start `plantroom run` first, or set PLANTROOM_BROKER_URL")
        if not runtime.exists():
            _tell_collectors_broker(settings)
        facts = json.loads(runtime.read_text(encoding="utf-8"))
        return BrokerAddress(host=facts["mqtt_host"], port=facts["mqtt_port"])
    except (OSError, ValueError, KeyError) as error:
        words = "what runs there is not ready; it may be waiting for a part that is out of reach. Try again shortly"
        raise Unreachable(where, words) from error


def _tell_collectors_broker(settings: Settings) -> None:
    """Raises ``BrokerNotSet`` when it is ``plantroom collect`` that runs on this data folder, ``OSError`` and the like
    when it is not."""
    facts = json.loads((settings.data_dir / "runtime-collect.json").read_text(encoding="utf-8"))
    where = f"{facts['mqtt_host']}:{facts['mqtt_port']}"
    problem = f"a collector runs on {settings.data_dir} with a broker of its own settings ({where})"
    remedy = (
        "what that collector was started with; after `plantroom broker config --out OUT` that is"
        " `set -a; . OUT/plantroom.env; set +a`"
    )
    raise BrokerNotSet("PLANTROOM_BROKER_URL", f"{problem}, and PLANTROOM_BROKER_URL is not set here", remedy)


def require_site(tx: "MaintenanceTx", site: str | None) -> None:
    """Raises ``NotFound`` for a site that is named and not there: a list of nothing would say that all is well."""
    if site is not None:
        tx.assets.site(site)


def every(listed: "Callable[[PageRequest], Page[T]]") -> list[T]:
    """All that a list of the ledger has, page by page."""
    from plantroom.ports.paging import PageRequest

    found: list[T] = []
    cursor = None
    while True:
        page = listed(PageRequest(limit=1000, cursor=cursor))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def instant_text(at: datetime | None) -> str | None:
    """An instant as documents show it."""
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")


def asset_by_code(tx: "MaintenanceTx", code: str, site: str | None) -> "Asset":
    """The asset of that code, in the given site or the only site that has it. Raises ``BadData``."""
    sites = [site] if site else [s.code for s in tx.assets.sites()]
    found = [asset for s in sites if (asset := tx.assets.find(s, code)) is not None]
    if not found:
        raise BadData(f"there is no asset {code!r}" + (f" in site {site!r}" if site else ""))
    if len(found) > 1:
        raise BadData(f"several sites have an asset {code!r}: say which with --site")
    return found[0]
