"""``source test`` ends with 4 when nothing of a message would be stored, and says why."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from plantroom.bootstrap.parts import open_parts
from plantroom.catalogue import equipment_classes
from plantroom.cli.main import app
from plantroom.domain.assets import Asset, LocalName, Point, Site
from plantroom.errors import BadData
from plantroom.settings import Settings

NAME = LocalName("泵", "Pump")


@pytest.fixture
def folder(started: Path) -> Path:
    parts = open_parts(Settings(data_dir=started))
    with parts.ledger.begin() as tx:
        pump = Asset("k1", "demo", "B-1", "pump", NAME)
        tx.assets.add(pump, [Point("k1", point) for point in equipment_classes()["pump"].points])
    parts.close()
    return started


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["source", *words, "--data-dir", str(folder)])


def sent(folder: Path, topic: str, body: object) -> Result:
    (folder / "payload").write_text(json.dumps(body))
    return run(folder, "test", "--topic", topic, "--payload", str(folder / "payload"))


def tried(folder: Path, field: str, body: object) -> Result:
    given = ("--site", "demo", "--topics", "tele/boiler/#", "--dialect", "tasmota", "--asset", "B-1", "--field", field)
    assert run(folder, "add", "plug", *given).exit_code == 0
    return sent(folder, "tele/boiler/SENSOR", body)


def test_a_mistyped_field_is_named(folder: Path) -> None:
    done = tried(folder, "ENERGY.Powr=power@W", {"ENERGY": {"Power": 123}})
    assert done.exit_code == 4
    assert "nothing of it is mapped: the source maps ENERGY.Powr; the message has ENERGY.Power" in done.stdout


def test_what_is_mapped_is_stored_whatever_else_is_there(folder: Path) -> None:
    done = tried(folder, "ENERGY.Power=power@W", {"ENERGY": {"Power": 123, "Voltage": 230}, "Vendor": "x"})
    assert done.exit_code == 0, done.output
    assert "nothing of it" not in done.stdout


@pytest.mark.parametrize(("days", "code"), [(89, 0), (91, 4)])
def test_what_is_older_than_readings_are_kept_is_rejected_as_the_collector_does(
    folder: Path, days: int, code: int
) -> None:
    ts = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    done = sent(folder, "plantroom/demo/B-1/telemetry", {"ts": ts, "values": {"discharge_pressure": 0.4}})
    assert done.exit_code == code, done.output
    assert ("store    B-1  discharge_pressure" in done.stdout) is (code == 0)
    why = "reject   beyond_retention: observed longer ago than the 90 days that readings are kept  (discharge_pressure)"
    assert (why in done.stdout) is (code == 4)


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("plantroom//B-1/telemetry", "the topic has no site's code: correct it in the device"),
        ("plantroom/demo/B-1/telemetri", "the topic is none of Plantroom's own"),
    ],
)
def test_of_a_topic_that_no_source_may_have_the_device_is_to_be_corrected(folder: Path, topic: str, said: str) -> None:
    done = sent(folder, topic, {"values": {"discharge_pressure": 0.4}})
    assert said in done.stdout
    assert "source add" not in done.stdout


def second_site(folder: Path) -> None:
    parts = open_parts(Settings(data_dir=folder))
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("west", LocalName("西区", "West")))
    parts.close()


@pytest.mark.parametrize("site", ["demo", "west"])
def test_a_malformed_topic_of_ours_is_tried_at_the_site_that_it_names(folder: Path, site: str) -> None:
    second_site(folder)
    done = sent(folder, f"plantroom/{site}/B-1/telemetri", {"values": {"discharge_pressure": 0.4}})
    assert done.exit_code == 4
    assert done.stdout.splitlines()[:2] == [f"site {site}, no source", "reject   unknown_topic"]
    assert "note     the topic is none of Plantroom's own" in done.stdout


@pytest.mark.parametrize("sites", [1, 2])
@pytest.mark.parametrize("channel", ["telemetry", "telemetri", "a/b"])
def test_a_topic_of_ours_at_a_site_that_is_not_there_names_that_site(folder: Path, sites: int, channel: str) -> None:
    if sites == 2:
        second_site(folder)
    done = sent(folder, f"plantroom/nosite/B-1/{channel}", {"values": {"discharge_pressure": 0.4}})
    assert done.exit_code == 4
    first, second, *notes = done.stdout.splitlines()
    assert (first, second) == ("site nosite, no source", "reject   unknown_site")
    assert "there is no site 'nosite': enter it, or correct the code in the topic" in notes[0]
    assert ["none of Plantroom's own" in one for one in notes[1:]] == [True] * (channel != "telemetry")


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("plantroom//B-1/telemetry", "the topic has no site's code: correct it in the device"),
        ("plantroom", "the topic is none of Plantroom's own"),
        ("demo/B-1/telemetry", "no site hears the topic 'demo/B-1/telemetry': say which one is meant"),
        ("boiler/demo/x", "no site hears the topic 'boiler/demo/x': say which one is meant"),
    ],
)
def test_of_a_topic_that_is_no_sites_what_is_wrong_is_said_first(folder: Path, topic: str, said: str) -> None:
    second_site(folder)
    done = sent(folder, topic, {"values": {"discharge_pressure": 0.4}})
    assert isinstance(done.exception, BadData)
    assert str(done.exception).startswith(said)


def test_of_any_other_topic_a_source_is_to_be_made(folder: Path) -> None:
    assert "`plantroom source add` makes one" in sent(folder, "boiler/1", {"values": {}}).stdout


def noted(folder: Path, body: object) -> list[str]:
    done = sent(folder, "plantroom/demo/B-1/telemetry", body)
    return [line.removeprefix("note     ") for line in done.stdout.splitlines() if line.startswith("note")]


@pytest.mark.parametrize(
    ("boot", "shown"), [("x" * 65, "xxx'... (65 characters)"), (True, "True"), ([1], "[1]"), (1e300, "1e+300")]
)
def test_a_boot_by_which_nothing_can_be_asked_for_is_named(folder: Path, boot: object, shown: str) -> None:
    (note,) = noted(folder, [{"boot": boot, "seq": n, "values": {"discharge_pressure": 0.4}} for n in range(2)])
    assert note.startswith("boot ")
    assert shown.replace("'", "") in note.replace("'", "")
    assert "should be a text of at most 64 characters; the values are taken, but a gap or a copy" in note


@pytest.mark.parametrize("boot", ["x" * 64, 17, 1732867200.5, None, ""])
def test_a_boot_that_can_be_asked_for_is_not(folder: Path, boot: object) -> None:
    assert noted(folder, {"boot": boot, "seq": 1, "values": {"discharge_pressure": 0.4}}) == []


def test_without_a_number_the_boot_does_not_matter(folder: Path) -> None:
    assert noted(folder, {"boot": "x" * 65, "values": {"discharge_pressure": 0.4}}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "2026-11-29 10:00:00"), ("timestamp", 1795942573), ("Timestamp", 1795942573123), ("TS", 1795942573.5),
        ("t", "1795942573"), ("采集时间", "2026-11-29T10:00:00+08:00"), ("dateTime", "2026-11-29T10:00"),
    ],
)  # fmt: skip
def test_a_time_that_is_not_read_is_named(folder: Path, name: str, value: object) -> None:
    (note,) = noted(folder, {name: value, "values": {"discharge_pressure": 0.4}})
    assert note.startswith(f"the message has a time under {name!r}, which is not read: only ts is")


@pytest.mark.parametrize(
    "body",
    [
        {"ts": 1795942573123, "time": "2026-11-29 10:00:00"}, {"uptime": 86400}, {"time": "noon"}, {"time": True},
        {"run_time": 12.5}, {"pressure": 1795942573}, {"time": None}, {"time": {"a": 1}}, {"t": 21.5},
    ],
)  # fmt: skip
def test_what_is_no_time_is_not(folder: Path, body: dict[str, object]) -> None:
    assert noted(folder, body | {"values": {"discharge_pressure": 0.4}}) == []


def test_a_time_is_named_for_a_mapped_source_too(folder: Path) -> None:
    given = ("--site", "demo", "--topics", "gw/+", "--dialect", "json", "--asset", "B-1")
    done = run(folder, "add", "gw", *given, "--field", "压力=discharge_pressure@MPa")
    assert done.exit_code == 0, done.output
    told = sent(folder, "gw/1", {"time": "2026-11-29 10:00:00", "压力": 0.4}).stdout
    assert "the message has a time under 'time'" in told
    assert "the message has a time" not in sent(folder, "gw/1", {"temp": "2026-11-29 10:00:00", "压力": 0.4}).stdout


def test_a_level_that_is_a_fixed_word_and_no_asset_is_refused(folder: Path) -> None:
    given = ("--site", "demo", "--dialect", "json", "--field", "p=discharge_pressure@MPa", "--topics")
    refused = run(folder, "add", "x", *given, "q8/+/up", "--asset-from", "1")
    assert isinstance(refused.exception, BadData)
    assert str(refused.exception) == (
        "--asset-from: level 1 of all topics of q8/+/up is 'q8', and site demo has no such asset: choose the level that"
        " holds the asset's code, or enter the asset first"
    )
    for topics, level in (("q8/+/up", "2"), ("q8/B-1/up", "2"), ("q8/#", "3")):
        done = run(folder, "add", "x", *given, topics, "--asset-from", level)
        assert done.exit_code == 0, done.output
