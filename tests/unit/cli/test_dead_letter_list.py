"""``dead-letter list`` says of how many it shows the newest, and goes on behind them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plantroom.bootstrap.parts import open_parts
from plantroom.cli.main import app
from plantroom.errors import BadData
from plantroom.ports.letters import DeadLetter
from plantroom.settings import Settings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_all_letters_can_be_listed_page_by_page(started: Path) -> None:
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        sites = ["a"] * 7 + ["b"]
        letters = [
            DeadLetter(f"l{n}", site, NOON + timedelta(seconds=n), "t", "not_json", b"{")
            for n, site in enumerate(sites)
        ]
        tx.collect.add_dead_letters(letters)
    parts.close()

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["dead-letter", "list", "--data-dir", str(started), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    found, cursor = [], None
    while True:
        more = [] if cursor is None else ["--cursor", cursor]
        page = json.loads(run("--site", "a", "--limit", "3", "--json", *more))
        assert page["total"] == 7
        found += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ["l6", "l5", "l4", "l3", "l2", "l1", "l0"]
    lines = run("--limit", "3").splitlines()
    assert len(lines) == 4
    assert lines[-1].startswith("3 of 8; the next ones: --cursor ")
    assert len(run().splitlines()) == 8


def test_a_replay_counts_what_it_leaves_for_want_of_a_site(started: Path) -> None:
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        sites = ["nosite2", *(f"z{n}" for n in range(7)), ""]
        letters = [DeadLetter(f"l{n}", site, NOON, "t", "unknown_site", b"{") for n, site in enumerate(sites)]
        tx.collect.add_dead_letters([*letters[:-1], replace(letters[-1], reason="unknown_topic: no site")])
    parts.close()

    def replay(*words: str) -> str:
        command = ["dead-letter", "replay", *words, "--wait", "0", "--data-dir", str(started)]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    of_sites = "8 left: the ledger has no site nosite2, z0, z1, z2, z3 +3"
    assert replay("--reason", "unknown_site") == f"0 asked for; {of_sites}"
    assert replay("--all") == f"0 asked for; {of_sites}; 1 left: their topics name no site"
    assert replay("--reason", "not_json") == "0 asked for"
    assert json.loads(replay("--all", "--json"))["left"] == dict.fromkeys(sorted(sites), 1)


@pytest.mark.parametrize(
    ("words", "said", "not_said"),
    [
        (["l0"], "no site cannot be replayed", "enter it first"),
        (["--site", ""], "no site cannot be replayed", "enter it first"),
        (["--site", "", "--reason", "unknown_topic"], "no site cannot be replayed", "enter it first"),
        (["l1"], "the ledger still has no site nosite: enter it first", "cannot be replayed"),
        (["l0", "l1"], "no site nosite: enter it first (POST /api/v1/sites), then replay; letters whose", "no site ,"),
    ],
)
def test_a_replay_of_letters_without_a_site_asks_for_none_to_be_entered(
    started: Path, words: list[str], said: str, not_said: str
) -> None:
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        letters = [DeadLetter(f"l{n}", site, NOON, "t", "unknown_topic", b"{") for n, site in enumerate(["", "nosite"])]
        tx.collect.add_dead_letters(letters)
    parts.close()
    done = CliRunner().invoke(app, ["dead-letter", "replay", *words, "--wait", "0", "--data-dir", str(started)])
    assert isinstance(done.exception, BadData)
    assert said in str(done.exception)
    assert not_said not in str(done.exception)


def test_which_value_is_wrong_is_said(started: Path) -> None:
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        tx.collect.add_dead_letters([DeadLetter("l1", "a", NOON, "t", "unknown_point", b"{", "vibraton")])
    parts.close()
    listed = CliRunner().invoke(app, ["dead-letter", "list", "--data-dir", str(started)])
    assert listed.stdout.endswith("t  unknown_point (vibraton)\n")
    shown = CliRunner().invoke(app, ["dead-letter", "show", "l1", "--data-dir", str(started)])
    assert "unknown_point (vibraton)" in shown.stderr.splitlines()
