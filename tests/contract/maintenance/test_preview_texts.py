"""``plantroom plan preview`` of the demonstration building: its reasons can be read in either language."""

import json
import threading
from pathlib import Path

from plantroom.bootstrap.demo import prepare_scenario
from plantroom.bootstrap.parts import open_parts
from plantroom.settings import Settings
from simulators.scenario import load_scenario
from tests.product import run_cli
from tests.unit.maintenance.test_sources import CHINESE


def test_no_english_reason_of_a_year_of_the_demo_holds_chinese(tmp_path: Path) -> None:
    parts, baselines_are_left_out = open_parts(Settings(data_dir=tmp_path)), threading.Event()
    baselines_are_left_out.set()
    prepare_scenario(parts, load_scenario("demo"), baselines_are_left_out)
    parts.close()
    span = ("--from", "2026-01-01", "--to", "2026-12-31")
    done = run_cli(
        "plan", "preview", "--site", "demo", *span, "--json", "--data-dir", str(tmp_path),
        settings={"PLANTROOM_NOW": "2026-01-01T00:00:00Z"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    items = json.loads(done.stdout)["items"]
    assert {"EL-HM", "HV-Q", "FI-PAT"} <= {o["plan_row"] for item in items for o in item["occurrences"]}
    for item in items:
        for text in (item["reason"]["en"], *(o["name"]["en"] for o in item["occurrences"])):
            assert not CHINESE.search(text), text
        assert CHINESE.search(item["reason"]["zh"])
