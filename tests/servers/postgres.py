"""PostgreSQL, as Debian packages it: a cluster of our own, made and removed by the tests."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

from tests.servers.process import MissingServer, ServerFailed, ServerProcess

HOW_TO_GET = "PostgreSQL is missing. To get it: scripts/install-test-servers, or apt-get install postgresql"
USER = "postgres"


def postgres_folder() -> Path:
    """Folder of the newest server's binaries; raises ``MissingServer``."""
    folders = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if folders:
        return max(folders, key=lambda p: [int(n) for n in re.findall(r"\d+", p.parent.name)])
    found = shutil.which("postgres")
    if found is None or shutil.which("initdb", path=str(Path(found).parent)) is None:
        raise MissingServer(HOW_TO_GET)
    return Path(found).parent


class Postgres(ServerProcess):
    """A cluster on loopback, trusting everybody there.

    ``fsync`` is off: the tests kill the server and never the machine, and what a process wrote outlives it either way.
    """

    name = "postgres"
    stop_signal = signal.SIGINT
    # The children of a killed server hold its data for a moment.
    try_again_for_s = 10.0

    def __init__(self, port: int | None = None) -> None:
        self._binaries = postgres_folder()
        super().__init__(port)
        self._numbers = count(1)

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.folder / "data"

    def identity(self) -> dict[str, Any]:
        # PostgreSQL refuses to run as root.
        return {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}

    def prepare(self) -> None:
        if self.data.exists():
            return
        if os.geteuid() == 0:
            try:
                owner = pwd.getpwnam(USER)
            except KeyError as error:
                raise MissingServer(f"the user {USER!r} is missing; {HOW_TO_GET}") from error
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        done = subprocess.run(
            [
                str(self._binaries / "initdb"), "-D", str(self.data), "-U", USER, "-A", "trust",
                "--encoding=UTF8", "--locale=C.UTF-8",
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            **self.identity(),
        )  # fmt: skip
        if done.returncode:
            raise ServerFailed(f"initdb failed:\n{done.stderr[-2000:]}")

    def command(self) -> list[str]:
        return [
            str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
            "-c", "max_connections=60",
        ]  # fmt: skip

    def is_ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self._dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _dsn(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def _execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def create_database(self) -> str:
        """A fresh, empty database; its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
