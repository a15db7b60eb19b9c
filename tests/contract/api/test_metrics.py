"""Every metric has a row in docs/metrics.md with its type and labels, and every row is told; counters only rise."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from ingest.stats import Figures, IngestStats, Totals
from plantroom.domain.flow import BROKER_FORGOT_MS, STRAYS, Trouble, TroubleKind, with_lanes
from plantroom.ports.accounts import Role
from plantroom.ports.ledger import CollectorReport
from tests.contract.api.test_flow import report, tell
from tests.contract.api.world import HOME, World

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| `(?P<name>plantroom_\w+)`(?: ¹)? \| (?P<type>counter|gauge|histogram) \|(?P<labels>[\w, ]*)\|")


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = [match for line in text.splitlines() if (match := ROW.match(line))]
    return {row["name"]: (row["type"], frozenset(row["labels"].replace(" ", "").split(",")) - {""}) for row in rows}


def lane(**figures: float) -> dict[str, float]:
    worker = Figures()
    totals = Totals(received=10, stored=50, duplicates=1, dead_lettered=2)
    totals.count_letters(["not_json: line 1", "not_json", "unknown_asset"])
    totals.count_bad(np.array([0, 100, 101, 100], np.uint8))
    worker.save(totals)
    worker.timed(lambda: None)
    clocks = IngestStats(clocks_wrong=6, clocks_not_judged=2, clocks_refused=1, clock_offset_largest_ms=42_030)
    stats = worker.stats(replace(clocks, gaps=2, spool_depth=3, lag_s=1.5))
    of_gateway = {"taken": 13.0, "spool_bytes": 999.0, "spool_damaged": 0.0, "broker_connects": 1.0}
    return {**stats.as_mapping(), **of_gateway, "stored_p99_ms": 250.0, **figures}


def filled(world: World, **figures: float) -> None:
    sites = {HOME: with_lanes({"normal": lane(**figures), "safety": lane()}), STRAYS: with_lanes({"strays": {}})}
    made = report("host:/data", sites, Trouble(TroubleKind.STORE_AWAY, "w", HOME, "normal"))
    made.by_site[HOME]["gaps"] = 2  # type: ignore[index]
    made.by_site[HOME]["gaps_given_up"] = 5  # type: ignore[index]
    made.by_site[HOME][BROKER_FORGOT_MS] = 1_795_255_200_500  # type: ignore[index]
    made.stats.update(windows_rolled_up=4, partitions=2, dead_letters_let_go=31)  # type: ignore[attr-defined]
    tell(world, made)
    world.as_(Role.VIEWER).get("/api/v1/sites")


def told(world: World) -> dict[str, tuple[str, frozenset[str]]]:
    """Names with types and labels; ``quantile`` and ``le`` of histograms and counters' suffixes as Prometheus sees."""
    found = {}
    for family in text_string_to_metric_families(world.client().get("/metrics").text):
        if family.name.endswith("_created"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels}
        found[name] = (family.type, frozenset(labels - ({"le"} if family.type == "histogram" else set())))
    return found


def samples(world: World, name: str) -> dict[frozenset[str], float]:
    families = text_string_to_metric_families(world.client().get("/metrics").text)
    return {
        frozenset(sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def test_every_metric_is_documented_and_every_row_is_told(world: World) -> None:
    filled(world)
    assert told(world) == documented()


def test_figures_are_told_by_collector_site_and_lane(world: World) -> None:
    filled(world, spool_depth=60_000.0)
    where = {"host:/data", HOME, "normal"}
    assert samples(world, "plantroom_ingest_messages_received_total")[frozenset(where)] == 13
    assert samples(world, "plantroom_ingest_spool_depth_messages")[frozenset(where)] == 60_000
    assert samples(world, "plantroom_ingest_dead_letters_total")[frozenset({*where, "not_json"})] == 2
    assert samples(world, "plantroom_ingest_readings_bad_total")[frozenset({*where, "out_of_range"})] == 2
    assert samples(world, "plantroom_ingest_delay_seconds")[frozenset({*where, "stored", "0.99"})] == 0.25
    assert samples(world, "plantroom_ingest_store_write_seconds_count")[frozenset(where)] == 1
    assert samples(world, "plantroom_ingest_store_write_seconds_bucket")[frozenset({*where, "+Inf"})] == 1
    troubles = samples(world, "plantroom_collector_troubles")
    assert (troubles[frozenset({"host:/data", "store_away"})], troubles[frozenset({"host:/data", "broker_away"})]) == (
        1,
        0,
    )
    assert samples(world, "plantroom_ingest_clocks_wrong")[frozenset(where)] == 6
    assert samples(world, "plantroom_ingest_clock_offset_largest_seconds")[frozenset(where)] == 42.03
    by_effect = samples(world, "plantroom_ingest_clocks_by_effect")
    assert {effect: by_effect[frozenset({*where, effect})] for effect in ("none", "not_judged", "refused")} == {
        "none": 3,
        "not_judged": 2,
        "refused": 1,
    }
    assert samples(world, "plantroom_ingest_gaps") == {frozenset({"host:/data", HOME}): 2}, "of no lane"
    assert samples(world, "plantroom_ingest_gaps_given_up") == {frozenset({"host:/data", HOME}): 5}
    forgot = samples(world, "plantroom_ingest_broker_forgot_timestamp_seconds")
    assert forgot == {frozenset({"host:/data", HOME}): 1_795_255_200.5}, "of no lane, and of no site that was not"
    assert samples(world, "plantroom_collector_partitions") == {frozenset({"host:/data"}): 2}
    assert samples(world, "plantroom_collector_dead_letters_let_go_total") == {frozenset({"host:/data"}): 31}
    assert samples(world, "plantroom_rollup_windows_total") == {frozenset({"host:/data"}): 4}


def test_the_jobs_of_the_scheduler_are_told_by_name(world: World) -> None:
    plan = frozenset({"materialise"})
    assert samples(world, "plantroom_job_runs_total") == {plan: 3}
    assert samples(world, "plantroom_job_failures_total") == {plan: 1}
    assert samples(world, "plantroom_job_last_success_timestamp_seconds") == {plan: 1_795_255_200.5}
    assert samples(world, "plantroom_job_seconds") == {plan: 0.25}


def test_a_report_that_makes_reasons_up_makes_no_flood_of_labels(world: World) -> None:
    filled(world, **{f"letters_made_up_{n}": 1.0 for n in range(1_000)})
    reasons = [labels for labels in samples(world, "plantroom_ingest_dead_letters_total") if "normal" in labels]
    assert len(reasons) == 40


def test_a_report_of_an_earlier_version_and_no_report_at_all_are_told(world: World) -> None:
    assert set(documented()) - {"plantroom_http_requests_total", "plantroom_http_request_seconds"} <= set(told(world))
    tell(world, CollectorReport("old", world.clock.now(), True, [], {"received": 5.0}, {HOME: {"received": 5.0}}))
    assert samples(world, "plantroom_collector_ready") == {frozenset({"old"}): 1}
    assert samples(world, "plantroom_ingest_messages_received_total") == {}
    earlier = with_lanes({"normal": {"clocks_wrong": 2.0}})
    tell(world, CollectorReport("old", world.clock.now(), True, [], {}, {HOME: earlier}))
    assert samples(world, "plantroom_ingest_clocks_wrong") == {frozenset({"old", HOME, "normal"}): 2}
    assert samples(world, "plantroom_ingest_clocks_by_effect") == {}
