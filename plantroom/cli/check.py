"""``check``: what is reachable, what is misconfigured, and what to do."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import typer

from gateway.broker.rabbitmq import LosesMessages
from plantroom.bootstrap.logs import configure_logs
from plantroom.cli.check_channels import channel_lines
from plantroom.cli.check_files import credential_files
from plantroom.cli.check_flow import LEDGER, STORE, Look, broker_advice, trouble_advice, way_in
from plantroom.cli.check_ledger import UNWRITABLE, LedgerOlder, LedgerSeen, collectors, look_at_ledger, plan
from plantroom.cli.check_reports import pdfs
from plantroom.cli.check_service import running
from plantroom.cli.check_store import StoreLine, elsewhere_line, store_lines, stores_elsewhere
from plantroom.cli.common import AsJson, BrokerNotSet, DataDir, emit, running_broker, settings_for
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


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say in plain words what is reachable, what is misconfigured and what to do.

    It looks and makes nothing: no folder, ledger, file or bucket. A line begins with ok, warn (nothing of ours is
    wrong, but somebody should look at it, nothing flows, or it is not known) or FAIL. Exit code 0 without a FAIL, 3 for
    a wrong setting, 5 for anything else that fails.
    """
    settings = settings_for(data_dir)
    configure_logs("error")
    service, ledger = _service(settings), look_at_ledger(settings)
    found = [
        _folder(settings),
        _try("broker", lambda: _broker(settings), broker_advice),
        *_readings(settings, ledger),
        _ledger(settings, ledger),
        *(Finding("broker files", *line) for line in (credential_files(settings) if ledger.readable else [])),
        *service,
        *(Finding("channel", *line) for line in (channel_lines(settings) if ledger.readable else [])),
        Finding("collectors", *collectors(settings, ledger)),
        Finding("plan", *plan(settings, ledger)),
        *_way_in(settings, ledger, ready=not any(line.failed for line in service)),
        Finding("reports", *pdfs()),
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


def _way_in(settings: Settings, ledger: LedgerSeen, *, ready: bool) -> list[Finding]:
    """What the collectors say; nothing when the ledger, which has their words, is out of reach."""
    if not ledger.readable:
        return []
    try:
        found = way_in(settings, ready=ready, unwritable=UNWRITABLE if ledger.unwritable else "")
    except PlantroomError:
        return []
    return [Finding("way in", *line) for line in found]


def _try(part: str, action: Callable[[], str], advice: str | Callable[[PlantroomError], str]) -> Finding:
    try:
        return Finding(part, Look.OK, action())
    except BrokerNotSet as error:
        return Finding(part, Look.WARN, f"not known: {error.problem}", f"set {error.expected}")
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


def _folder(settings: Settings) -> Finding:
    """The data folder; a command on a ledger elsewhere needs none."""
    line = _try("data folder", lambda: _data_dir(settings), "choose another folder with --data-dir")
    if line.failed and settings.ledger_url is not None and not os.path.lexists(settings.data_dir):
        words = f"there is no folder {settings.data_dir}: what runs on another one is not seen here"
        return Finding("data folder", Look.WARN, words, "name that one with --data-dir, where it is on this machine")
    return line


def _data_dir(settings: Settings) -> str:
    from plantroom.bootstrap.begun import require_data_folder
    from plantroom.bootstrap.parts import make_data_dir

    require_data_folder(settings)
    make_data_dir(settings)  # it is there: whether it can be written to
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


def _readings(settings: Settings, ledger: LedgerSeen) -> list[Finding]:
    """What is seen of the store, and which collectors write to another one."""
    elsewhere = stores_elsewhere(settings) if ledger.readable else {}
    lines: list[StoreLine] = []

    def look() -> str:
        lines.extend(store_lines(settings, alone=not elsewhere))
        return ""

    line = _try(STORE, look, partial(trouble_advice, STORE))
    if elsewhere:
        lines.append(elsewhere_line(settings, elsewhere))
    return ([line] if line.failed else []) + [Finding(one.part, one.look, one.words, one.advice) for one in lines]


def _ledger(settings: Settings, ledger: LedgerSeen) -> Finding:
    if settings.ledger_url is None and not os.path.lexists(settings.data_dir):
        return Finding("ledger", Look.WARN, "not known: there is no data folder (see above)")
    if isinstance(ledger.problem, LedgerOlder):
        return Finding("ledger", Look.WARN, ledger.problem.problem, ledger.problem.expected)

    def look() -> str:
        if ledger.problem is not None:
            raise ledger.problem
        return f"{settings.ledger.split('://', maxsplit=1)[0]} answers"

    return _try("ledger", look, partial(trouble_advice, LEDGER))


def _service(settings: Settings) -> list[Finding]:
    """What runs on this very data folder, by its own word; nothing when nothing does."""
    advice = "each reason goes away by itself once its cause is mended; GET /readyz has them, too"
    line = _try("service", lambda: running(settings) or "", advice)
    return [line] if line.words else []


def _web() -> str:
    from plantroom.bootstrap.listen import web_folder

    folder = web_folder()
    if folder is None:
        raise Unreachable("web app", "is not built")
    return str(folder)
