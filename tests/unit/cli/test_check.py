"""``check`` says no more of the way in than is known."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.letters import DeadLetter
from plantroom.settings import Settings
from plantroom.storage.readings.kept import KeptReadings
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.usefixtures("started")

FULL = "spool: the disk is full; make room"


def rows(folder: Path) -> dict[str, dict[str, str]]:
    done = CliRunner().invoke(app, ["check", "--data-dir", str(folder), "--json"])
    return {part["part"]: part for part in json.loads(done.stdout)["parts"]}


def reported(folder: Path, seconds_ago: float, *troubles: Trouble, by: str = "elsewhere") -> None:
    parts = open_parts(Settings(data_dir=folder))
    with parts.ledger.begin() as tx:
        at = tx.collect.now() - timedelta(seconds=seconds_ago)
        words = [str(trouble) for trouble in troubles]
        report = CollectorReport(by, at, not troubles, words, {}, {"demo": {}}, troubles=troubles)
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
    done = CliRunner().invoke(app, ["check", "--data-dir", str(tmp_path / "new")])
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
    monkeypatch.setattr(KeptReadings, "retention_problem", lambda _: words)
    found = rows(tmp_path)["readings kept"]
    assert (found["look"], found["words"]) == ("FAIL", words)
    assert "influx bucket update" in found["advice"]


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
