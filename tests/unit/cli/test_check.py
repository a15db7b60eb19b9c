"""``check`` says no more of the way in than is known."""

import http.server
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.conditions import Condition, Help, Level
from plantroom.bootstrap.folder import hold_folder
from plantroom.bootstrap.leasing import holder_id
from plantroom.bootstrap.parts import open_parts
from plantroom.cli.check_flow import look_of
from plantroom.cli.main import app
from plantroom.domain.assets import LocalName
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.errors import NothingLeft
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.letters import DeadLetter
from plantroom.ports.readings import StoreSeen
from plantroom.settings import Settings
from plantroom.storage.ledger.sqlite import SqliteBackend
from plantroom.storage.readings.kept import KeptReadings
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.usefixtures("started")

FULL = "spool: the disk is full; make room"


def everything(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def rows(folder: Path) -> dict[str, dict[str, str]]:
    done = CliRunner().invoke(app, ["check", "--data-dir", str(folder), "--json"])
    return {part["part"]: part for part in json.loads(done.stdout)["parts"]}


def reported(folder: Path, seconds_ago: float, *troubles: Trouble, by: str = "elsewhere", store: str = "") -> None:
    parts = open_parts(Settings(data_dir=folder))
    with parts.ledger.begin() as tx:
        at = tx.collect.now() - timedelta(seconds=seconds_ago)
        words = [str(trouble) for trouble in troubles]
        report = CollectorReport(by, at, not troubles, words, {}, {"demo": {}}, troubles, store)
        tx.collect.report_collector(report)
    parts.close()


@contextmanager
def serving(folder: Path, status: int, body: dict[str, object]) -> Iterator[None]:
    """Something that holds the folder and answers ``/readyz`` so."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    facts = {"http_url": f"http://127.0.0.1:{server.server_port}", "mqtt_host": "127.0.0.1", "mqtt_port": 1}
    folder.mkdir(exist_ok=True)
    with hold_folder(folder):
        (folder / "runtime.json").write_text(json.dumps(facts))
        yield
    server.shutdown()
    server.server_close()


def test_where_no_collector_runs_that_is_a_warning(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path)])
    assert done.exit_code == 0
    assert "warn  collectors: none holds a site" in done.stdout
    assert "warn  way in: no collector is running" in done.stdout
    assert "flowing" not in done.stdout


@pytest.mark.parametrize(("seconds_ago", "look", "words"), [(0, "ok", "all is flowing"), (9, "warn", "not known: ")])
def test_an_old_report_is_no_proof_that_all_flows(tmp_path: Path, seconds_ago: float, look: str, words: str) -> None:
    reported(tmp_path, seconds_ago)
    row = rows(tmp_path)["way in"]
    assert row["look"] == look
    assert row["words"].startswith(words)


def test_the_collector_of_this_very_folder_is_not_missed_while_nobody_runs_it(tmp_path: Path) -> None:
    own = holder_id(tmp_path)
    reported(tmp_path, 60, by=own)
    row = rows(tmp_path)["way in"]
    assert (row["look"], "silent" in row["words"]) == ("warn", False)


def test_looking_names_no_folder_that_no_collector_ran_on(tmp_path: Path) -> None:
    rows(tmp_path)
    assert not (tmp_path / "collector-id").exists()


def test_a_collector_that_says_no_more_is_told(tmp_path: Path) -> None:
    reported(tmp_path, 60)
    assert rows(tmp_path)["way in"]["look"] == "FAIL"


def test_what_is_not_ready_by_its_own_word_is_not_ready_by_ours(tmp_path: Path) -> None:
    reported(tmp_path, 0)
    with serving(tmp_path, 503, {"reasons": [FULL, "ledger: database or disk is full"]}):
        found = rows(tmp_path)
        done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path)])
    assert done.exit_code == 5
    assert found["service"]["look"] == "FAIL"
    assert FULL in found["service"]["words"]
    assert found["way in"] == {
        "part": "way in", "ok": True, "look": "warn", "words": "not known: what runs here is not ready", "advice": "",
    }  # fmt: skip


def test_what_is_ready_is_said_to_be(tmp_path: Path) -> None:
    reported(tmp_path, 0)
    with serving(tmp_path, 200, {"status": "ready"}):
        found = rows(tmp_path)
    assert found["service"]["words"].endswith(" is ready")
    assert found["way in"]["words"] == "all is flowing"


def test_what_holds_the_folder_and_does_not_answer_is_told(tmp_path: Path) -> None:
    with hold_folder(tmp_path):
        (tmp_path / "runtime.json").write_text('{"http_url": "http://127.0.0.1:9"}')
        assert rows(tmp_path)["service"]["look"] == "FAIL"


def test_a_killed_services_address_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "runtime-serve.json").write_text('{"http_url": "http://127.0.0.1:9"}')
    assert "service" not in rows(tmp_path)


def test_a_reported_trouble_is_a_failure(tmp_path: Path) -> None:
    reported(tmp_path, 0, Trouble(TroubleKind.SPOOL_FULL, FULL, "demo", "normal"))
    assert rows(tmp_path)["way in"]["look"] == "FAIL"


def test_a_bucket_whose_rule_is_another_than_the_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "readings kept" not in rows(tmp_path)
    words = "bucket 'theirs' keeps 400 days, not 91 days"
    monkeypatch.setattr(KeptReadings, "look", lambda _: StoreSeen(other_rules=(words,)))
    found = rows(tmp_path)["readings kept"]
    assert (found["look"], found["words"]) == ("FAIL", words)
    assert "influx bucket update" in found["advice"]
    monkeypatch.setattr(KeptReadings, "look", lambda _: StoreSeen(own_rules=(words,)))
    found = rows(tmp_path)["readings kept"]
    assert (found["look"], found["words"].startswith(words)) == ("warn", True)
    assert "a collector sets it" in found["words"]


def test_a_folder_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    before = everything(tmp_path)
    done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path / "typo")])
    assert done.exit_code == 3
    assert f"FAIL  data folder: PLANTROOM_DATA_DIR: there is no folder {tmp_path / 'typo'}" in done.stdout
    assert "`plantroom run`" in done.stdout
    assert done.stdout.count("FAIL") == 1
    assert "ok    ledger" not in done.stdout
    assert everything(tmp_path) == before


def test_a_folder_in_which_nothing_was_begun_is_named_and_left_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path / "empty")])
    assert done.exit_code == 3
    assert f"FAIL  ledger: PLANTROOM_DATA_DIR: there is no ledger in {tmp_path / 'empty'}" in done.stdout
    assert done.stdout.count("FAIL") == 1
    assert everything(tmp_path / "empty") == []


def test_a_ledger_of_an_older_version_is_not_brought_up_to_date_by_looking(tmp_path: Path) -> None:
    open_parts(Settings(data_dir=tmp_path)).close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        db.execute("UPDATE alembic_version SET version_num = '0018'")
        db.commit()
    done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path)])
    assert "warn  ledger: not looked at: it is an older version's (schema 0018)" in done.stdout
    assert "`plantroom run`, `serve` or `collect` of this version brings it up to date" in done.stdout
    assert "not known: the ledger cannot be read" in done.stdout
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [("0018",)]


def test_a_store_that_no_collector_has_made_yet_is_not_made_by_looking(tmp_path: Path, monkeypatch) -> None:
    for name in ("readings", "readings_10m", "readings_1h"):
        (tmp_path / f"{name}.db").unlink()
    before = everything(tmp_path)
    found = rows(tmp_path)["readings store"]
    assert found["look"] == "warn"
    assert f"file {tmp_path}/readings.db is not there; the collector makes it at its start" in found["words"]
    assert "PLANTROOM_READINGS_URL is not set here" in found["words"]
    monkeypatch.setenv("PLANTROOM_READINGS_URL", "sqlite:///nonexist/x.db")
    found = rows(tmp_path)["readings store"]
    assert f"file {tmp_path}/nonexist/x.db is not there; the collector makes it at its start" in found["words"]
    assert "is the name right?" in found["words"]
    assert everything(tmp_path) == before


def test_a_store_that_is_there_is_named(tmp_path: Path) -> None:
    assert rows(tmp_path)["readings store"]["words"] == f"sqlite:///{tmp_path}/readings.db answers"


def test_a_store_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PLANTROOM_READINGS_URL", "sqlite:///file/more/x.db")
    found = rows(tmp_path)["readings store"]
    assert (found["look"], found["words"].startswith("PLANTROOM_READINGS_URL: ")) == ("FAIL", True)


def test_a_collector_that_writes_to_another_store_is_named(tmp_path: Path) -> None:
    own = f"sqlite:///{tmp_path}/readings.db"
    reported(tmp_path, 0, by="plant-1", store=own)
    assert rows(tmp_path)["readings store"]["look"] == "ok"
    reported(tmp_path, 60, by="gone-2", store="influxdb://old:8086/o/b")
    assert "stores elsewhere" not in rows(tmp_path)
    reported(tmp_path, 0, by="plant-1", store="influxdb://influx:8086/org/plant")
    found = rows(tmp_path)["stores elsewhere"]
    assert found["look"] == "warn"
    assert "plant-1 writes to influxdb://influx:8086/org/plant" in found["words"]
    assert own in found["words"]
    assert "PLANTROOM_READINGS_URL" in found["advice"]
    (tmp_path / "readings.db").unlink()
    assert "makes it at its start" not in rows(tmp_path)["readings store"]["words"]


def test_a_collector_with_a_broker_that_this_shell_does_not_know_is_no_fault_of_the_broker(tmp_path: Path) -> None:
    reported(tmp_path, 0)
    with hold_folder(tmp_path):
        (tmp_path / "runtime-collect.json").write_text('{"mqtt_host": "plant.example", "mqtt_port": 1884}')
        found = rows(tmp_path)["broker"]
    assert found["look"] == "warn"
    assert found["words"] == (
        f"not known: a collector runs on {tmp_path} with a broker of its own settings (plant.example:1884), and"
        " PLANTROOM_BROKER_URL is not set here"
    )
    assert "set -a; . OUT/plantroom.env; set +a" in found["advice"]
    assert "start the broker" not in found["advice"]


@contextmanager
def full_ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The ledger can be read, and not be written."""

    def refuse(*_: object) -> None:
        raise NothingLeft("ledger", "less than 4 MiB of its disk are free; make room")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteBackend, "check_writable", refuse)
        yield


