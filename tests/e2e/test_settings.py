"""A setting that is wrong ends the command with exit code 3, its name and what it should be; never a stack trace."""

import os
from pathlib import Path
from typing import Any

import pytest

from plantroom.settings import EXPECTED, setting_names
from tests.product import Finished, run_cli, run_together

WRONG = {
    "PLANTROOM_DATA_DIR": "/proc/plantroom",
    "PLANTROOM_HTTP_HOST": "no such host.invalid",
    "PLANTROOM_HTTP_PORT": "eighty",
    "PLANTROOM_MQTT_PORT": "70000",
    "PLANTROOM_BROKER_URL": "http://127.0.0.1:1883",
    "PLANTROOM_MQTT_HOST": "no such host.invalid",
    "PLANTROOM_MQTTS_PORT": "70000",
    "PLANTROOM_BROKER_CA": "/no/such/ca.crt",
    "PLANTROOM_BROKER_CERT": __file__,
    "PLANTROOM_BROKER_KEY": __file__,
    "PLANTROOM_BROKER_FILES": "/no/such/folder",
    "PLANTROOM_PUBLIC_URL": "plant.example",
    "PLANTROOM_PUBLIC_REPORTS": "demo,,annex",
    "PLANTROOM_TRUSTED_PROXIES": "the proxy",
    "PLANTROOM_SECRETS_KEY": "/tmp",
    "PLANTROOM_BROKER_ADMIN_URL": "amqp://127.0.0.1:5672",
    "PLANTROOM_LEASE_S": "1",
    "PLANTROOM_READINGS_URL": "influxdb://127.0.0.1:8086",
    "PLANTROOM_LEDGER_URL": "mysql://localhost/plantroom",
    "PLANTROOM_FILES_URL": "s3://bucket",
    "PLANTROOM_MODELS_DIR": __file__,
    "PLANTROOM_NOW": "tomorrow",
    "PLANTROOM_CONFIG": "/no/such/file.toml",
    "PLANTROOM_LOG_LEVEL": "chatty",
    "PLANTROOM_SECURE_COOKIES": "perhaps",
    "PLANTROOM_RETENTION_RAW_DAYS": "a while",
    "PLANTROOM_RETENTION_10M_DAYS": "89",
    "PLANTROOM_RETENTION_NOTICES_DAYS": "-1",
    "PLANTROOM_DEAD_LETTERS_MAX": "0",
    "PLANTROOM_DEAD_LETTERS_MB": "1000001",
}
MORE = (
    ("PLANTROOM_HTTP_HOST", "192.0.2.1"),
    ("PLANTROOM_HTTP_PORT", "-1"),
    ("PLANTROOM_HTTP_PORT", "8080.5"),
    ("PLANTROOM_MQTT_HOST", "192.0.2.1"),
    ("PLANTROOM_BROKER_CA", __file__),
    ("PLANTROOM_BROKER_CERT", "/no/such/client.crt"),
    ("PLANTROOM_BROKER_KEY", "/no/such/client.key"),
    ("PLANTROOM_BROKER_URL", "mqtt://"),
    ("PLANTROOM_BROKER_URL", "mqtt://host:notaport"),
    ("PLANTROOM_BROKER_URL", "mqtt://user:password@one:1883,two:notaport"),
    ("PLANTROOM_BROKER_URL", "mqtt://one:1883,,two:1883"),
    ("PLANTROOM_BROKER_URL", "mqtt://one:1883,one:1883"),
    ("PLANTROOM_BROKER_URL", "mqtt://one:1883,mqtt://two:1883"),
    ("PLANTROOM_BROKER_ADMIN_URL", "perhaps"),
    ("PLANTROOM_LEASE_S", "nan"),
    ("PLANTROOM_LEASE_S", "301"),
    ("PLANTROOM_READINGS_URL", "sqlite://readings.db"),
    ("PLANTROOM_READINGS_URL", "sqlite:////proc/no/readings.db"),
    ("PLANTROOM_READINGS_URL", "influxdb://token@host:8086/org"),
    ("PLANTROOM_READINGS_URL", "nonsense"),
    ("PLANTROOM_LEDGER_URL", "nonsense"),
    ("PLANTROOM_LEDGER_URL", "sqlite:////proc/no/ledger.db"),
    ("PLANTROOM_LEDGER_URL", "postgresql+psycopg://host:notaport/db"),
    ("PLANTROOM_NOW", "2026-01-15T00:00:00"),
    ("PLANTROOM_RETENTION_RAW_DAYS", "-1"),
    ("PLANTROOM_RETENTION_RAW_DAYS", "36501"),
    ("PLANTROOM_DEAD_LETTERS_MAX", "1000000001"),
    ("PLANTROOM_DEAD_LETTERS_MB", "much"),
)


def test_every_setting_is_tried():
    assert sorted(WRONG) == setting_names()


