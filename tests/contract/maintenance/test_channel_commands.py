"""Channels and policies on the command line, on a ledger in a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.maintenance.tablet import Store
from tests.product import run_cli
from tests.receivers import web_receiver

Run = Callable[..., Any]


@pytest.fixture
def run(ledger: Store, tmp_path: Path) -> Run:
    del ledger  # it made the file

    def call(*arguments: str, code: int = 0) -> Any:
        settings = {"PLANTROOM_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}
        done = run_cli(*arguments, "--data-dir", str(tmp_path), "--json", settings=settings)
        assert done.returncode == code, done.stderr
        assert "hidden" not in done.stdout + done.stderr
        return json.loads(done.stdout) if code == 0 else done.stderr

    return call


def test_a_channel_is_added_tried_listed_and_removed(run: Run) -> None:
    with web_receiver() as web:
        url = f"{web.url}/hidden"
        made = run("channel", "add", "cmms", "--url", url, "--secret", "a hidden secret of it", "--site", "demo")
        assert (made["kind"], made["goes"]) == ("webhook", "untried")
        assert run("channel", "test", "cmms") == {"name": "cmms", "delivered": True}
        assert web.requests[0].json["topic"] == "test"
        web.status = 500
        assert "the receiver answered 500" in run("channel", "test", "cmms", code=5)
        (listed,) = run("channel", "list")["items"]
        assert (listed["goes"], listed["last_error"]) == ("failing", "the receiver answered 500")
    assert run("channel", "remove", "cmms")["removed"] is True
    assert run("channel", "list")["items"] == []
    assert "no channel" in run("channel", "remove", "cmms", code=4)


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        (("--url", "carrierpigeon://hidden"), "--url"),
        (("--url", "https://hidden.example/x"), "--secret"),
        (("--url", "wecombot://hidden", "--quiet", "at night"), "--quiet"),
        (("--url", "wecombot://hidden", "--language", "fr"), "--language"),
        (("--url", "wecombot://hidden", "--min-severity", "awful"), "--min-severity"),
        (("--url", "wecombot://hidden", "--user", "nobody"), "--user"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_by_its_flag(run: Run, more: tuple[str, ...], flag: str) -> None:
    assert flag in run("channel", "add", "c", *more, code=4)
    assert run("channel", "list")["items"] == []


def test_what_is_promised_is_shown_with_its_basis(run: Run) -> None:
    shown = run("sla", "show", "--site", "demo")
    rules = {(one["clock"], one["severity"]): one for one in shown["clocks"]}
    assert (rules["resolve", "general"]["limit_s"], rules["resolve", "major"]["limit_s"]) == (3 * 3600, 7 * 86400)
    assert all(one["basis"] for one in shown["clocks"])
    assert shown["compliance"] == []
    assert "nowhere" in run("sla", "show", "--site", "nowhere", code=4)


def test_check_says_which_channels_work(run: Run, ledger: Store, tmp_path: Path) -> None:
    from plantroom.cli.check_channels import channel_lines
    from plantroom.cli.check_flow import Look
    from plantroom.settings import Settings

    settings = Settings(data_dir=tmp_path, ledger_url=f"sqlite:///{tmp_path}/ledger.db")
    (none,) = channel_lines(settings)
    assert (none[0], "nobody is told" in none[1]) == (Look.WARN, True)
    with web_receiver() as web:
        run("channel", "add", "a", "--url", web.url, "--secret", "a hidden secret of it")
        run("channel", "add", "b", "--url", web.url, "--secret", "a hidden secret of it")
        run("channel", "add", "c", "--url", web.url, "--secret", "a hidden secret of it")
        run("channel", "test", "a")
        web.status = 404
        run("channel", "test", "b", code=5)
    looks = {words.partition(" ")[0]: look for look, words, _ in channel_lines(settings)}
    assert looks == {"a": Look.OK, "b": Look.FAIL, "c": Look.WARN}
    (tmp_path / "secrets.key").unlink()
    assert {look for look, _, _ in channel_lines(settings)} == {Look.FAIL}
