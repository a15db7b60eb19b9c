"""How much the silence of an asset weighs."""

from dataclasses import replace

import pytest

from ingest.matching import Matcher, SeriesTable
from plantroom.domain.assets import Presence, Priority, Severity, Source
from plantroom.domain.findings import FindingRaised
from plantroom.domain.sources import TopicSource
from tests.unit.ingest.plants import plant_of, pump
from tests.unit.ingest.test_presence import KEY, Bench


@pytest.mark.parametrize(
    ("priority", "severity"), [(Priority.SAFETY, Severity.GENERAL), (Priority.NORMAL, Severity.INFO)]
)
def test_one_source_that_is_marked_safety_is_enough_for_its_silence_to_weigh(
    priority: Priority, severity: Severity
) -> None:
    gas = TopicSource("k", "demo", "gas", "gas/data", "json", priority=priority, asset="P-1")
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(replace(plant_of([pump(criticality="C")], [Source(KEY)]), topic_sources=(gas,)))
    bench = Bench(known=Presence.ONLINE)
    bench.tracker.follow(matcher.routes())
    bench.tick(10_000)
    assert [one.finding.severity for one in bench.tracker.pending() if isinstance(one.finding, FindingRaised)] == [
        severity
    ]
