"""A three-node RabbitMQ with quorum queues on loopback, for ``bench failover`` and the tests.

Every node has folders and ports of its own, and the nodes find each other by a port mapper (epmd) of their own, so that
nothing touches a RabbitMQ that may run on this machine.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

from gateway.broker import free_port
from plantroom.errors import Unreachable

LOOPBACK = "127.0.0.1"
NODES = 3
START_S = 90.0
SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's ``rabbitmq-server`` on the PATH is a wrapper that insists on the user ``rabbitmq``."""

CONTROL = SCRIPT.with_name("rabbitmqctl")
CONTROL_S = 60.0

HOW_TO_GET = "is missing: apt-get install rabbitmq-server (and keep its service from running)"

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
mqtt.listeners.tcp.1 = 127.0.0.1:{mqtt}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
mqtt.allow_anonymous = true
mqtt.durable_queue_type = {queues}
mqtt.prefetch = {prefetch}
mqtt.subscription_ttl = 86400000
cluster_partition_handling = pause_minority
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.randomized_startup_delay_range.min = 0
cluster_formation.randomized_startup_delay_range.max = 1
{peers}
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 400MB
log.console = true
log.console.level = warning
log.file = false
"""


def require_rabbitmq() -> None:
    """Raise ``Unreachable`` with what to install when RabbitMQ is missing."""
    if not SCRIPT.exists() or shutil.which("epmd") is None:
        raise Unreachable("RabbitMQ", HOW_TO_GET)


class RabbitNode:
    """One node: a process group of its own in a folder of its own."""

    def __init__(self, number: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = f"rb{number}@localhost"
        self.folder = folder / f"rb{number}"
        self.mqtt, self.amqp, self.management, self._dist = (free_port() for _ in range(4))
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, queues: str, prefetch: int, peers: str) -> None:
        """Write its configuration."""
        self.folder.mkdir()
        text = CONFIGURATION.format(
            amqp=self.amqp, mqtt=self.mqtt, management=self.management, queues=queues, prefetch=prefetch, peers=peers
        )
        (self.folder / "rabbitmq.conf").write_text(text, encoding="utf-8")
        (self.folder / "plugins").write_text("[rabbitmq_management,rabbitmq_mqtt].\n", encoding="utf-8")

    def _own_environment(self) -> dict[str, str]:
        folder = self.folder
        return self._environment | {
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_PORT": str(self.amqp),
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        }

    def control(self, *words: str) -> str:
        """Run ``rabbitmqctl`` with these words; gives what it said. Raises ``Unreachable`` when it fails."""
        try:
            done = subprocess.run(  # noqa: S603 - a fixed script
                [str(CONTROL), "-q", *words], env=self._own_environment(), cwd=self.folder, capture_output=True,
                text=True, timeout=CONTROL_S, check=True,
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            raise Unreachable(f"RabbitMQ node {self.name}", error.stderr.strip()) from error
        return done.stdout

    def launch(self) -> None:
        """Start the process and do not wait. Its data stay from an earlier run."""
        folder = self.folder
        erlang = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
        own = self._own_environment() | {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erlang}
        with (folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed script and our own settings
                [str(SCRIPT)], env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=folder, start_new_session=True,
            )  # fmt: skip

    def running_nodes(self) -> int:
        """How many nodes of the cluster run, as this one sees it; 0 while it does not answer."""
        try:
            nodes = httpx.get(f"{self.admin_url}/api/nodes", timeout=2).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return 0
        return sum(bool(node.get("running")) for node in nodes)

    @property
    def admin_url(self) -> str:
        """Of its management API, with credentials."""
        return f"http://guest:guest@{LOOPBACK}:{self.management}"

    @property
    def started(self) -> bool:
        """Whether it was launched and not ended since."""
        return self._process is not None

    def require_running(self) -> None:
        """Raise ``Unreachable`` with its last words when the process has ended."""
        if self._process is None or self._process.poll() is not None:
            said = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")[-800:]
            raise Unreachable(f"RabbitMQ node {self.name}", f"ended: {said}")

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send its whole process group a signal and wait. Ending twice is allowed."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _takes_mqtt(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), 0.5):
        return True
    return False


def _peers(nodes: Sequence[RabbitNode]) -> str:
    return "\n".join(f"cluster_formation.classic_config.nodes.{n} = {node.name}" for n, node in enumerate(nodes, 1))


class RabbitCluster:
    """Three nodes (or as many as asked for); a context manager. ``queues``: quorum, or classic as RabbitMQ comes.
    ``prefetch``: messages under way to a session."""

    def __init__(self, queues: str = "quorum", nodes: int = NODES, prefetch: int = 1000) -> None:
        require_rabbitmq()
        self._queues, self._prefetch = queues, prefetch
        self._folder = tempfile.TemporaryDirectory(prefix="plantroom-rabbitmq-", ignore_cleanup_errors=True)
        self.folder = folder = Path(self._folder.name)
        self._epmd_port = free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        cookie = folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16), encoding="ascii")
        cookie.chmod(0o400)
        self._environment = {
            "PATH": f"{os.environ.get('PATH', '')}:/usr/bin:/usr/sbin:/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._epmd_port),
        }
        self.nodes = [RabbitNode(number, folder, self._environment) for number in range(1, nodes + 1)]

    @property
    def url(self) -> str:
        """All nodes, for ``PLANTROOM_BROKER_URL``."""
        return "mqtt://" + ",".join(f"{LOOPBACK}:{node.mqtt}" for node in self.nodes)

    @property
    def port(self) -> int:
        """The first node's, for MQTT."""
        return self.nodes[0].mqtt

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start all nodes and wait until they are one cluster. Raises ``Unreachable``, with nothing left running."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        epmd = shutil.which("epmd") or "epmd"
        self._epmd = subprocess.Popen(  # noqa: S603 - a found binary and our own arguments
            [epmd, "-port", str(self._epmd_port), "-address", LOOPBACK],
            env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        count = len(self.nodes)
        first, *others = self.nodes
        first.prepare(self._queues, self._prefetch, _peers([first]))  # waits for nobody
        for node in others:
            node.prepare(self._queues, self._prefetch, _peers(self.nodes))
        first.launch()
        self.wait_running(1)
        for node in others:
            node.launch()
        self.wait_running(count)

    def wait_running(self, count: int) -> None:
        """Wait until every node that was started sees ``count`` running ones and takes MQTT."""
        deadline = time.monotonic() + START_S
        started = [node for node in self.nodes if node.started]
        while not all(node.running_nodes() >= count and _takes_mqtt(node.mqtt) for node in started):
            for node in started:
                node.require_running()
            if time.monotonic() > deadline:
                raise Unreachable("RabbitMQ", f"its nodes did not come together within {START_S:.0f} s")
            time.sleep(0.1)

    def close(self) -> None:
        """End every node and the port mapper, remove the folders."""
        for node in self.nodes:
            node.end()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None
        self._folder.cleanup()

    def __exit__(self, *_: object) -> None:
        self.close()
