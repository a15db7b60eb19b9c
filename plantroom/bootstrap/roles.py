"""The frames of the commands ``run``, ``collect`` and ``serve``: start, say so, wait for the signal, stop."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Any

import structlog

from plantroom.bootstrap.broker_keeper import BrokerKeeper
from plantroom.bootstrap.folder import hold_folder
from plantroom.bootstrap.jobs_apart import JobsApart
from plantroom.bootstrap.memory import settle_memory, take_short_turns
from plantroom.bootstrap.parts import Parts, make_data_dir, open_parts, write_private
from plantroom.bootstrap.wire import broker_folder, devices_of
from plantroom.errors import SettingError, Unreachable
from plantroom.settings import EXPECTED, BrokerAddress, Settings

log = structlog.get_logger()
READY_POLL_S = 0.02
SLOW_START_S = 5.0
"""How long a part that is out of reach keeps the page's address from being told."""

RUN, COLLECT = "runtime.json", "runtime-collect.json"
"""Where who holds the data folder says how to reach it."""

Say = Callable[[str], None]


class Stopping:
    """SIGTERM and Ctrl-C as an event; a second one ends the process at once."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def install(self) -> None:
        """Take over both signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.event.is_set():
            os._exit(128 + number)
        self.event.set()


def run(settings: Settings, scenario: str, say: Say) -> None:
    """Both roles, a trial broker when no other is set, and a simulated building, in one process."""
    if scenario != "none":
        from simulators.scenario import load_scenario

        load_scenario(scenario)
    make_data_dir(settings)
    with ExitStack() as stack:
        jobs = _jobs(settings, stack)
        stopping = Stopping()
        stopping.install()
        runtime = _held_runtime(settings, RUN, stack)
        sock = _listen(settings, stack)
        parts_first = not _loopback(settings)
        parts = _parts(settings, stopping, stack) if parts_first else None
        broker, note, keep_alive, more = _broker(settings, stack, parts)
        parts = parts or _parts(settings, stopping, stack)
        say(f"broker: {note}")
        _keep_broker_files(parts, stack)
        from plantroom.bootstrap.collect import Collector

        collector = Collector(parts, broker)
        stack.callback(collector.stop)
        collector.start()
        from plantroom.bootstrap.serve import Serving  # loads for a second or two; messages are taken in meanwhile

        serving = Serving(parts, sock, collector.problems, lambda: [collector.report()], jobs)
        serving.web.start()
        stack.callback(serving.stop)
        serving.start()
        settle_memory()
        take_short_turns()
        url = _url(settings, sock)
        _wait_ready(serving.web, serving.own_problems, stopping, say)
        if stopping.event.is_set():
            return
        _write_runtime(runtime, {"http_url": url, "mqtt_host": broker.host, "mqtt_port": broker.port} | more)
        _greet(settings, url, say)
        serving.start_jobs()
        if scenario != "none":
            from plantroom.bootstrap.demo import Demo

            demo = Demo(parts, broker, scenario)
            demo.start()
            stack.callback(demo.stop)
            say(f"simulating the scenario {scenario!r}: a repair ticket appears within two minutes")
        _wait(stopping, serving.web.alive, keep_alive)
        say("stopping")


def collect(settings: Settings, say: Say) -> None:
    """The role ``collect`` alone."""
    broker = settings.broker
    if broker is None:
        raise SettingError("PLANTROOM_BROKER_URL", "is not set; a collector needs a broker", EXPECTED["broker_url"])
    stopping = Stopping()
    stopping.install()
    make_data_dir(settings)
    with ExitStack() as stack:
        runtime = _held_runtime(settings, COLLECT, stack)
        parts = _parts(settings, stopping, stack, seed=False)
        _keep_broker_files(parts, stack)
        from plantroom.bootstrap.collect import Collector

        collector = Collector(parts, broker)
        settle_memory()
        collector.start()
        stack.callback(collector.stop)
        _write_runtime(runtime, {"mqtt_host": broker.host, "mqtt_port": broker.port})
        say(f"collecting from {broker.host}:{broker.port}")
        _wait(stopping, lambda: True)
        say("stopping")


def serve(settings: Settings, say: Say) -> None:
    """The role ``serve`` alone."""
    make_data_dir(settings)
    with ExitStack() as stack:
        jobs = _jobs(settings, stack)
        stopping = Stopping()
        stopping.install()
        runtime = _fresh_runtime(settings, "runtime-serve.json", stack)
        sock = _listen(settings, stack)
        parts = _parts(settings, stopping, stack)
        _keep_broker_files(parts, stack)
        from plantroom.bootstrap.serve import Serving

        serving = Serving(parts, sock, list, list, jobs)
        serving.web.start()
        serving.start()
        stack.callback(serving.stop)
        settle_memory()
        take_short_turns()
        url = _url(settings, sock)
        _wait_ready(serving.web, serving.own_problems, stopping, say)
        if stopping.event.is_set():
            return
        _write_runtime(runtime, {"http_url": url})
        _greet(settings, url, say)
        serving.start_jobs()
        _wait(stopping, serving.web.alive)
        say("stopping")


