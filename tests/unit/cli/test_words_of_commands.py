"""What commands say of wrong input: once, in the command's own words, with the right exit code."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from plantroom.bootstrap.serve import reason_of
from plantroom.cli.main import app, main
from plantroom.errors import SettingError, Unreachable, plain_message
from plantroom.settings import load_settings

TASMOTA = ("--site", "demo", "--dialect", "tasmota")


def said(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *command: str) -> str:
    """What ``main`` says on stderr; the command is refused."""
    monkeypatch.setattr("sys.argv", ["plantroom", *command, "--data-dir", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    return capsys.readouterr().err


def run(folder: Path, *command: str, payload: bytes = b"") -> Result:
    return CliRunner().invoke(app, [*command, "--data-dir", str(folder)], input=payload)


def tried(folder: Path, topic: str, payload: object) -> Result:
    return run(folder, "source", "test", "--topic", topic, "--payload", "-", payload=json.dumps(payload).encode())


def test_a_wrong_source_is_told_once_and_by_its_flags(folder: Path, capsys, monkeypatch) -> None:
    wrong = ("--topics", "#", "--asset", "P-9", "--field", "a=b", "--field", "c=P-1:flow@degF")
    words = said(folder, capsys, monkeypatch, "source", "add", "x", *TASMOTA, *wrong)
    assert words.count("--topics: ") == 1
    assert words.count("--asset: site demo has no asset 'P-9'") == 1
    assert "--field (number 2): " in words
    assert "[degF] is meant?" in words
    assert "topic_filter" not in words
    assert "fields." not in words


def test_a_wrong_loop_test_is_told_once_and_by_its_flags(folder: Path, capsys, monkeypatch) -> None:
    words = said(folder, capsys, monkeypatch, "loop-test", "start", "--site", "demo", "--class", "escalator")
    assert words == "plantroom: --asset: there is no sensor to test\n"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MQTT_PORT", "70000", "'70000': out of range. "),
        ("MQTT_PORT", "x", "'x': Input should be a valid integer. "),
        ("LOG_LEVEL", "x", "'x': unknown level. "),
    ],
)
def test_a_wrong_setting_is_told_in_our_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"PLANTROOM_{name}", value)
    with pytest.raises(SettingError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"PLANTROOM_{name}: {words}Expected: ")


def test_a_librarys_own_words_are_left_out() -> None:
    assert plain_message("Value error, should be odd") == "should be odd"
    assert plain_message("Input should be a valid number, unable to parse string as a number") == (
        "Input should be a valid number"
    )


@pytest.mark.parametrize("topic", ["zigbee2mqtt/+", "zigbee2mqtt/#", ""])
def test_a_filter_is_no_topic_to_try(folder: Path, capsys, monkeypatch, topic: str) -> None:
    words = said(folder, capsys, monkeypatch, "source", "test", "--topic", topic, "--payload", "/dev/null")
    assert "give the topic of one message" in words


def test_a_topic_that_nobody_hears_is_told_so_and_a_message_that_is_rejected_is_no_success(folder: Path) -> None:
    done = tried(folder, "nobody/hears", {"values": {"flow": 1}})
    assert done.exit_code == 4
    assert "reject   unknown_topic" in done.stdout
    assert "no source of site demo hears 'nobody/hears'" in done.stdout


def test_a_message_of_which_nothing_would_be_stored_is_no_success_although_its_asset_is_seen(folder: Path) -> None:
    done = tried(folder, "plantroom/demo/P-1/telemetry", {"values": {"nothing": 1}})
    assert done.exit_code == 4
    assert "reject   unknown_point" in done.stdout


def test_what_would_be_stored_is_judged_in_the_words_of_the_docs(folder: Path) -> None:
    done = tried(folder, "plantroom/demo/P-1/telemetry", {"values": {"flow": 1}})
    assert done.exit_code == 0, done.output
    assert "  uncertain (receive_time)" in done.stdout
    assert "note" not in done.stdout


@pytest.mark.parametrize("seq", [-3, 1.5, 10**23, "7", True])
def test_a_number_that_counts_nothing_is_told(folder: Path, seq: object) -> None:
    done = tried(folder, "plantroom/demo/P-1/telemetry", {"boot": "b", "seq": seq, "values": {"flow": 1}})
    assert done.exit_code == 0, done.output
    assert "note     seq " in done.stdout
    assert "a gap or a copy is not recognised by it" in done.stdout


@pytest.mark.parametrize("seq", [0, 7, (1 << 62) - 1])
def test_a_number_that_counts_needs_no_word(folder: Path, seq: int) -> None:
    done = tried(folder, "plantroom/demo/P-1/telemetry", {"boot": "b", "seq": seq, "values": {"flow": 1}})
    assert "note" not in done.stdout


def test_a_replay_for_a_reason_that_is_none_is_refused(folder: Path, capsys, monkeypatch) -> None:
    words = said(folder, capsys, monkeypatch, "dead-letter", "replay", "--reason", "foo", "--wait", "0")
    assert "--reason 'foo' is none" in words
    assert "unknown_point" in words
    assert run(folder, "dead-letter", "replay", "--reason", "unknown_point", "--wait", "0").exit_code == 0


def test_a_device_for_an_asset_that_is_not_there_is_warned_of(folder: Path) -> None:
    done = run(folder, "device", "add", "--site", "demo", "--client", "a", "--asset", "P-1", "--asset", "P-7")
    assert done.exit_code == 0
    assert "warning: site demo has no asset 'P-7' (yet)" in done.stderr
    assert "'P-1'" not in done.stderr


def test_a_part_is_named_once_where_it_is_not_ready() -> None:
    assert reason_of("ledger", Unreachable("ledger", "connection failed")) == "ledger: connection failed"
    assert reason_of("readings store", Unreachable("InfluxDB", "away")) == "readings store: InfluxDB: away"


@pytest.mark.parametrize("of", ["dead-letter", "gaps", "alarms", "clocks", "device", "loop-test", "source"])
def test_a_list_of_a_mistyped_site_is_no_all_clear(folder: Path, capsys, monkeypatch, of: str) -> None:
    assert said(folder, capsys, monkeypatch, of, "list", "--site", "nope") == "plantroom: there is no site 'nope'\n"
    assert run(folder, of, "list", "--site", "demo").exit_code == 0


@pytest.mark.parametrize("more", [(), ("--site", "demo")])
def test_a_message_to_a_site_that_is_not_there_is_told_as_the_collector_tells_it(folder: Path, more) -> None:
    topic = ("--topic", "plantroom/nosite/D-1/telemetry", "--payload", "-")
    done = run(folder, "source", "test", *topic, *more, payload=b'{"values": {"flow": 1}}')
    assert done.exit_code == 4
    assert done.stdout.splitlines()[:2] == ["site nosite, no source", "reject   unknown_site"]
    assert "note     there is no site 'nosite': enter it, or correct the code" in done.stdout
    assert "reject   unknown_topic" in tried(folder, "plantroom//D-1/telemetry", {"values": {"flow": 1}}).stdout
