"""``dead-letter replay`` tells what became of what was asked for; letters of a kind are listed and thrown away."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.cli.main import app
from plantroom.errors import BadData
from plantroom.ports.letters import DeadLetter, message_of
from plantroom.settings import Settings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def letter(letter_id: str, reason: str, site: str = "demo", topic: str = "t") -> DeadLetter:
    return DeadLetter(letter_id, site, NOON + timedelta(seconds=int(letter_id[1])), topic, reason, b"{")


def put(folder: Path, *letters: DeadLetter) -> None:
    parts = open_parts(Settings(data_dir=folder))
    with parts.ledger.begin() as tx:
        tx.collect.add_dead_letters(letters)
    parts.close()


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["dead-letter", *words, "--data-dir", str(folder)])


def said(folder: Path, *words: str) -> str:
    done = run(folder, *words)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


Becomes = Callable[[Sequence[DeadLetter]], Sequence[DeadLetter]]


@contextmanager
def collector(folder: Path, becomes: Becomes) -> Iterator[None]:
    """Takes up what is asked for, as a collector does: with all letters of its messages."""
    parts, over = open_parts(Settings(data_dir=folder)), threading.Event()

    def turn(parts: Parts) -> None:
        with parts.ledger.begin() as tx:
            messages = [one.message for one in tx.collect.letters_to_replay("demo", 100)]
            if messages:
                letters = tx.collect.letters_of(messages)
                tx.collect.discard_messages(messages)
                tx.collect.add_dead_letters(becomes(letters))

    def go() -> None:
        while not over.wait(0.02):
            turn(parts)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        parts.close()


def test_a_replay_that_stores_nothing_says_so(started: Path) -> None:
    put(started, letter("a1-1", "unknown_asset"), letter("a2-1", "unknown_asset"))
    with collector(started, lambda letters: letters):
        assert said(started, "replay", "--reason", "unknown_asset", "--wait", "60") == (
            "2 asked for: 0 stored, 2 back (unknown_asset 2)"
        )


def test_a_replay_counts_what_is_stored_and_what_is_back_and_why(started: Path) -> None:
    put(started, letter("a1-1", "unknown_asset"), letter("a2-1", "unknown_asset"), letter("a3-1", "unknown_asset"))
    back = {"a1": [letter("a1-2", "unknown_point: x")], "a2": [letter("a2-1", "unknown_asset")], "a3": []}
    with collector(started, lambda letters: [one for old in letters for one in back[old.message]]):
        found = json.loads(said(started, "replay", "--all", "--wait", "60", "--json"))
    assert found == {
        "asked": 3, "replayed": 3, "waiting": 0, "stored": 1, "back": 2,
        "back_reasons": {"unknown_point": 1, "unknown_asset": 1}, "left": {},
    }  # fmt: skip


def test_what_was_wrong_for_another_reason_before_says_nothing_of_what_was_asked_for(started: Path) -> None:
    put(started, letter("a1-1", "unknown_point"), letter("a1-2", "not_a_number"))
    with collector(started, lambda letters: [one for one in letters if one.reason == "not_a_number"]):
        assert said(started, "replay", "--reason", "unknown_point", "--wait", "60") == "1 asked for: 1 stored"


def test_what_nobody_takes_up_waits(started: Path) -> None:
    put(started, letter("a1-1", "unknown_asset"))
    found = json.loads(said(started, "replay", "--all", "--wait", "0", "--json"))
    assert (found["asked"], found["replayed"], found["waiting"], found["stored"], found["back"]) == (1, 0, 1, 0, 0)
    put(started, letter("a2-1", "unknown_asset"))
    assert said(started, "replay", "--all", "--wait", "0") == "1 asked for: 1 waiting for the collector of their site"


def test_letters_that_others_wait_for_are_not_among_them(started: Path) -> None:
    put(started, letter("a1-1", "unknown_asset"))
    said(started, "replay", "a1-1", "--wait", "0")
    put(started, letter("a2-1", "unknown_point"))

    def only_second(letters: Sequence[DeadLetter]) -> Sequence[DeadLetter]:
        return [one for one in letters if message_of(one.id) == "a1"]

    with collector(started, only_second):
        assert said(started, "replay", "a2-1", "--wait", "60") == "1 asked for: 1 stored"


KINDS = (
    letter("a1-1", "unknown_point: x", topic="t/1"),
    letter("a2-1", "unknown_point: y", topic="t/2"),
    letter("a3-1", "not_json", topic="t/1"),
    letter("a4-1", "unknown_point", site="gone", topic="t/1"),
)


def ids(folder: Path, *words: str) -> list[str]:
    return [one["id"] for one in json.loads(said(folder, "list", "--json", *words))["items"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--reason", "unknown_point"], ["a4-1", "a2-1", "a1-1"]),
        (["--topic", "t/1"], ["a4-1", "a3-1", "a1-1"]),
        (["--site", "demo", "--reason", "unknown_point", "--topic", "t/1"], ["a1-1"]),
    ],
)
def test_a_kind_of_letters_is_listed_and_thrown_away(started: Path, words: list[str], found: list[str]) -> None:
    put(started, *KINDS)
    assert ids(started, *words) == found
    assert json.loads(said(started, "list", "--json", "--limit", "1", *words))["total"] == len(found)
    assert said(started, "discard", *words) == f"{len(found)} discarded"
    assert ids(started) == [one.id for one in reversed(KINDS) if one.id not in found]


def test_all_are_thrown_away_only_when_that_is_said(started: Path) -> None:
    put(started, *KINDS)
    for words in ([], ["a1-1", "--all"], ["a1-1", "--reason", "not_json"]):
        done = run(started, "discard", *words)
        assert isinstance(done.exception, BadData)
        assert "say which: ids, or --reason, --topic, --site or --all" in str(done.exception)
    assert len(ids(started)) == 4
    assert json.loads(said(started, "discard", "--all", "--json")) == {"discarded": 4}


@pytest.mark.parametrize("deed", ["list", "discard"])
@pytest.mark.parametrize("words", [["--reason", "unknown_pont"], ["--site", "nosite"]])
def test_a_mistyped_reason_or_site_is_named(started: Path, deed: str, words: list[str]) -> None:
    put(started, *KINDS)
    done = run(started, deed, *words)
    assert done.exception is not None
    assert words[1] in str(done.exception)


def test_letters_of_one_topic_are_replayed(started: Path) -> None:
    put(started, *KINDS)
    assert said(started, "replay", "--topic", "t/2", "--wait", "0").startswith("1 asked for")
    assert said(started, "replay", "--topic", "t/1", "--wait", "0").endswith("1 left: the ledger has no site gone")
