"""The benchmarks run, and count what is lost."""

import json

import pytest

from tests.product import run_cli

FIXED = {
    "messages_per_s", "telegraf_messages_per_s", "values_per_s", "bare_messages_per_s", "ratio", "cpu_cores", "rss_mb",
    "publish_to_durable_ms", "publish_to_stored_ms", "lost", "duplicates", "settings", "environment",
}  # fmt: skip


@pytest.mark.long
def test_bench_ingest_drains_everything_and_finds_every_value_again():
    done = run_cli("bench", "ingest", "--seconds", "1", "--messages", "16000", "--store", "sqlite", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document.keys() >= FIXED
    assert (document["lost"], document["duplicates"]) == (0, 0)
    assert document["messages_per_s"] > 1000
    assert document["bare_messages_per_s"] > 1000
    assert document["ratio"] > 0.1
    for kind in ("durable", "stored"):
        assert 0 < document[f"publish_to_{kind}_ms"]["p50"] <= document[f"publish_to_{kind}_ms"]["p99"] < 10_000


@pytest.mark.long
def test_bench_crash_loses_nothing_over_a_few_kills():
    done = run_cli("bench", "crash", "--kills", "2", "--rate", "500", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["acknowledged"] > 500
    assert (document["kills"], document["lost"], document["duplicates"]) == (2, 0, 0)
    assert (document["events_lost"], document["events_doubled"], document["tickets_wrong"]) == (0, 0, 0)
    assert (document["letters"], document["crashes"]) == (0, 0)
    assert document["counted_without_ts"] > 50
    assert document["events"] > 0
    assert document["spool_intact"] is True


def test_a_peer_that_is_not_there_is_said():
    done = run_cli("bench", "ingest", "--peer", "telegraf", "--json", settings={"PATH": "/usr/sbin:/usr/bin:/bin"})
    assert done.returncode == 5
    assert "benchmarks/README.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_bench_fuzz_finds_a_letter_for_everything_bad_and_every_sound_value():
    done = run_cli("bench", "fuzz", "--payloads", "2000", "--seed", "7", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["crashes"] == 0
    assert (document["dead_lettered"], document["stored"]) == (document["bad"], document["good"]), document["examples"]
    assert document["bad"] > 400
    assert document["good"] > 400
    assert document["undecided"] < 200


def test_bench_outage_drains_what_came_while_the_store_was_away():
    done = run_cli("bench", "outage", "--minutes", "0.1", "--rate", "300", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document.keys() >= {"drain_ratio", "rss_mb", "safety_to_ticket_ms", "lost", "settings", "environment"}
    assert (document["lost"], document["duplicates"]) == (0, 0)
    assert document["backlog"] > 900
    assert 0 < document["rss_mb"] < 200
    assert document["safety_to_ticket_ms"]["count"] >= 1
    assert document["safety_to_ticket_ms"]["p50"] <= document["safety_to_ticket_ms"]["p99"] < 10_000


def test_bench_plan_computes_a_year_and_finds_nothing_to_do_the_second_time():
    done = run_cli("bench", "plan", "--assets", "60", "--sites", "2", "--days", "120", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document.keys() >= {"compute_s", "materialise_s", "second_run_s", "settings", "environment"}
    assert document["assignments"] == 300
    assert document["occurrences"] > 1000
    assert document["second_run_created"] == 0
    assert document["orders"] > 0.8 * document["occurrences"]
    assert document["other_writer_ms"]["never_came"] == 0
    assert document["in_columns"] > 10 * document["one_by_one"]


@pytest.mark.long
@pytest.mark.parametrize("table", ["xlsx", "csv"])
def test_bench_ledger_imports_a_table_through_http_and_hears_how_far_it_is(table: str):
    sizes = ("--assets", "1000", "--points", "1000", "--requests", "20", "--imported", "2500", "--table", table)
    done = run_cli("bench", "ledger", *sizes, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    for kind in ("list", "filter", "search", "tree", "card"):
        assert 0 < document[f"{kind}_ms"]["p50"] <= document[f"{kind}_ms"]["p99"]
    assert (document["import_rows"], document["import_file"]["format"]) == (2500, table)
    assert document["import_points"] > 10_000
    assert document["import_parts"].keys() >= {"read", "write"}
    assert sum(document["import_parts"].values()) == pytest.approx(document["import_s"], abs=0.5)
    assert document["import_progress"]["words"] >= 2
    assert 0 < document["import_progress"]["longest_silence_s"] <= document["import_s"]
    for name in ("import_s", "import_dry_run_s", "import_cpu_s", "update_s"):
        assert document[name] > 0


def test_bench_ledger_says_which_tables_there_are():
    done = run_cli("bench", "ledger", "--table", "ods", "--json")
    assert done.returncode == 2
    assert "xlsx|csv" in done.stderr
