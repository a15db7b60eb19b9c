"""A short soak of presence: nobody is called late or offline for nothing, and nobody is missed."""

from plantroom.cli.bench_presence import measure_presence


def test_hours_of_nuisances_call_nobody_offline_for_nothing() -> None:
    figures = measure_presence(assets=30, hours=5, speed=0, seed=3, say=lambda _: None)
    assert (figures["false_offline"], figures["false_late"], figures["missed_offline"]) == (0, 0, 0)
    assert figures["messages"] > 5_000
    assert figures["away"] > 10
    assert figures["offline"] >= 1