def test_of_a_ledger_that_cannot_be_written_silence_says_nothing(tmp_path: Path, monkeypatch) -> None:
    reported(tmp_path, 60)
    with full_ledger(monkeypatch):
        done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path)])
    assert done.exit_code == 5
    assert "FAIL  ledger: ledger: less than 4 MiB" in done.stdout
    assert "warn  collectors: not known: the ledger cannot be written (see above)" in done.stdout
    assert "warn  way in: not known: the ledger cannot be written (see above)" in done.stdout
    for wrong in ("silent", "start `plantroom", "start it if not", "flowing", "no collector is running"):
        assert wrong not in done.stdout
    assert rows(tmp_path)["way in"]["look"] == "FAIL", "there is room again, and still no word"


def test_what_was_told_of_late_is_believed_on_a_full_disk_too(tmp_path: Path, monkeypatch) -> None:
    reported(tmp_path, 0, Trouble(TroubleKind.SPOOL_FULL, FULL, "demo", "normal"))
    with full_ledger(monkeypatch):
        found = rows(tmp_path)
    assert "The collector's disk is full" in found["way in"]["words"]


def test_of_messages_without_a_site_none_is_named(tmp_path: Path) -> None:
    reported(tmp_path, 0)
    parts = open_parts(Settings(data_dir=tmp_path))
    with parts.ledger.begin() as tx:
        letter = DeadLetter("l1", "", tx.collect.now(), "plantroom//Z-1/telemetry", "unknown_topic", b"x")
        tx.collect.add_dead_letters([letter])
    parts.close()
    row = rows(tmp_path)["way in"]
    assert row["words"].startswith("Topics without a site's code since ")
    assert "replay" not in row["advice"]


