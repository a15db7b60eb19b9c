"""Servers as fixtures. A server that is missing fails the test with the way to get it; nothing is skipped."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from plantroom.cli.bench_rabbitmq import RabbitCluster
from tests.servers.influxd import InfluxContainer, Influxd, Server, Way, influx_server, way
from tests.servers.influxd_build import build
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.process import MissingServer, ServerFailed
from tests.servers.rabbitmq import CLUSTER, rabbitmq

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""The first is Chromium without its windows: it costs less than half of the processor."""


def _without_time_limit(request: pytest.FixtureRequest) -> None:
    """For what takes long once, and bounds its own time."""
    if request.config.pluginmanager.hasplugin("timeout"):
        request.config.hook.pytest_timeout_cancel_timer(item=request._pyfuncitem)


def _build_influxd(request: pytest.FixtureRequest) -> None:
    """Build ``influxd`` where that is the way, in sight and without the test's time limit: it takes minutes."""
    if way(own=True) is not Way.TO_BUILD:
        return
    _without_time_limit(request)
    plugins = request.config.pluginmanager
    capture: Any = plugins.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        try:
            build()
        except ServerFailed as error:
            pytest.fail(str(error), pytrace=False)


@contextmanager
def _started(make: Any) -> Iterator[Any]:
    try:
        server = make()
    except MissingServer as error:
        pytest.fail(str(error), pytrace=False)
    try:
        try:
            server.start()
        except (MissingServer, ServerFailed) as error:
            pytest.fail(str(error), pytrace=False)
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    """A broker that all tests share: use client ids and sites of your own, and do not stop it."""
    with _started(Mosquitto) as server:
        yield server


@pytest.fixture
def own_mosquitto() -> Iterator[Mosquitto]:
    """A broker of the test's own, to stop, kill and start again; it keeps its queues over a clean stop."""
    with _started(Mosquitto) as server:
        yield server


@pytest.fixture(scope="session")
def rabbit_cluster(request: pytest.FixtureRequest) -> Iterator[RabbitCluster]:
    """Three nodes of RabbitMQ that all tests share: use sites of your own; a node that you kill, start again."""
    _without_time_limit(request)
    with ExitStack() as stack:
        request.config.stash[CLUSTER] = stack
        yield stack.enter_context(rabbitmq())


@pytest.fixture(scope="session")
def influx(request: pytest.FixtureRequest) -> Iterator[Server]:
    """An InfluxDB that all tests share: use a bucket of your own, and do not stop it. See ``access``."""
    if way() is not Way.GIVEN:
        _build_influxd(request)
    with _started(influx_server) as server:
        yield server


@pytest.fixture
def own_influx(request: pytest.FixtureRequest) -> Iterator[Influxd | InfluxContainer]:
    """An InfluxDB of the test's own, to stop, kill and start again."""
    _build_influxd(request)
    with _started(lambda: influx_server(own=True)) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL cluster that all tests share."""
    with _started(Postgres) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """SQLAlchemy's address of an empty database of the test's own."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser for the tests of the web app."""
    names = (os.environ.get("PLANTROOM_TEST_CHROMIUM", ""), *CHROMIUM)
    for name in filter(None, names):
        if found := shutil.which(name):
            return Path(found)
    pytest.fail(
        "Chromium is missing. To get it: scripts/install-test-servers, or apt-get install chromium-headless-shell "
        "fonts-noto-cjk",
        pytrace=False,
    )
