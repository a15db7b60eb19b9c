"""PostgreSQL started for a benchmark: a cluster of its own in a temporary folder, with its defaults."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

from plantroom.cli.bench_servers import LOOPBACK, Server
from plantroom.errors import Unreachable

USER = "postgres"
MISSING = "is not installed: apt-get install postgresql"


class BenchPostgres(Server):
    """A cluster on loopback that trusts everybody there; a context manager."""

    name = "postgresql"

    @property
    def url(self) -> str:
        """For ``PLANTROOM_LEDGER_URL``."""
        return f"postgresql+psycopg://{USER}@{LOOPBACK}:{self.port}/postgres"

    def __enter__(self) -> Self:
        binaries = _binaries()
        data = self.folder / "data"
        as_owner = self._owner()
        initdb = [str(binaries / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "--encoding=UTF8"]
        made = subprocess.run(  # noqa: S603 - a found binary and our own arguments
            [*initdb, "--locale=C.UTF-8"], capture_output=True, text=True, check=False, cwd=self.folder, **as_owner
        )
        if made.returncode:
            raise Unreachable(self.name, f"initdb failed: {made.stderr[-800:]}")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"\nport = {self.port}\nlisten_addresses = '{LOOPBACK}'\nunix_socket_directories = ''\n")
        command = [str(binaries / "postgres"), "-D", str(data)]
        if as_owner:
            command = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", *command]
        self.start(command, self._answers)
        return self

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it at once, clients or not."""
        super().stop(number)

    def _owner(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        try:
            owner = pwd.getpwnam(USER)
        except KeyError:
            raise Unreachable(self.name, MISSING) from None
        os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        return {"user": USER, "group": USER, "extra_groups": []}

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(host=LOOPBACK, port=self.port, user=USER, dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _binaries() -> Path:
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if folders:
        return max(folders, key=lambda path: [int(n) for n in re.findall(r"\d+", path.parent.name)])
    found = shutil.which("postgres")
    if found is None:
        raise Unreachable("PostgreSQL", MISSING)
    return Path(found).parent
