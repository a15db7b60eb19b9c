"""Mosquitto, as Debian packages it."""

import os
import shutil
from pathlib import Path

from tests.servers.process import MissingServer, ServerProcess

HOW_TO_GET = "Mosquitto is missing. To get it: scripts/install-test-servers, or apt-get install mosquitto"
MEMORY_LIMIT_BYTES = 512 * 2**20


def mosquitto_binary() -> Path:
    """Where the broker is; raises ``MissingServer``."""
    path = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise MissingServer(HOW_TO_GET)
    return Path(path)


class Mosquitto(ServerProcess):
    """A broker on loopback, without passwords.

    With ``persistent`` its sessions and queues are written at a clean stop, and with ``save_every_change`` at every
    change, which alone survives ``kill`` (and is slow: some 400 messages/s). ``extra`` are further lines of its
    configuration. By default Mosquitto drops silently beyond 1,000 queued messages a client; here it never does.
    """

    name = "mosquitto"

    def __init__(
        self,
        port: int | None = None,
        *,
        persistent: bool = True,
        save_every_change: bool = False,
        extra: tuple[str, ...] = (),
    ) -> None:
        self._binary = mosquitto_binary()
        super().__init__(port)
        self._persistent = persistent
        self._save_every_change = save_every_change
        self._extra = extra

    @property
    def url(self) -> str:
        """Address for ``PLANTROOM_BROKER_URL``."""
        return f"mqtt://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "max_queued_messages 0",
            f"memory_limit {MEMORY_LIMIT_BYTES}",
            f"persistence {'true' if self._persistent else 'false'}",
            f"persistence_location {self.folder}/",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
        ]
        if os.geteuid() == 0:
            # Started by root, Mosquitto becomes the user `mosquitto`, who may not write in our folder.
            lines.append("user root")
        if self._save_every_change:
            lines += ["autosave_interval 1", "autosave_on_changes true"]
        (self.folder / "mosquitto.conf").write_text("\n".join([*lines, *self._extra]) + "\n")

    def command(self) -> list[str]:
        return [str(self._binary), "-c", str(self.folder / "mosquitto.conf")]
