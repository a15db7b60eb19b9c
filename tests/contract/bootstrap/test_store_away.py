"""Commands that need only the ledger, while the readings store is away: an outage is when people need them."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plantroom.bootstrap.parts import open_parts
from plantroom.domain.assets import Asset, LocalName, Point
from plantroom.settings import Settings
from tests.product import Finished, run_cli

PUMP = ("P-1",)
LEDGER_ONLY: tuple[tuple[str, ...], ...] = (
    ("token", "create", "x", "--role", "viewer"),
    ("user", "password", "admin"),
    ("device", "add", "--site", "demo", "--client", "p4"),
    ("device", "list"),
    ("device", "revoke", "--site", "demo", "--client", "p4"),
    ("alarms", "list"),
    ("alarms", "shelved"),
    ("dead-letter", "list"),
    ("gaps", "list"),
    ("leases", "list"),
    ("clocks", "list"),
    ("source", "list"),
    ("source", "test", "--topic", "plantroom/demo/P-1/telemetry", "--payload", "MESSAGE"),
    ("asset", "maintenance", *PUMP, "--for", "1h", "--reason", "x"),
    ("asset", "maintenance", *PUMP, "--end"),
    ("points", "limits", "show", *PUMP, "vibration"),
    ("points", "limits", "set", *PUMP, "vibration", "--alarm-high", "9", "--reason", "x"),
    ("loop-test", "list"),
    ("broker", "config", "--out", "BROKER", "--self-signed", "--host", "localhost"),
    ("plan", "preview", "--from", "2030-01-01", "--to", "2030-02-01", "--site", "demo"),
    ("plan", "materialise"),
    ("import", "plan_table", "TABLE", "--dry-run"),
)
GO_BY_READINGS = tuple(one for one in LEDGER_ONLY if one[:2] in {("plan", "preview"), ("plan", "materialise")})
NEED_READINGS: tuple[tuple[str, ...], ...] = (
    ("models", "learn", "--asset", *PUMP, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T00:00:00Z"),
    ("readings", "roll-up", "--asset", *PUMP, "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T00:00:00Z"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the pump P-1, made while all was well."""
    table = tmp_path / "table.csv"
    table.write_text("system,task,frequency\n", encoding="utf-8")
    (tmp_path / "message.json").write_text('{"values": {"vibration": 2}}', encoding="utf-8")
    parts = open_parts(Settings(data_dir=tmp_path / "data"))
    with parts.ledger.begin() as tx:
        pump = Asset("p1", "demo", "P-1", "pump", LocalName("泵", "Pump"))
        tx.assets.add(pump, [Point("p1", template) for template in parts.classes["pump"].points])
    parts.close()
    return tmp_path / "data"


def called(data: Path, url: str, command: tuple[str, ...]) -> Finished:
    places = {"MESSAGE": "message.json", "TABLE": "table.csv", "BROKER": "broker"}
    named = [str(data.parent / places[word]) if word in places else word for word in command]
    settings = {"PLANTROOM_READINGS_URL": url}
    if (data.parent / "broker").exists():
        settings["PLANTROOM_BROKER_FILES"] = str(data.parent / "broker")
    return run_cli(*named, "--data-dir", str(data), settings=settings)


def answers_without_readings(data: Path, url: str, commands: tuple[tuple[str, ...], ...] = LEDGER_ONLY) -> None:
    """Every one of the commands does its work."""
    failed = {}
    for command in commands:
        done = called(data, url, command)
        # A table without rows is bad data, whoever is away.
        if done.returncode not in ({0, 4} if command[0] == "import" else {0}):
            failed[command] = (done.returncode, done.stderr[-200:])
    assert not failed


def readings_are_missed(data: Path, url: str) -> None:
    for command in NEED_READINGS:
        done = called(data, url, command)
        assert (done.returncode, "InfluxDB" in done.stderr) == (5, True), done.stderr


def test_commands_of_the_ledger_work_while_the_store_is_stopped_or_refuses_the_token(own_influx, data: Path) -> None:
    wrong = own_influx.access.readings_url("store_away").replace(own_influx.access.token, "wrong")
    assert wrong != own_influx.access.readings_url("store_away")
    answers_without_readings(data, wrong)
    readings_are_missed(data, wrong)
    own_influx.stop()
    answers_without_readings(data, own_influx.access.readings_url("store_away"))
    readings_are_missed(data, own_influx.access.readings_url("store_away"))


@pytest.fixture
def hanging() -> Iterator[socket.socket]:
    """A port that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        server.setblocking(False)
        yield server


def test_a_store_that_hangs_is_not_even_asked(hanging: socket.socket, data: Path) -> None:
    url = f"influxdb://t@127.0.0.1:{hanging.getsockname()[1]}/o/b"
    answers_without_readings(data, url, tuple(one for one in LEDGER_ONLY if one not in GO_BY_READINGS))
    with pytest.raises(BlockingIOError):
        hanging.accept()


def test_the_plan_asks_it_for_running_hours_and_goes_on_without_them(hanging: socket.socket, data: Path) -> None:
    answers_without_readings(data, f"influxdb://t@127.0.0.1:{hanging.getsockname()[1]}/o/b", GO_BY_READINGS)
    hanging.accept()


def test_a_readings_folder_that_cannot_be_written_keeps_no_command_of_the_ledger_away(data: Path) -> None:
    (data.parent / "file").write_text("", encoding="utf-8")
    answers_without_readings(data, f"sqlite:///{data.parent}/file/readings.db", LEDGER_ONLY[:3])
    done = called(data, f"sqlite:///{data.parent}/file/readings.db", NEED_READINGS[0])
    assert done.returncode == 3, done.stderr


def test_a_wrong_setting_of_the_store_is_still_told(data: Path) -> None:
    assert called(data, "influxdb://no-token-and-no-path", ("leases", "list")).returncode == 3
