"""``check``: what is reachable, what is misconfigured, and what to do."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from gateway.broker.rabbitmq import LosesMessages
from plantroom.bootstrap.logs import configure_logs
from plantroom.cli.check_flow import LEDGER, STORE, trouble_advice, way_in
from plantroom.cli.common import AsJson, DataDir, emit, running_broker, settings_for
from plantroom.errors import NothingLeft, PlantroomError, SettingError, Unreachable
from plantroom.settings import Settings

EXIT_SETTING, EXIT_UNREACHABLE = 3, 5
LOW_BYTES = 200 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``advice`` says what to do (empty when all is well)."""

    part: str
    ok: bool
    words: str
    advice: str = ""
    setting: bool = False


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say in plain words what is reachable, what is misconfigured and what to do."""
    settings = settings_for(data_dir)
    configure_logs("error")
    found = [
        _try("data folder", lambda: _data_dir(settings), "choose another folder with --data-dir"),
        _try("broker", lambda: _broker(settings), "start the broker, or mend PLANTROOM_BROKER_URL"),
        _try("readings store", lambda: _readings(settings), partial(trouble_advice, STORE)),
        _try("ledger", lambda: _ledger(settings), partial(trouble_advice, LEDGER)),
        _try("collectors", lambda: _collectors(settings), "start `plantroom collect`, or look at its log"),
        *_way_in(settings),
        _try("web app", _web, "run `make setup` in the checkout"),
    ]
    document = {
        "ok": all(f.ok for f in found),
        "parts": [{"part": f.part, "ok": f.ok, "words": f.words, "advice": f.advice} for f in found],
    }
    lines = [
        f"{'ok  ' if f.ok else 'FAIL'}  {f.part}: {f.words}" + (f"\n      what to do: {f.advice}" if f.advice else "")
        for f in found
    ]
    emit(document, as_json, "\n".join(lines))
    if any(f.setting for f in found):
        raise typer.Exit(EXIT_SETTING)
    if not document["ok"]:
        raise typer.Exit(EXIT_UNREACHABLE)


def _way_in(settings: Settings) -> list[Finding]:
    """What the collectors say; nothing when the ledger, which has their words, is out of reach."""
    try:
        found = way_in(settings)
    except PlantroomError:
        return []
    return [Finding("way in", *line) for line in found]


def _try(part: str, action: Callable[[], str], advice: str | Callable[[PlantroomError], str]) -> Finding:
    try:
        return Finding(part, True, action())
    except SettingError as error:
        return Finding(part, False, str(error), f"set {error.name} to {error.expected}", setting=True)
    except LosesMessages as error:
        return Finding(part, False, str(error), error.advice, setting=True)
    except PlantroomError as error:
        if not isinstance(advice, str):
            return Finding(part, False, str(error), advice(error))
        return Finding(part, False, str(error), "make room on that disk" if isinstance(error, NothingLeft) else advice)


def _data_dir(settings: Settings) -> str:
    from plantroom.bootstrap.parts import make_data_dir

    make_data_dir(settings)
    free = shutil.disk_usage(settings.data_dir).free
    if free < LOW_BYTES:
        raise NothingLeft(f"data folder {settings.data_dir}", f"only {free >> 20} MiB are free; make room")
    return f"{settings.data_dir}, {free >> 30} GiB free"


def _broker(settings: Settings) -> str:
    from plantroom.bootstrap.folder import is_held

    if settings.broker_url is None and not is_held(settings.data_dir):
        from gateway.broker.mosquitto import find_mosquitto

        binary = find_mosquitto()
        if binary is None:
            return "the trial's own, amqtt (forgets on a kill; `apt-get install mosquitto` for one that does not)"
        return f"the trial's own, {binary}"
    address = running_broker(settings)
    from gateway.broker.probe import probe

    certificates = [probe(address.at(node)) for node in range(len(address.nodes))]
    where = ", ".join(f"{host}:{port}" for host, port in address.nodes)
    words = [f"{where} {'answers and takes' if len(address.nodes) == 1 else 'answer and take'} our credentials"]
    words += filter(None, dict.fromkeys(certificates))
    if settings.broker_url is not None:
        from gateway.broker.keeping import require_keeping

        words.append(require_keeping(address, settings.broker_admin_url))
    return "; ".join(words)


def _readings(settings: Settings) -> str:
    from plantroom.bootstrap.parts import make_readings, require_folder

    store = make_readings(settings)
    require_folder("PLANTROOM_READINGS_URL", settings.readings, settings.data_dir)
    try:
        store.open()
        store.ping()
    finally:
        store.close()
    return f"{settings.readings.split('://', maxsplit=1)[0]} answers"


def _ledger(settings: Settings) -> str:
    from plantroom.bootstrap.parts import make_ledger, require_folder

    ledger = make_ledger(settings)
    require_folder("PLANTROOM_LEDGER_URL", settings.ledger, Path.cwd())
    try:
        ledger.open()
        ledger.ping()
    finally:
        ledger.close()
    return f"{settings.ledger.split('://', maxsplit=1)[0]} answers"


def _collectors(settings: Settings) -> str:
    """Who holds the sites; that nobody collects is no fault of the settings."""
    from plantroom.bootstrap.parts import make_ledger

    ledger = make_ledger(settings)
    try:
        ledger.open()
        with ledger.read() as tx:
            leases = tx.leases.list()
    except PlantroomError as error:
        return f"not known: {error}"
    finally:
        ledger.close()
    holders = {lease.holder for lease in leases if lease.holder is not None}
    free = [lease.partition for lease in leases if lease.holder is None]
    words = f"{len(holders)} hold {len(leases) - len(free)} of {len(leases)} partitions" if holders else "none runs"
    return f"{words} (`plantroom leases list`)"


def _web() -> str:
    from plantroom.bootstrap.listen import web_folder

    folder = web_folder()
    if folder is None:
        raise Unreachable("web app", "is not built")
    return str(folder)
