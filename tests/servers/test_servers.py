"""The servers that the other tests rely on keep their promises."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers import influxd, influxd_build
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.process import ServerFailed, answers, free_port

MESSAGES = 1_500


def _subscriber() -> mqtt.Client:
    return mqtt.Client(CallbackAPIVersion.VERSION2, client_id="reader", clean_session=False, protocol=mqtt.MQTTv311)


def test_mosquitto_keeps_a_long_queue_over_a_restart(own_mosquitto: Mosquitto) -> None:
    reader = _subscriber()
    reader.on_connect = lambda client, *_: client.subscribe("t", qos=1)
    reader.on_subscribe = lambda client, *_: client.disconnect()
    reader.connect("127.0.0.1", own_mosquitto.port)
    reader.loop_forever()
    writer = mqtt.Client(CallbackAPIVersion.VERSION2)
    writer.connect("127.0.0.1", own_mosquitto.port)
    writer.loop_start()
    for number in range(MESSAGES):
        sent = writer.publish("t", str(number), qos=1)
    sent.wait_for_publish(20)
    writer.disconnect()
    writer.loop_stop()
    own_mosquitto.stop()
    assert not answers(own_mosquitto.port)
    own_mosquitto.start()
    met: list[bytes] = []
    reader = _subscriber()

    def keep(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        met.append(bytes(message.payload))
        if len(met) == MESSAGES:
            client.disconnect()

    reader.on_message = keep
    reader.connect("127.0.0.1", own_mosquitto.port)
    reader.loop_forever()
    assert met == [str(number).encode() for number in range(MESSAGES)]


def test_a_server_that_cannot_start_says_what_it_wrote() -> None:
    with pytest.raises(ServerFailed, match="no_such_setting"), Mosquitto(extra=("no_such_setting 1",)):
        pass


def test_closing_stops_the_process_and_removes_its_folder() -> None:
    with Mosquitto() as server:
        pid = server.pid
        assert answers(server.port)
    assert not answers(server.port)
    assert not server.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_every_test_gets_an_empty_database(postgres_url: str, postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables == (0,)
    other = postgres_server.create_database()
    assert not postgres_url.endswith(f"/{other}")
    postgres_server.drop_database(other)


def test_postgresql_comes_back_after_a_kill_with_what_was_committed() -> None:
    with Postgres() as server:
        address = server.url().replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE t AS SELECT 42 AS answer")
        server.kill()
        server.start()
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT answer FROM t").fetchone() == (42,)


def test_influxdb_is_a_second_generation_server(influx: influxd.Server) -> None:
    assert b'"status":"pass"' in influx.access.call("GET", "/health").replace(b" ", b"")


def test_the_browser_is_there(chromium_path: Path) -> None:
    command = [str(chromium_path), "--version", "--no-sandbox"]
    said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert "Chrom" in said.stdout


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any InfluxDB and without the tools to build one; its folder of programs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(influxd.URL_SETTING, raising=False)
    return programs


def _program(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def _main(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.servers.influxd", *arguments]
    home = Path(__file__).parents[2]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=home)


def test_without_any_influxdb_the_four_ways_are_named(bare_machine: Path) -> None:
    assert _main("--which").stdout == "none\n"
    refused = _main()
    assert refused.returncode == 1
    for word in ("PLANTROOM_TEST_INFLUX_URL", "PATH", "Docker", "Go", "Rust", "clang"):
        assert word in refused.stderr


def test_the_first_way_that_works_is_taken(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("go", "cargo", "clang", "cc"):
        _program(bare_machine, name, "exit 0")
    assert _main("--which").stdout == "to_build\n"
    built = influxd_build.cache_folder() / "influxd"
    built.parent.mkdir(parents=True)
    _program(built.parent, built.name, "exit 0")
    assert _main("--which").stdout == "built\n"
    _program(bare_machine, "docker", "exit 1")
    assert _main("--which").stdout == "built\n"
    _program(bare_machine, "docker", "exit 0")
    assert _main("--which").stdout == "docker\n"
    _program(bare_machine, "influxd", "exit 0")
    assert _main("--which").stdout == "on_path\n"
    monkeypatch.setenv(influxd.URL_SETTING, f"http://127.0.0.1:{free_port()}")
    assert _main("--which").stdout == "given\n"


def test_a_build_that_fails_shows_the_end_of_its_log(bare_machine: Path) -> None:
    for name in ("go", "cargo", "clang", "cc"):
        _program(bare_machine, name, 'echo "go: cannot find the module" >&2; exit 1')
    refused = _main()
    assert refused.returncode == 1
    assert "cannot find the module" in refused.stderr
    assert influxd_build.built_binary() is None
