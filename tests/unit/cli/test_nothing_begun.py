"""A data folder in which nothing was ever begun: a list of nothing would say that all is well."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from plantroom.cli.main import main
from plantroom.cli.reference import commands

DAYS = ("--from", "2026-01-01", "--to", "2026-02-01")
PUMP = ("--site", "demo", "--class", "pump")
OF_AN_INSTALLATION: tuple[tuple[str, ...], ...] = (
    ("alarms", "list"), ("alarms", "shelved"), ("alarms", "acknowledge", "x"), ("alarms", "unshelve", "x"),
    ("alarms", "shelve", "x", "--reason", "y", "--for", "1h"),
    ("asset", "maintenance", "P-1", "--end"), ("asset", "list"), ("asset", "show", "P-1"), ("asset", "due"),
    ("asset", "labels", "--site", "demo", "--out", "/nowhere/labels.html"),
    ("audit", "verify"), ("audit", "heads"), ("audit", "list"),
    ("broker", "forget", "--out", "/nowhere"),
    ("channel", "list"), ("channel", "test", "x"), ("channel", "remove", "x"),
    ("channel", "add", "x", "--url", "json://127.0.0.1/x"),
    ("clocks", "list"), ("export", "assets", "/nowhere/assets.csv"),
    ("dead-letter", "list"), ("dead-letter", "show", "x"), ("dead-letter", "replay", "--all"),
    ("dead-letter", "discard", "x"),
    ("device", "list"), ("device", "add", "--site", "demo", "--client", "x"),
    ("device", "revoke", "--site", "demo", "--client", "x"),
    ("device", "certificate", "--site", "demo", "--client", "x", "--out", "."),
    ("gaps", "list"), ("gaps", "ask", "x"), ("gaps", "give-up", "x"),
    ("leases", "list"),
    ("location", "tree", "--site", "demo"), ("location", "move", "x"), ("location", "remove", "x"),
    ("location", "add", "x", "--site", "demo", "--kind", "building"),
    ("loop-test", "start", *PUMP), ("loop-test", "list"), ("loop-test", "show", "x"), ("loop-test", "ask", "x", "1"),
    ("loop-test", "confirm", "x", "1", "--user", "li", "--password-stdin"),
    ("loop-test", "skip", "x", "1", "--reason", "y"), ("loop-test", "finish", "x"), ("loop-test", "report", "x"),
    ("models", "learn", "--asset", "P-1", *DAYS),
    ("budget", "show"), ("incidents", "list"), ("risk", "list"),
    ("plan", "changes"), ("plan", "effects", "x"), ("plan", "approve", "x"), ("plan", "reject", "x", "--reason", "y"),
    ("plan", "preview", *DAYS), ("plan", "materialise"), ("plan", "coverage"),
    ("points", "limits", "show", "P-1"), ("points", "limits", "set", "P-1", "flow", "--reason", "x"),
    ("readings", "roll-up", "--asset", "P-1", *DAYS),
    ("sla", "show"), ("report", "monthly", "-o", "x.html"), ("report", "pack", "--system", "fire", "-o", "x.html"),
    ("source", "list"), ("source", "remove", "x"), ("source", "test", "--topic", "a", "--payload", "/dev/null"),
    ("source", "add", "x", "--site", "demo", "--topics", "a", "--dialect", "json", "--asset", "X"),
    ("spool", "status"),
    ("staff", "expiring"), ("staff", "off", "li", "--reason", "x"), ("staff", "on-shift", "--site", "demo"),
    ("staff", "on-call", "--site", "demo"), ("staff", "give-out", "--site", "demo"),
    ("user", "list"), ("user", "password", "admin"),
)  # fmt: skip
BEGIN = {"run", "collect", "serve", "broker config", "import", "token create", "user add"}
BEGIN |= {"simulate replay", "simulate live", "seed"}
NEED_NONE = {"classes", "simulate batch"}
HAS_ITS_OWN_TESTS = {"check"}


def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, command: Sequence[str]
) -> tuple[object, str]:
    """Exit code, and all that was printed."""
    monkeypatch.setattr("sys.stdin", io.StringIO("password\n"))
    monkeypatch.setattr("sys.argv", ["plantroom", *command, "--data-dir", str(folder)])
    try:
        main()
    except SystemExit as ended:
        told = capsys.readouterr()
        return ended.code, told.out + told.err
    told = capsys.readouterr()
    return 0, told.out + told.err


def test_every_command_has_been_thought_of() -> None:
    known = {name.removeprefix("plantroom ") for name, _ in commands()}
    named = {one for one in known if any(" ".join(words).startswith(one) for words in OF_AN_INSTALLATION)}
    assert {one for one in known if not one.startswith("bench")} == named | BEGIN | NEED_NONE | HAS_ITS_OWN_TESTS


@pytest.mark.parametrize("command", OF_AN_INSTALLATION, ids=" ".join)
def test_a_folder_that_is_not_there_is_named_and_stays_so(tmp_path: Path, capsys, monkeypatch, command) -> None:
    code, words = said(capsys, monkeypatch, tmp_path / "typo", command)
    assert code == 3, words
    assert f"PLANTROOM_DATA_DIR: there is no folder {tmp_path / 'typo'}" in words
    assert "--data-dir" in words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [one for one in OF_AN_INSTALLATION if one[0] != "spool"], ids=" ".join)
def test_a_folder_without_a_ledger_is_named_and_gets_none(tmp_path: Path, capsys, monkeypatch, command) -> None:
    code, words = said(capsys, monkeypatch, tmp_path, command)
    assert code == 3, words
    assert f"PLANTROOM_DATA_DIR: there is no ledger in {tmp_path}" in words
    assert "`plantroom run`" in words
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_no_ledger(tmp_path: Path, capsys, monkeypatch) -> None:
    (tmp_path / "ledger.db").touch()
    code, words = said(capsys, monkeypatch, tmp_path, ["alarms", "list"])
    assert (code, "there is no ledger in" in words) == (3, True), words
    assert (tmp_path / "ledger.db").stat().st_size == 0


def test_a_ledger_elsewhere_is_called_by_its_setting(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("PLANTROOM_LEDGER_URL", f"sqlite:///{tmp_path}/there/ledger.db")
    code, words = said(capsys, monkeypatch, tmp_path, ["gaps", "list"])
    assert (code, "PLANTROOM_LEDGER_URL: there is no ledger" in words) == (3, True), words
    assert f"{tmp_path}/there/ledger.db" in words
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way_of_the_ledger_is_said(tmp_path: Path, capsys, monkeypatch) -> None:
    (tmp_path / "file").touch()
    code, words = said(capsys, monkeypatch, tmp_path / "file" / "data", ["alarms", "list"])
    assert (code, "there is no folder" in words) == (3, True), words


def test_a_ledger_of_a_collector_alone_is_one_and_gets_no_users(started: Path, capsys, monkeypatch) -> None:
    """A collector makes the tables and nothing in them."""
    from plantroom.bootstrap.parts import open_parts
    from plantroom.settings import Settings

    folder = started / "collected"
    open_parts(Settings(data_dir=folder), seed=False, with_readings=False).close()
    capsys.readouterr()
    assert said(capsys, monkeypatch, folder, ["user", "list"]) == (0, "\n")
    assert not (folder / "initial-admin").exists()


@pytest.mark.parametrize(
    "command", [("token", "create", "x", "--role", "viewer"), ("user", "add", "li", "--role", "viewer")]
)
def test_what_begins_an_installation_says_where(tmp_path: Path, capsys, monkeypatch, command) -> None:
    code, words = said(capsys, monkeypatch, tmp_path / "new", command)
    assert code == 0, words
    assert f"there was no ledger in {tmp_path / 'new'}: a new one begins" in words
    assert (tmp_path / "new" / "ledger.db").exists()
    assert "a new one begins" not in said(capsys, monkeypatch, tmp_path / "new", ("user", "list"))[1]


def test_looking_through_a_table_begins_none(tmp_path: Path, capsys, monkeypatch) -> None:
    table = tmp_path / "table.csv"
    table.write_text("system,task,frequency\n", encoding="utf-8")
    code, words = said(capsys, monkeypatch, tmp_path / "new", ["import", "plan_table", str(table), "--dry-run"])
    assert (code, "there is no folder" in words) == (3, True), words
    assert not (tmp_path / "new").exists()


def test_a_simulation_without_a_broker_begins_nothing(tmp_path: Path, capsys, monkeypatch) -> None:
    recording = tmp_path / "pump.csv"
    recording.write_text("time,flow\n2026-03-01T00:00:00Z,1.5\n2026-03-01T00:00:01Z,1.6\n", encoding="utf-8")
    for command in (("live", "--scenario", "demo"), ("replay", str(recording), *PUMP, "--asset", "P-1")):
        code, words = said(capsys, monkeypatch, tmp_path / "new", ["simulate", *command])
        assert (code, "Start `plantroom run` first" in words) == (5, True), words
        assert not (tmp_path / "new").exists()