def _jobs(settings: Settings, stack: ExitStack) -> JobsApart:
    """Before anything else: a process that is forked has nothing of ours but the settings."""
    jobs = JobsApart(settings)
    stack.callback(jobs.stop)
    return jobs


def _listen(settings: Settings, stack: ExitStack) -> socket.socket:
    from plantroom.bootstrap.listen import listen

    sock = listen(settings.http_host, settings.http_port)
    stack.callback(sock.close)
    return sock


def _loopback(settings: Settings) -> bool:
    return settings.broker_url is not None or ip_address(settings.mqtt_host).is_loopback


def _broker(
    settings: Settings, stack: ExitStack, parts: Parts | None
) -> tuple[BrokerAddress, str, Callable[[], None], dict[str, Any]]:
    """Address, note, what keeps it alive, and what publishers on other machines have to know."""
    address = settings.broker
    if address is not None:
        return address, f"{address.host}:{address.port} (PLANTROOM_BROKER_URL)", _nothing, {}
    from gateway.broker import LOOPBACK, OtherAddress, trial_broker
    from gateway.broker.files import CA

    folder, other = settings.data_dir / "broker", None
    if parts is not None:
        ledger = parts.ledger
        other = OtherAddress(settings.mqtt_host, settings.mqtts_port, lambda: devices_of(ledger))
    broker = trial_broker(settings.mqtt_port, folder, other)
    broker.start()
    stack.callback(broker.stop)
    address = BrokerAddress(host=LOOPBACK, port=broker.port, known_as=broker.known_as)
    note = f"{LOOPBACK}:{broker.port}, {broker.note}"
    if broker.other is None:
        return address, note, broker.keep_alive, {}
    note += (
        f". Other machines: {broker.other.host}:{broker.other.port} with TLS ({folder / CA}) and a device's password"
    )
    more = {"mqtts_host": broker.other.host, "mqtts_port": broker.other.port, "mqtts_ca": str(folder / CA)}
    return address, note, broker.keep_alive, more


def _nothing() -> None:
    """What there is to do for a broker that is not ours."""


def _parts(settings: Settings, stopping: Stopping, stack: ExitStack, seed: bool = True) -> Parts:
    parts = open_parts(settings, stopping.event, seed)
    stack.callback(parts.close)
    return parts


def _keep_broker_files(parts: Parts, stack: ExitStack) -> None:
    if broker_folder(parts.settings) is not None:
        keeper = BrokerKeeper(parts.settings, parts.ledger)
        keeper.start()
        stack.callback(keeper.stop)


def _url(settings: Settings, sock: socket.socket) -> str:
    host = settings.http_host
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{sock.getsockname()[1]}"


def _held_runtime(settings: Settings, name: str, stack: ExitStack) -> Path:
    """As ``_fresh_runtime``, for who holds the folder: what another role left when it was killed goes, too."""
    stack.enter_context(hold_folder(settings.data_dir))
    for other in {RUN, COLLECT} - {name}:
        (settings.data_dir / other).unlink(missing_ok=True)
    return _fresh_runtime(settings, name, stack)


def _fresh_runtime(settings: Settings, name: str, stack: ExitStack) -> Path:
    """Where the process will say how to reach it; gone when it ends, so that nobody goes by stale words."""
    path = settings.data_dir / name
    path.unlink(missing_ok=True)
    stack.callback(path.unlink, missing_ok=True)
    return path


def _write_runtime(path: Path, facts: dict[str, Any]) -> None:
    """On a full disk there is none: nothing that flows needs it."""
    try:
        write_private(path, json.dumps(facts | {"pid": os.getpid()}) + "\n")
    except OSError as error:
        log.warning("runtime_file_not_written", file=str(path), problem=str(error))


def _wait_ready(web: Any, problems: Callable[[], list[str]], stopping: Stopping, say: Say) -> None:
    begun, told = time.monotonic(), ""
    while not stopping.event.is_set():
        if not web.alive():
            raise Unreachable("web server", "ended at its start; the log above says why")
        found = problems()
        if web.started and not found:
            return
        words = "; ".join(found)
        if words != told and time.monotonic() - begun > 1.0:
            told = words
            say(f"waiting: {words}")
        if web.started and time.monotonic() - begun > SLOW_START_S:
            return
        stopping.event.wait(READY_POLL_S)


def _wait(stopping: Stopping, alive: Callable[[], bool], keep_alive: Callable[[], None] = _nothing) -> None:
    while not stopping.event.wait(0.5):
        keep_alive()
        if not alive():
            raise Unreachable("web server", "ended by itself; the log above says why")


def _greet(settings: Settings, url: str, say: Say) -> None:
    print(url, flush=True)  # noqa: T201 - the command's result
    first = settings.data_dir / "initial-admin"
    if first.exists():
        user, password = first.read_text(encoding="utf-8").splitlines()[:2]
        say(f"open {url} and sign in as {user} with the password {password}")
        say(f"(also in {first}; change it, then delete the file)")
    else:
        say(f"open {url}")
    sys.stderr.flush()
