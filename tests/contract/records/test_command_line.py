"""``plantroom audit``: what an administrator, an auditor and a forger see of it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from plantroom.cli.main import app
from plantroom.ports.equipment import FileEntry
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW


@pytest.fixture
def run(started: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command on the data folder: its exit code and its JSON document."""
    monkeypatch.setenv("PLANTROOM_DATA_DIR", str(started))

    def command(*words: str) -> tuple[int, Any]:
        result = CliRunner().invoke(app, [*words, "--json"])
        return result.exit_code, json.loads(result.stdout) if result.stdout.strip() else None

    return command


def forge(folder: Path, *statements: str) -> None:
    """What whoever can write to the file can do."""
    connection = sqlite3.connect(folder / "ledger.db")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_untouched_ledger_is_intact(run: Any) -> None:
    code, said = run("audit", "verify")
    assert (code, said["intact"], said["broken"], said["heads"]) == (0, True, None, None)
    assert said["unsealed"] == said["entries"] > 0
    code, heads = run("audit", "heads", "--publish")
    assert (code, [head["seal"] for head in heads["items"]]) == (0, [1])
    code, said = run("audit", "verify")
    assert (code, said["intact"], said["unsealed"], said["heads_compared"]) == (0, True, 0, 1)


def test_a_changed_file_exits_with_4_and_names_the_first_place(run: Any, started: Path) -> None:
    run("audit", "heads", "--publish")
    forge(started, "UPDATE audit_entries SET \"by\" = 'nobody' WHERE position IN (7, 12)")
    code, said = run("audit", "verify")
    assert (code, said["intact"]) == (4, False)
    assert (said["broken"]["what"], said["broken"]["position"]) == ("entry_changed", 7)
    assert said["broken"]["at"].endswith("Z")


def test_a_head_that_was_mailed_finds_a_history_that_begins_anew(run: Any, started: Path, tmp_path: Path) -> None:
    run("audit", "heads", "--publish")
    mail = tmp_path / "mail.txt"
    (head,) = (started / "audit" / "heads").glob("*.txt")
    mail.write_text("Dear auditor,\n\n" + head.read_text())
    head.unlink()
    (started / "audit" / "heads" / "heads.log").unlink()
    forge(
        started,
        "UPDATE audit_entries SET reason = 'x' WHERE position = 9",
        "DELETE FROM audit_seals",
        "DELETE FROM audit_heads",
    )
    assert run("audit", "verify")[0] == 0, "nothing is left inside that could tell"
    code, said = run("audit", "verify", "--heads", str(mail))
    assert (code, said["broken"]["what"]) == (4, "end_cut_off")
    run("audit", "heads", "--publish")
    code, said = run("audit", "verify", "--heads", str(mail))
    assert (code, said["broken"]["what"]) == (4, "chain_rebuilt")


def test_heads_that_are_none_are_bad_data(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("hello")
    result = CliRunner().invoke(app, ["audit", "verify", "--heads", str(file)])
    assert "no published head" in str(result.exception)


def test_commands_are_known_in_the_list_with_the_reason_they_give(run: Any) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["--reason", "新来的技工", "user", "add", "zhao", "--role", "technician"]).exit_code == 0
    code, said = run("audit", "list", "--entity", "user", "--limit", "1")
    (entry,) = said["items"]
    assert code == 0
    assert (entry["label"], entry["action"], entry["reason"]) == ("zhao", "created", "新来的技工")
    assert entry["by"].startswith("cli:")
    assert entry["by_kind"] == "command"
    assert entry["after"]["password_hash"] == "(not kept)"
    assert run("audit", "list", "--by", "nobody")[1]["items"] == []


def test_files_are_read_unless_it_says_without_and_what_is_not_compared_is_said(run: Any, started: Path) -> None:
    code, said = run("audit", "verify")
    assert (code, said["files"], said["file_bytes"]) == (0, 0, 0)
    digest = "0" * 64
    with closing(SqlLedger(f"sqlite:///{started / 'ledger.db'}")) as ledger:
        ledger.open()
        with ledger.begin() as tx:
            tx.files.add(FileEntry(digest, "demo", "gap.jpg", "image/jpeg", 10, "li", NOW))
    code, said = run("audit", "verify")
    assert (code, said["broken"]["what"]) == (4, "file_removed")
    assert f"{digest} (files {digest}/demo (gap.jpg)) is not there any more" in said["broken"]["detail"]
    code, said = run("audit", "verify", "--without-files")
    assert (code, said["intact"], said["files"]) == (0, True, None)
    lines = CliRunner().invoke(app, ["audit", "verify", "--without-files"]).stdout
    assert "files not looked at (--without-files)" in lines
    assert "occurrences: while they are only due: the planner makes them" in lines
    assert "owner_contacts: personal data" in lines
