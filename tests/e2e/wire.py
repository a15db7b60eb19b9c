"""A broker on what the commands of docs/security-of-the-wire.md have written."""

import os
import pwd
from pathlib import Path
from typing import Any

from tests.product import Process
from tests.servers.mosquitto import mosquitto_binary
from tests.servers.process import ServerProcess, free_port

ME = pwd.getpwuid(os.geteuid()).pw_name
TELEMETRY = b'{"values": {"vibration": 1.25}}'


class ConfiguredMosquitto(ServerProcess):
    """A broker on a folder that ``plantroom broker config`` has written."""

    name = "configured"

    def __init__(self, wire: Path, port: int) -> None:
        super().__init__(port)
        self.wire = wire

    def command(self) -> list[str]:
        return [str(mosquitto_binary()), "-c", str(self.wire / "mosquitto.conf")]


def config(process: Process, wire: Path, *more: str) -> dict[str, Any]:
    where = ("--listen", "127.0.0.1", "--collector-port", str(free_port()), "--port", str(free_port()))
    return process.json("broker", "config", "--out", str(wire), "--user", ME, *where, *more)


def environment_of(wire: Path) -> dict[str, str]:
    """What `. plantroom.env` sets."""
    lines = (wire / "plantroom.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])
