"""The benchmarks run, and count what is lost."""

import json

from tests.product import run_cli

FIXED = {
    "messages_per_s", "telegraf_messages_per_s", "values_per_s", "bare_messages_per_s", "ratio", "cpu_cores", "rss_mb",
    "publish_to_durable_ms", "publish_to_stored_ms", "lost", "duplicates", "settings", "environment",
}  # fmt: skip


def test_bench_ingest_drains_everything_and_finds_every_value_again():
    done = run_cli("bench", "ingest", "--seconds", "1", "--messages", "20000", "--store", "sqlite", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document.keys() >= FIXED
    assert (document["lost"], document["duplicates"]) == (0, 0)
    assert document["messages_per_s"] > 1000
    assert document["bare_messages_per_s"] > 1000
    assert document["ratio"] > 0.1
    for kind in ("durable", "stored"):
        assert 0 < document[f"publish_to_{kind}_ms"]["p50"] <= document[f"publish_to_{kind}_ms"]["p99"] < 10_000


def test_bench_crash_loses_nothing_over_a_few_kills():
    done = run_cli("bench", "crash", "--kills", "3", "--rate", "1000", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["acknowledged"] > 1000
    assert (document["kills"], document["lost"], document["duplicates"]) == (3, 0, 0)
    assert document["spool_intact"] is True


def test_a_peer_that_is_not_there_is_said():
    done = run_cli("bench", "ingest", "--peer", "telegraf", "--json", settings={"PATH": "/usr/sbin:/usr/bin:/bin"})
    assert done.returncode == 5
    assert "benchmarks/README.md" in done.stderr
    assert "Traceback" not in done.stderr
