"""What publishers say reaches a terminal as text and never as a command to it."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plantroom.bootstrap.parts import open_parts
from plantroom.cli.common import emit
from plantroom.plain import plain, plain_json
from plantroom.ports.letters import DeadLetter
from plantroom.settings import Settings
from tests.product import CLI, environment

PWNED = "\x1b]0;pwned\x07\x1b[2J"
BIDI = "abc\u202edef\u2066\u200f"


TEXT = st.text(st.characters(categories=["Cc", "Cf", "Cs", "L", "Zl", "Zp", "So", "Zs"]))


@given(TEXT)
def test_no_text_keeps_a_character_that_a_terminal_acts_on(text: str) -> None:
    made = plain(text)
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200f\u2028" for c in made)
    made.encode()  # no half of a character, either


@given(st.dictionaries(TEXT, TEXT | st.lists(TEXT)), st.sampled_from([None, 2]))
def test_json_keeps_none_of_them_and_stays_the_same_document(document: dict[str, object], indent: int | None) -> None:
    made = plain_json(json.dumps(document, ensure_ascii=False, indent=indent))
    assert plain(made, keep="\n") == made
    assert json.loads(made) == document


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PWNED, "\\x1b]0;pwned\\x07\\x1b[2J"),
        (BIDI, "abc\\u202edef\\u2066\\u200f"),
        ("\x9b2J", "\\x9b2J"),
        ("a\nb", "a\\nb"),
        ("泵 25 °C [bold]\\n", "泵 25 °C [bold]\\n"),
    ],
)
def test_what_a_terminal_acts_on_is_written_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_line_stays_one_line_and_json_stays_what_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    emit({}, False, [f"a {PWNED}\nforged line", "b"])
    assert capsys.readouterr().out == "a \\x1b]0;pwned\\x07\\x1b[2J\\nforged line\nb\n"
    document = {"topic": f"{PWNED}{BIDI}\x9b泵\ud800"}
    emit(document, True)
    printed = capsys.readouterr().out
    assert printed.isascii() or plain(printed, keep="\n") == printed
    assert json.loads(printed) == document


@pytest.fixture
def letter(started: Path) -> str:
    parts = open_parts(Settings(data_dir=started))
    now = parts.clock.now()
    with parts.ledger.begin() as tx:
        one = DeadLetter("letter-1", "demo", now, f"plantroom/demo/{PWNED}/x", f"not_json: {BIDI}", PWNED.encode())
        tx.collect.add_dead_letters([one])
    parts.close()
    return "letter-1"


def on_a_terminal(*arguments: str) -> bytes:
    ours, theirs = pty.openpty()
    with subprocess.Popen([str(CLI), *arguments], stdout=theirs, stderr=theirs, env=environment({})) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                said += (more := os.read(ours, 65536))
            except OSError:  # the other end is closed
                break
            if not more:
                break
        process.wait(60)
    os.close(ours)
    return said


def test_a_letter_is_shown_on_a_terminal_in_plain_words_and_raw_only_on_request(tmp_path: Path, letter: str) -> None:
    where = ("--data-dir", str(tmp_path))
    shown = on_a_terminal("dead-letter", "show", letter, *where)
    assert b"\x1b" not in shown
    assert b"\\x1b]0;pwned" in shown
    assert PWNED.encode() in on_a_terminal("dead-letter", "show", letter, "--raw", *where)
    piped = subprocess.run([CLI, "dead-letter", "show", letter, *where], check=True, capture_output=True)
    assert piped.stdout == PWNED.encode()
    assert b"\x1b" not in piped.stderr
