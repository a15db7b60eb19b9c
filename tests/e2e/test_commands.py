"""Commands that cannot do what they are asked: exit code and plain words, never a stack trace."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plantroom.domain.assets import LocalName, Site
from plantroom.storage.ledger import SqlLedger
from tests.e2e.plant import Plant
from tests.e2e.recordings import Recorded
from tests.product import Finished, Product, run_cli, run_together
from tests.servers.process import free_port

ROW = "2026-03-01T00:00:00Z,1.5\n"
BAD_FILES: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "No such file"),
    "empty": (b"", "empty"),
    "only a heading": (b"time,flow\n", "no rows"),
    "binary": (bytes(range(256)) * 40, "text"),
    "no time column": (b"flow,power\n1.5,2\n1.6,2\n", "--time-column"),
    "no numbers": (b"time,state\n2026-03-01T00:00:00Z,on\n2026-03-01T00:00:01Z,off\n", "no numeric column"),
    "a row too short": (b"time,flow,power\n" + b"2026-03-01T00:00:00Z,1,2\n2026-03-01T00:00:01Z,1\n", "row 3"),
    "a time that is none": (f"time,flow\n{ROW}yesterday,2\n".encode(), "row 3"),
}

WRONG_OPTIONS = (
    ("site", "atlantis", "atlantis"),
    ("class", "spaceship", "spaceship"),
    ("speed", "fast", "--speed"),
    ("speed", "0", "--speed"),
    ("speed", "nan", "--speed"),
    ("learn-rows", "100000", "--learn-rows"),
    ("time-column", "clock", "clock"),
    ("time-zone", "Mars/Olympus", "Mars/Olympus"),
    ("map", "flow", "--map"),
    ("asset", "A/B", "A/B"),
    ("asset", "A+", "A+"),
)
DAYS = ("--from", "2026-01-01", "--to", "2026-02-01")
WRONG_COMMANDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("plan", "preview", "--site", "demo", "--from", "soon", "--to", "2026-01-01"), "--from"),
    (("plan", "preview", "--site", "demo", "--from", "2026-02-01", "--to", "2026-01-01"), "--to"),
    (("plan", "preview", "--asset", "NOBODY", *DAYS), "NOBODY"),
    (("token", "create", "x", "--role", "viewer", "--ttl", "long"), "--ttl"),
    (("token", "create", "x", "--role", "viewer", "--site", "atlantis"), "atlantis"),
    (("models", "learn", "--asset", "NOBODY", *DAYS), "NOBODY"),
    (("dead-letter", "show", "nothing"), "nothing"),
    (("source", "add", "x", "--site", "demo", "--topics", "#", "--dialect", "json", "--asset", "X"), "--topics: "),
    (("source", "add", "x", "--site", "demo", "--topics", "a", "--dialect", "morse", "--asset", "X"), "morse"),
    (("source", "add", "x", "--site", "demo", "--topics", "a", "--dialect", "json", "--field", "a"), "--field"),
    (("source", "add", "x", "--site", "atlantis", "--topics", "a", "--dialect", "json", "--asset", "X"), "atlantis"),
    (("source", "remove", "nothing"), "nothing"),
    (("source", "test", "--topic", "a", "--payload", "/no/such"), "/no/such"),
    (("import", "tables", "file.csv"), "tables"),
    (("import", "plan_table", "/no/such.csv"), "/no/such.csv"),
    (("simulate", "batch", "--out", "/proc/no"), "/proc/no"),
    (("simulate", "live", "--scenario", "moonbase"), "moonbase"),
)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def see(done: Finished, code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word in done.stderr


def test_an_http_port_in_use_is_said_with_the_way_out(tmp_path: Path, taken_port: int):
    done = run_cli("run", "--data-dir", str(tmp_path), "--http-port", str(taken_port), "--mqtt-port", "0")
    see(done, 5, str(taken_port), "in use", "--http-port")


def test_an_mqtt_port_in_use_is_said_with_the_way_out(tmp_path: Path, taken_port: int):
    done = run_cli("run", "--data-dir", str(tmp_path), "--http-port", "0", "--mqtt-port", str(taken_port))
    see(done, 5, str(taken_port), "in use", "--mqtt-port", "PLANTROOM_BROKER_URL")


def test_two_plants_on_one_data_folder_are_refused(plant: Plant):
    arguments = ("run", "--data-dir", str(plant.process.data), "--http-port", "0", "--mqtt-port", "0")
    see(run_cli(*arguments), 3, "PLANTROOM_DATA_DIR", "in use by another plantroom process")
    assert plant.api.call("GET", "/readyz")[0] == 200
    assert plant.process.json("check")["ok"]


def replay_of(file: Path, **options: str) -> list[str]:
    chosen = {"site": "demo", "asset": "WRONG", "class": "pump", "speed": "max"} | options
    return ["simulate", "replay", str(file), *(f"--{option}={value}" for option, value in chosen.items())]


@pytest.fixture(scope="module")
def refusals(plant: Plant, sound: Recorded, tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Finished]:
    """What the command line says to each bad file, wrong option of a replay and wrong command."""
    calls: dict[Any, list[str]] = {case[0]: list(case[0]) for case in WRONG_COMMANDS}
    folder = tmp_path_factory.mktemp("bad-files")
    for name, (content, _) in BAD_FILES.items():
        file = folder / f"{name}.csv"
        if content is not None:
            file.write_bytes(content)
        calls[name] = replay_of(file)
    for option, value, _ in WRONG_OPTIONS:
        calls[option, value] = replay_of(sound.file, **{option: value})
    own, settings = ("--data-dir", str(plant.process.data)), plant.process.settings
    done = run_together({key: ((*arguments, *own), settings) for key, arguments in calls.items()})
    made = {asset["code"] for asset in plant.api.items("/api/v1/assets")}
    assert made.isdisjoint({"WRONG", "A/B", "A+"}), "a refused replay left its asset behind"
    return done


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_recording_that_cannot_be_used_is_explained(refusals: dict[Any, Finished], name: str):
    see(refusals[name], 4, BAD_FILES[name][1])


@pytest.mark.parametrize(("option", "value", "words"), WRONG_OPTIONS)
def test_a_replay_with_a_wrong_option_is_refused(refusals: dict[Any, Finished], option: str, value: str, words: str):
    see(refusals[option, value], 4, words)


@pytest.mark.parametrize(("arguments", "words"), WRONG_COMMANDS)
def test_a_command_with_wrong_data_says_which(refusals: dict[Any, Finished], arguments: tuple[str, ...], words: str):
    see(refusals[arguments], 4, words)


def test_a_replay_while_nothing_runs_says_what_to_start(tmp_path: Path, sound: Recorded):
    where = ("--site", "demo", "--asset", "P-1", "--class", "pump", "--data-dir", str(tmp_path))
    see(run_cli("simulate", "replay", str(sound.file), *where), 5, "plantroom run")


def test_check_finds_nothing_wrong_with_a_trial(started: Path):
    done = run_cli("check", "--data-dir", str(started))
    assert done.returncode == 0, done.stdout
    sound = ["data folder", "broker", "readings store", "ledger"]
    lines = [f"ok    {part}" for part in sound] + [
        "warn  channel",
        "warn  collectors",
        "warn  plan",
        "warn  way in",
        "ok    reports",
        "ok    web app",
    ]
    told = [line.split(": ")[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert told == lines


@pytest.mark.usefixtures("started")
def test_a_preview_of_nothing_in_particular_has_every_site(tmp_path: Path):
    """The sites of the data folder in one document, by due day."""

    def preview(*whose: str) -> list[dict[str, Any]]:
        done = run_cli("plan", "preview", *whose, *DAYS, "--data-dir", str(tmp_path), "--json")
        assert done.returncode == 0, done.stderr
        items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return items

    assert {item["site"] for item in preview()} == {"demo"}
    ledger = SqlLedger(f"sqlite:///{tmp_path}/ledger.db")
    ledger.open()
    with ledger.begin() as tx:
        tx.assets.add_site(Site("annex", LocalName("附楼", "Annex")))
    ledger.close()
    of_demo, of_annex, of_all = preview("--site", "demo"), preview("--site", "annex"), preview()
    assert of_demo
    assert of_annex
    assert sorted(map(str, of_all)) == sorted(map(str, of_demo + of_annex))
    assert [item["due"] for item in of_all] == sorted(item["due"] for item in of_all)


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize(
    ("setting", "value", "part"),
    [
        ("PLANTROOM_BROKER_URL", "mqtt://127.0.0.1:{port}", "broker"),
        ("PLANTROOM_READINGS_URL", "influxdb://token@127.0.0.1:{port}/org/bucket", "readings store"),
        ("PLANTROOM_LEDGER_URL", "postgresql+psycopg://me:secret@127.0.0.1:{port}/db", "ledger"),
    ],
)
def test_check_names_the_part_that_is_out_of_reach_and_what_to_do(tmp_path: Path, setting: str, value: str, part: str):
    done = run_cli("check", "--data-dir", str(tmp_path), settings={setting: value.format(port=free_port())})
    assert done.returncode == 5
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 1
    assert failed[0].startswith(f"FAIL  {part}:")
    assert f"mend {setting}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_check_says_which_setting_is_wrong(tmp_path: Path):
    done = run_cli("check", "--data-dir", str(tmp_path), settings={"PLANTROOM_LEDGER_URL": "mysql://localhost/x"})
    assert done.returncode == 3
    assert "PLANTROOM_LEDGER_URL" in done.stdout
    assert "what to do" in done.stdout


def test_a_command_on_a_server_out_of_reach_says_so_at_once(tmp_path: Path):
    url = f"postgresql+psycopg://me:secret@127.0.0.1:{free_port()}/db"
    done = run_cli("plan", "materialise", "--data-dir", str(tmp_path), settings={"PLANTROOM_LEDGER_URL": url})
    see(done, 5, "ledger")
    assert "secret" not in done.stderr


def test_batch_writes_the_same_building_twice(tmp_path: Path):
    for name in ("one", "two"):
        assert run_cli("simulate", "batch", "--out", str(tmp_path / name), "--hours", "0.05").returncode == 0
    assert (tmp_path / "one" / "P-1.csv").read_bytes() == (tmp_path / "two" / "P-1.csv").read_bytes()
    assert (tmp_path / "one" / "labels.json").is_file()


def test_ctrl_c_ends_a_plant_in_good_order(tmp_path: Path):
    product = Product(tmp_path / "data")
    product.start()
    assert product.process is not None
    product.process.send_signal(signal.SIGINT)
    assert product.process.wait(10) == 0
    assert "Traceback" not in product.words()
