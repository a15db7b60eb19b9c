"""``plantroom check`` on a real InfluxDB: it looks, and makes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.product import run_cli


def buckets(influx: Any) -> set[str]:
    return {one["name"] for one in json.loads(influx.access.call("GET", "/api/v2/buckets?limit=100"))["buckets"]}


@pytest.mark.parametrize("name", ["nobucket"])
def test_a_bucket_that_is_mistyped_is_not_made_and_asked_about(influx: Any, started: Path, name: str) -> None:
    before, url = buckets(influx), influx.access.readings_url(name)
    done = run_cli("check", "--data-dir", str(started), settings={"PLANTROOM_READINGS_URL": url})
    assert done.returncode == 0, done.stdout
    where = f"influxdb://{influx.access.host}:{influx.access.port}/{influx.access.org}/{name}"
    words = f"bucket '{name}' is not there; the collector makes it at its start: is the name right?"
    assert f"warn  readings store: {where} answers, but {words}" in done.stdout
    assert influx.access.token not in done.stdout + done.stderr
    assert buckets(influx) == before


def test_a_rule_is_not_changed_by_looking(influx: Any, started: Path) -> None:
    url = influx.access.readings_url("of_a_site")
    made = {"PLANTROOM_READINGS_URL": url, "PLANTROOM_RETENTION_RAW_DAYS": "30"}
    span = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T00:00:00Z")
    run_cli("readings", "roll-up", "--asset", "P-1", *span, "--data-dir", str(started), settings=made)
    assert "of_a_site" in buckets(influx)
    longer = made | {"PLANTROOM_RETENTION_RAW_DAYS": "300"}
    done = run_cli("check", "--data-dir", str(started), settings=longer)
    assert done.returncode == 0, done.stdout
    assert "warn  readings kept: bucket 'of_a_site' keeps 31 days, not 301 days" in done.stdout
    again = run_cli("check", "--data-dir", str(started), settings=made)
    assert "readings kept" not in again.stdout
    assert "/of_a_site answers" in again.stdout
