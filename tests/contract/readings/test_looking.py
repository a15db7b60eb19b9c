"""Looking at a store, which makes and changes nothing in it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plantroom.errors import NotAllowed, NotThere, Unreachable
from plantroom.ports.readings import Retention
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.readings.influx import InfluxReadings
from plantroom.storage.readings.influx_http import InfluxTarget
from tests.contract.readings.test_kept import rules_of


def things(readings_url: str, folder: Path, influx: Any) -> list[str]:
    """Names of all files, and of all buckets."""
    found = [str(path) for path in folder.rglob("*")]
    if readings_url.startswith("influx"):
        found += buckets_of(influx)
    return sorted(found)


def buckets_of(influx: Any) -> list[str]:
    """Names of all buckets of the server that the tests of one worker share: page by page, 100 are the most in one."""
    names: list[str] = []
    while True:
        page = json.loads(influx.access.call("GET", f"/api/v2/buckets?limit=100&offset={len(names)}"))["buckets"]
        names += [one["name"] for one in page]
        if len(page) < 100:
            return names


def test_what_is_missing_is_named_and_not_made(readings_url: str, tmp_path: Path, influx: Any) -> None:
    before = things(readings_url, tmp_path, influx)
    looked_at = open_readings(readings_url, tmp_path)
    missing = looked_at.look().missing
    assert len(missing) == 3
    assert things(readings_url, tmp_path, influx) == before
    looked_at.open()
    assert looked_at.look().missing == ()
    looked_at.close()
    assert open_readings(readings_url, tmp_path).look().missing == ()
    assert len(set(things(readings_url, tmp_path, influx)) - set(before)) >= 3
    assert all(any(name.endswith(one.split(" ", 1)[1].strip("'")) for name in things(readings_url, tmp_path, influx))
               for one in missing)  # fmt: skip


def test_the_address_says_which_store_and_no_secret(readings_url: str, tmp_path: Path, influx: Any) -> None:
    address = open_readings(readings_url, tmp_path).address
    assert influx.access.token not in address
    if readings_url.startswith("sqlite"):
        assert address == f"sqlite:///{tmp_path}/readings.db"
    else:
        bucket = readings_url.rpartition("/")[2].replace("%20", " ")
        assert address == f"influxdb://{influx.access.host}:{influx.access.port}/{influx.access.org}/{bucket}"


def test_one_file_has_one_address_by_whatever_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    one, other = (open_readings("sqlite:///readings.db", Path(folder)).address for folder in ("data", "link"))
    assert one == other == f"sqlite:///{tmp_path}/data/readings.db"


def test_a_file_in_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    seen = open_readings("sqlite:///a/b/x.db", tmp_path).look()
    assert f"file {tmp_path}/a/b/x.db" in seen.missing
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_still_to_be_filled_and_another_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch()
    assert f"file {tmp_path}/x.db" in open_readings("sqlite:///x.db", tmp_path).look().missing
    assert (tmp_path / "x.db").stat().st_size == 0
    (tmp_path / "x.db").write_bytes(b"no database, but text of some length " * 100)
    with pytest.raises(Unreachable, match="not an SQLite database"):
        open_readings("sqlite:///x.db", tmp_path).look()


def test_a_server_that_refuses_or_lacks_the_organisation_says_so(influx: Any) -> None:
    access = influx.access
    target = InfluxTarget(access.host, access.port, access.token, access.org, "nobucket")
    with pytest.raises(NotAllowed):
        InfluxReadings(replace(target, token="wrong")).look()
    with pytest.raises(NotThere, match="nobody"):
        InfluxReadings(replace(target, org="nobody")).look()
    with pytest.raises(Unreachable):
        InfluxReadings(replace(target, port=1)).look()


def test_a_rule_that_is_another_is_told_and_left(influx: Any, tmp_path: Path) -> None:
    url = influx.access.readings_url("looked_at")
    opened = open_readings(url, tmp_path, Retention(90, 1095))
    opened.open()
    opened.close()
    seen = open_readings(url, tmp_path, Retention(365, 1095)).look()
    assert seen.other_rules == ()
    (words,) = seen.own_rules
    assert words.startswith("bucket 'looked_at' keeps 91 days, not 366 days")
    assert rules_of(influx, "looked_at")["looked_at"] == 91


def test_a_shelf_of_aggregates_that_does_not_answer_is_told_beside_what_does(influx: Any, tmp_path: Path) -> None:
    store = open_readings(influx.access.readings_url("half"), tmp_path)
    store.open()
    store.close()
    ten = store._shelves[600_000]  # type: ignore[attr-defined]
    ten.target = replace(ten.target, token="wrong")
    seen = store.look()
    assert seen.missing == ()
    assert len(seen.out_of_reach) == 1
    assert "401" in seen.out_of_reach[0]
