"""``PLANTROOM_READINGS_URL`` leads to a store, or to an answer that says what it should be."""

from pathlib import Path

import pytest

from plantroom.errors import SettingError
from plantroom.ports.readings import RawReadings
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.readings.influx import InfluxReadings
from plantroom.storage.readings.kept import KeptReadings
from plantroom.storage.readings.sqlite import SqliteReadings


def raw_shelf(url: str, data_dir: Path) -> RawReadings:
    store = open_readings(url, data_dir)
    assert isinstance(store, KeptReadings)
    return store.raw


def test_a_relative_file_lies_in_the_data_folder(tmp_path: Path) -> None:
    store = raw_shelf("sqlite:///sub/readings.db", tmp_path)
    assert isinstance(store, SqliteReadings)
    assert store.path == tmp_path / "sub" / "readings.db"
    assert not store.path.parent.exists()


def test_four_slashes_are_a_full_path(tmp_path: Path) -> None:
    store = raw_shelf(f"sqlite:///{tmp_path}/r%20%E6%B3%B5.db", Path("/nowhere"))
    assert isinstance(store, SqliteReadings)
    assert store.path == tmp_path / "r 泵.db"


@pytest.mark.parametrize("scheme", ["influxdb", "influxdbs"])
def test_an_influxdb_address_is_taken_apart(scheme: str, tmp_path: Path) -> None:
    store = raw_shelf(f"{scheme}://a-b_c%3D%3D:d==@db.example:9999/My%20Org/B%2F1", tmp_path)
    assert isinstance(store, InfluxReadings)
    target = store.target
    assert (target.host, target.port, target.tls) == ("db.example", 9999, scheme == "influxdbs")
    assert (target.token, target.org, target.bucket) == ("a-b_c==:d==", "My Org", "B/1")


def test_the_port_may_be_left_out_and_the_host_be_ipv6(tmp_path: Path) -> None:
    store = raw_shelf("influxdb://t@[::1]/o/b", tmp_path)
    assert isinstance(store, InfluxReadings)
    assert store.target.url == "http://[::1]:8086"


@pytest.mark.parametrize(
    "wrong",
    [
        "", "readings.db", "postgresql://x", "sqlite://readings.db", "sqlite:///", "sqlite:///folder/",
        "influxdb://h:8086/o/b", "influxdb://@h/o/b", "influxdb://secret@/o/b", "influxdb://secret@h/o",
        "influxdb://secret@h/o/b/c", "influxdb://secret@h:0/o/b", "influxdb://secret@h:99999/o/b",
        "influxdb://secret@h:x/o/b", "influxdb://secret@[::1/o/b",
    ],
)  # fmt: skip
def test_a_wrong_address_names_the_setting_and_what_it_should_be(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        open_readings(wrong, tmp_path)
    assert caught.value.name == "PLANTROOM_READINGS_URL"
    assert "influxdb://TOKEN@host:port/ORG/BUCKET" in caught.value.expected
    assert "secret" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="folder"):
        open_readings(f"sqlite:///{tmp_path}", tmp_path)