def test_what_somebody_has_to_look_at_is_a_warning_and_no_failure(tmp_path: Path) -> None:
    reported(tmp_path, 0)
    parts = open_parts(Settings(data_dir=tmp_path))
    with parts.ledger.begin() as tx:
        now = tx.collect.now()
        letter = DeadLetter("l1", "demo", now, "plantroom/demo/P-9/telemetry", "not_json: line 1", b"x")
        tx.collect.add_dead_letters([letter])
    parts.close()
    done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path)])
    assert done.exit_code == 0, done.stdout
    assert "warn  way in: Messages that cannot be read" in done.stdout


@pytest.mark.parametrize(
    ("level", "help_", "look"),
    [
        (Level.INFO, Help.LETTERS, "ok"),
        (Level.INFO, Help.NONE, "ok"),
        (Level.WARNING, Help.GAPS, "warn"),
        (Level.WARNING, Help.NONE, "FAIL"),
        (Level.URGENT, Help.NONE, "FAIL"),
    ],
)
def test_a_condition_looks_as_much_as_it_weighs(level: Level, help_: Help, look: str) -> None:
    none = LocalName("", "")
    assert look_of(Condition("x", level, none, none, none, none, help=help_)).value == look


def test_a_broker_that_refuses_the_password_is_not_to_be_started(tmp_path: Path, monkeypatch) -> None:
    server = Mosquitto(extra=("allow_anonymous false",))
    with server:
        monkeypatch.setenv("PLANTROOM_BROKER_URL", f"mqtt://plantroom:wrong@127.0.0.1:{server.port}")
        row = rows(tmp_path)["broker"]
    assert (row["look"], "Not authorized" in row["words"]) == ("FAIL", True)
    assert "user and password" in row["advice"]
    assert "start the broker" not in row["advice"]
    assert "start the broker" in rows(tmp_path)["broker"]["advice"], "it is gone now"
