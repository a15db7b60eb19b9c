"""What is kept until the ledger's plant changes."""

from dataclasses import replace

import pytest

from api import directory
from api.directory import Directory
from plantroom.domain.assets import Plant, Source, SourceClock
from plantroom.domain.sources import TopicSource, sources_of
from tests.unit.ingest.plants import plant_of


def test_the_sources_of_assets_are_made_once_for_a_plant(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(plant: Plant) -> object:
        made.append(plant.revision)
        return sources_of(plant)

    monkeypatch.setattr(directory, "sources_of", counted)
    names = TopicSource("a", "demo", "a", "a/#", "json", clock=SourceClock.SIMULATED, asset="P-1")
    first, second = plant_of(), replace(plant_of(revision=2), topic_sources=(names,))
    known = Directory()
    assert [known.sources(first), known.sources(first)] == [{}, {}]
    assert known.sources(second) == {"key-P-1": Source("key-P-1", clock=SourceClock.SIMULATED)}
    known.sources(second)
    assert made == [1, 2]
