"""``check``: what is reachable, what is misconfigured, and what to do."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from gateway.broker.rabbitmq import LosesMessages
from plantroom.bootstrap.logs import configure_logs
from plantroom.cli.check_files import credential_files
from plantroom.cli.check_flow import LEDGER, STORE, Look, broker_advice, trouble_advice, way_in
from plantroom.cli.check_service import running
from plantroom.cli.common import AsJson, DataDir, emit, running_broker, settings_for
from plantroom.domain.flow import LOW_DISK_BYTES
from plantroom.errors import NothingLeft, PlantroomError, SettingError, Unreachable
from plantroom.settings import Settings

EXIT_SETTING, EXIT_UNREACHABLE = 3, 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``advice`` says what to do (empty when all is well)."""

    part: str
    look: Look
    words: str
    advice: str = ""
    setting: bool = False

    @property
    def failed(self) -> bool:
        """Whether something is wrong; a warning is not."""
        return self.look is Look.FAIL


_KEPT_ADVICE = (
    "set the rule with `influx bucket update --id ID --retention 91d` (a day more than PLANTROOM_RETENTION_RAW_DAYS or"
    " PLANTROOM_RETENTION_10M_DAYS), or have Plantroom set it: `influx bucket update --id ID --description 'made by"
    " Plantroom'`"
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say in plain words what is reachable, what is misconfigured and what to do.

    A line begins with ok, warn (nothing of ours is wrong, but somebody should look at it, nothing flows, or it is not
    known) or FAIL. Exit code 0 without a FAIL, 3 for a wrong setting, 5 for anything else that fails.
    """
    settings = settings_for(data_dir)
    configure_logs("error")
    service = _service(settings)
    found = [
        _try("data folder", lambda: _data_dir(settings), "choose another folder with --data-dir"),
        _try("broker", lambda: _broker(settings), broker_advice),
        *_readings(settings),
        _try("ledger", lambda: _ledger(settings), partial(trouble_advice, LEDGER)),
        *(Finding("broker files", *line) for line in credential_files(settings)),
        *service,
        _collectors(settings),
        *_way_in(settings, ready=not any(line.failed for line in service)),
        _try("web app", _web, "run `make setup` in the checkout"),
    ]
    document = {
        "ok": not any(f.failed for f in found),
        "parts": [
            {"part": f.part, "ok": not f.failed, "look": f.look.value, "words": f.words, "advice": f.advice}
            for f in found
        ],
    }
    lines = []
    for one in found:
        lines.append(f"{one.look.value:<4}  {one.part}: {one.words}")
        lines += [f"      what to do: {one.advice}"] if one.advice else []
    emit(document, as_json, lines)
    if any(f.setting for f in found):
        raise typer.Exit(EXIT_SETTING)
    if not document["ok"]:
        raise typer.Exit(EXIT_UNREACHABLE)


def _way_in(settings: Settings, *, ready: bool) -> list[Finding]:
    """What the collectors say; nothing when the ledger, which has their words, is out of reach."""
    try:
        found = way_in(settings, ready=ready)
    except PlantroomError:
        return []
    return [Finding("way in", *line) for line in found]


def _try(part: str, action: Callable[[], str], advice: str | Callable[[PlantroomError], str]) -> Finding:
    try:
        return Finding(part, Look.OK, action())
    except SettingError as error:
        return Finding(part, Look.FAIL, str(error), f"set {error.name} to {error.expected}", setting=True)
    except LosesMessages as error:
        return Finding(part, Look.FAIL, str(error), error.advice, setting=True)
    except PlantroomError as error:
        if not isinstance(advice, str):
            return Finding(part, Look.FAIL, str(error), advice(error))
        return Finding(
            part, Look.FAIL, str(error), "make room on that disk" if isinstance(error, NothingLeft) else advice
        )


def _data_dir(settings: Settings) -> str:
    from plantroom.bootstrap.parts import make_data_dir

    make_data_dir(settings)
    free = shutil.disk_usage(settings.data_dir).free
    if free < LOW_DISK_BYTES:
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


def _readings(settings: Settings) -> list[Finding]:
    """Whether it answers, and where it keeps readings for another time than the settings say."""
    problems: list[str] = []

    def look() -> str:
        from plantroom.bootstrap.parts import make_readings, require_folder

        store = make_readings(settings)
        require_folder("PLANTROOM_READINGS_URL", settings.readings, settings.data_dir)
        try:
            store.open()
            store.ping()
            problems.append(store.retention_problem())
        finally:
            store.close()
        return f"{settings.readings.split('://', maxsplit=1)[0]} answers"

    found = [_try(STORE, look, partial(trouble_advice, STORE))]
    return found + [Finding("readings kept", Look.FAIL, words, _KEPT_ADVICE) for words in problems if words]


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


def _service(settings: Settings) -> list[Finding]:
    """What runs on this very data folder, by its own word; nothing when nothing does."""
    advice = "each reason goes away by itself once its cause is mended; GET /readyz has them, too"
    line = _try("service", lambda: running(settings) or "", advice)
    return [line] if line.words else []


def _collectors(settings: Settings) -> Finding:
    """Who holds the sites; that nobody collects is no fault of the settings, but nothing flows."""
    from plantroom.bootstrap.parts import make_ledger

    try:
        ledger = make_ledger(settings)
        try:
            ledger.open()
            with ledger.read() as tx:
                leases = tx.leases.list()
        finally:
            ledger.close()
    except PlantroomError as error:
        return Finding("collectors", Look.WARN, f"not known: {error}")
    holders = {lease.holder for lease in leases if lease.holder is not None}
    held = sum(lease.holder is not None for lease in leases)
    if not holders:
        advice = "start `plantroom run` or `plantroom collect`; where one runs, look at its log"
        return Finding("collectors", Look.WARN, "none holds a site (`plantroom leases list`)", advice)
    words = f"{len(holders)} hold {held} of {len(leases)} partitions (`plantroom leases list`)"
    return Finding("collectors", Look.OK, words)


def _web() -> str:
    from plantroom.bootstrap.listen import web_folder

    folder = web_folder()
    if folder is None:
        raise Unreachable("web app", "is not built")
    return str(folder)
