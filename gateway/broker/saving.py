"""What the configuration of a Mosquitto says that cannot be tried: how much it keeps for who is away, and how often it
writes sessions and queues to its disk, which is what a kill of it costs.

It is read where it can be: of a process of this machine, in a file that we may read.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from gateway.broker.rabbitmq import LosesMessages
from plantroom.settings import BrokerAddress

USUAL_FILE = Path("/etc/mosquitto/mosquitto.conf")
USUAL_PORT, USUAL_INTERVAL_S, USUAL_QUEUE = 1883, 1800, 1_000
SELDOM_S = 60
"""Beyond it, it is said."""

_LISTENS = {"listener", "port"}


def require_saving(broker: BrokerAddress, processes: Path = Path("/proc")) -> str | None:
    """In words, that it saves seldom; empty when it saves often, ``None`` when its configuration cannot be seen. Raises
    ``LosesMessages`` when it throws messages away, or never saves."""
    found = next(_configurations(broker, processes), None)
    if found is None:
        return None
    file, settings = found
    queue = _number(settings, "max_queued_messages", USUAL_QUEUE)
    interval_s = _number(settings, "autosave_interval", USUAL_INTERVAL_S)
    if queue:
        raise LosesMessages(
            f"keeps at most {queue} messages for a client that is away, and throws away the rest ({file})",
            "set max_queued_messages 0 and a memory_limit (`plantroom broker config` writes both)",
        )
    if settings.get("persistence") != "true":
        raise LosesMessages(
            f"forgets all sessions and what waits in them when it ends ({file})",
            "set persistence true, a persistence_location and autosave_interval 5 (`plantroom broker config` does)",
        )
    if settings.get("autosave_on_changes") == "true" or 0 < interval_s <= SELDOM_S:
        return ""
    often = f"every {interval_s} s" if interval_s else "when it is stopped"
    return f"it saves only {often}, a kill takes what came since: set autosave_interval 5 in {file}"


def _configurations(broker: BrokerAddress, processes: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Of Mosquittos that run here with a listener at the broker's port."""
    if not _is_here(broker.host):
        return
    for process in processes.glob("[0-9]*"):
        with suppress(OSError, ValueError):
            words = (process / "cmdline").read_bytes().decode().rstrip("\0").split("\0")
            if Path(words[0]).name == "mosquitto":
                options = dict(pairwise(words))
                file = Path(options.get("-c") or options.get("--config-file") or USUAL_FILE)
                lines = _lines(file)
                ports = {value.split()[0] for name, value in lines if name in _LISTENS and value}
                if str(broker.port) in (ports or {str(USUAL_PORT)}):
                    yield file, dict(lines)


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _lines(file: Path, depth: int = 0) -> list[tuple[str, str]]:
    """Settings and values, those of included folders in their place. Raises ``OSError`` and ``ValueError``."""
    found: list[tuple[str, str]] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.strip().partition(" ")
        if name == "include_dir" and not depth:
            for more in sorted(Path(value.strip()).glob("*.conf")):
                found += _lines(more, depth + 1)
        elif name and not name.startswith("#"):
            found.append((name, value.strip()))
    return found


def _number(settings: Mapping[str, str], name: str, usual: int) -> int:
    text = settings.get(name, "")
    return int(text) if text.isdecimal() else usual