CASES = [*WRONG.items(), *MORE]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Finished]:
    """What `plantroom run` says to each wrong setting."""
    ports = {"PLANTROOM_HTTP_PORT": "0", "PLANTROOM_MQTT_PORT": "0"}

    def settings(case: tuple[str, str]) -> dict[str, str]:
        own = {"PLANTROOM_DATA_DIR": str(tmp_path_factory.mktemp("settings") / "data")}
        return ports | own | dict([case])

    return run_together({case: (("run",), settings(case)) for case in CASES})


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_wrong_setting_is_named_with_what_it_should_be(outcomes: dict[Any, Finished], name: str, value: str):
    done = outcomes[name, value]
    assert done.returncode == 3, done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"plantroom: {name}: ")
    assert f". Expected: {EXPECTED[name.removeprefix('PLANTROOM_').lower()]}" in said
    assert "Traceback" not in done.stderr


def test_a_setting_that_does_not_exist_is_named(tmp_path: Path):
    done = run_cli("check", "--data-dir", str(tmp_path), settings={"PLANTROOM_HTTP_PROT": "8080"})
    assert done.returncode == 3
    assert "PLANTROOM_HTTP_PROT" in done.stderr
    assert "PLANTROOM_HTTP_PORT" in done.stderr


def test_the_file_has_the_same_names_in_lower_case_and_the_environment_comes_first(tmp_path: Path):
    config = tmp_path / "plantroom.toml"
    config.write_text('http_port = "eighty"\n')
    done = run_cli("run", "--data-dir", str(tmp_path), settings={"PLANTROOM_CONFIG": str(config)})
    assert done.returncode == 3
    assert "PLANTROOM_HTTP_PORT" in done.stderr
    config.write_text("http_prot = 8080\n")
    done = run_cli("run", "--data-dir", str(tmp_path), settings={"PLANTROOM_CONFIG": str(config)})
    assert done.returncode == 3
    assert "PLANTROOM_HTTP_PROT" in done.stderr
    config.write_text(f'data_dir = "{tmp_path}/from-file"\nlog_level = "error"\n')
    settings = {"PLANTROOM_CONFIG": str(config), "PLANTROOM_DATA_DIR": str(tmp_path / "from-environment")}
    assert run_cli("token", "create", "x", "--role", "viewer", settings=settings).returncode == 0
    assert run_cli("check", settings=settings).returncode == 0
    assert run_cli("spool", "status", settings=settings).returncode == 0
    assert (tmp_path / "from-environment").is_dir()
    assert not (tmp_path / "from-file").exists()


def test_secrets_in_a_wrong_address_are_not_repeated(tmp_path: Path):
    for name, value in (
        ("PLANTROOM_BROKER_URL", "amqp://me:s3cr3t@host"),
        ("PLANTROOM_READINGS_URL", "influxdb://s3cr3t@host:8086/org"),
        ("PLANTROOM_LEDGER_URL", "postgresql+psycopg://me:s3cr3t@host:notaport/db"),
    ):
        done = run_cli("run", "--data-dir", str(tmp_path), settings={name: value})
        assert done.returncode == 3, done.stderr
        assert "s3cr3t" not in done.stderr + done.stdout


def test_a_data_folder_that_cannot_be_written_to_is_said(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    done = run_cli("run", "--data-dir", str(blocked / "data"))
    assert done.returncode == 3
    assert "PLANTROOM_DATA_DIR" in done.stderr
    assert "Traceback" not in done.stderr
    if os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        assert run_cli("run", "--data-dir", str(closed)).returncode == 3


def test_a_data_folder_that_cannot_be_looked_into_is_said_by_check(tmp_path: Path):
    (tmp_path / "collect.lock").mkdir()
    done = run_cli("check", "--data-dir", str(tmp_path))
    assert done.returncode == 3
    assert "cannot be looked into" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_file_that_is_no_ledger_is_said_and_not_waited_for(tmp_path: Path, command: str):
    (tmp_path / "ledger.db").write_text("no ledger at all, whatever its name says " * 100)
    ports = {"PLANTROOM_HTTP_PORT": "0", "PLANTROOM_MQTT_PORT": "0"}
    done = run_cli(command, "--data-dir", str(tmp_path), settings=ports)
    assert done.returncode == 3
    assert "PLANTROOM_LEDGER_URL" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("started")
def test_an_empty_variable_is_not_set(tmp_path: Path):
    done = run_cli("check", "--data-dir", str(tmp_path), settings={"PLANTROOM_BROKER_URL": "", "PLANTROOM_NOW": ""})
    assert done.returncode == 0, done.stderr


def test_a_collector_without_a_broker_says_which_setting_it_needs(tmp_path: Path):
    done = run_cli("collect", "--data-dir", str(tmp_path))
    assert done.returncode == 3
    assert "PLANTROOM_BROKER_URL" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("run", "--nope"), ("nonsense",), ("token", "create", "x", "--role", "king"), ("simulate", "replay")]
)
def test_a_wrong_command_line_is_explained(arguments: tuple[str, ...]):
    done = run_cli(*arguments)
    assert done.returncode == 2
    assert "Usage: plantroom" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scenario_that_does_not_exist_is_said(tmp_path: Path):
    ports = ("--http-port", "0", "--mqtt-port", "0")
    done = run_cli("run", "--data-dir", str(tmp_path), *ports, "--simulate", "moonbase")
    assert done.returncode == 4
    assert "moonbase" in done.stderr
    assert "demo" in done.stderr
    assert "Traceback" not in done.stderr
