"""Holes in what Sparkplug nodes number: the node is named while messages are missing, and no hole stands for ever."""

from ingest.dialects.dialect import Hole
from ingest.dialects.sparkplug_b.decoder import HOPES_MS
from ingest.instants import from_ms
from ingest.node_holes import MAX_TOLD, node_figures, nodes_missing
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.stats import Figures
from plantroom.domain.flow import together, with_lanes
from plantroom.ports.gaps import NODES, GapNews, GiveUp
from plantroom.ports.spool import Lane
from tests.unit.ingest.plants import CLASSES, NOON_MS
from tests.unit.ingest.test_foreign import SPARKPLUG, birth, data, plant_with, played_one, with_hole

FOUND_MS = NOON_MS + 3
"""When ``with_hole`` received the first message behind the hole."""


def news_at(pipeline: Pipeline, at_ms: int) -> list[GapNews]:
    return [one for one in pipeline.settle_numbers(at_ms).gaps if isinstance(one, GapNews)]


def test_the_node_is_named_with_its_count_and_when_it_was_asked() -> None:
    pipeline = with_hole()
    figures = with_lanes({"normal": Figures().stats(pipeline.figures()).as_mapping()})

    (one,) = nodes_missing({"demo": figures})

    assert (one.site, one.node, one.missing) == ("demo", "g/e", 6)
    assert (one.found_at, one.asked_at) == (from_ms(FOUND_MS), from_ms(FOUND_MS))
    assert not any("g/e" in key for key in together(figures)), "a site's sums stay as short as they were"


def test_a_rebirth_ends_it() -> None:
    pipeline = with_hole()
    played_one(pipeline, 5, birth(NOON_MS + 900)[0])

    assert pipeline.gaps == 0
    assert node_figures(pipeline._foreign.holes()) == {}
    assert news_at(pipeline, FOUND_MS + HOPES_MS) == []


def test_without_one_it_ends_after_a_day_as_lost() -> None:
    pipeline = with_hole()
    assert news_at(pipeline, FOUND_MS + HOPES_MS - 1) == []
    assert pipeline.gaps == 6

    (news,) = news_at(pipeline, FOUND_MS + HOPES_MS)

    assert (news.asset, news.code, news.channel) == ("key-P-1", "g/e", NODES)
    (given,) = news.given
    assert (given.first, given.last, given.missing, given.reason) == (2, 8, 6, GiveUp.NO_REBIRTH)
    assert pipeline.gaps == 0
    assert news_at(pipeline, FOUND_MS + 2 * HOPES_MS) == []


def test_what_comes_after_that_is_not_counted_below_nothing_and_a_new_hole_is_one() -> None:
    pipeline = with_hole()
    news_at(pipeline, FOUND_MS + HOPES_MS)
    played_one(pipeline, 5, data(3, NOON_MS + 15, 2.0))
    assert pipeline.gaps == 0
    played_one(pipeline, 6, data(12, NOON_MS + 30, 2.0))
    assert pipeline.gaps == 2


def test_a_restart_keeps_since_when_it_is_missing() -> None:
    again = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    again.restore(with_hole().snapshot())
    again.follow(plant_with(SPARKPLUG))

    assert [hole.found_ms for hole in again._foreign.holes()] == [FOUND_MS]


def test_a_hole_of_an_earlier_version_has_its_day_from_when_it_is_first_looked_at() -> None:
    pipeline = with_hole()
    next(node for _, node in pipeline._foreign._dialects["sparkplug_b"]._nodes).found_ms = 0  # type: ignore[attr-defined]

    assert news_at(pipeline, NOON_MS + 5 * HOPES_MS) == []
    assert len(news_at(pipeline, NOON_MS + 6 * HOPES_MS)) == 1


def test_a_node_of_both_lanes_is_one_and_its_name_may_hold_anything() -> None:
    hole = Hole("g.received/n]missing_ms", "t", 2, 1, 2, NOON_MS, None)
    figures = with_lanes({"normal": node_figures([hole]), "safety": node_figures([hole])})

    (one,) = nodes_missing({"demo": figures})

    assert (one.node, one.missing, one.found_at, one.asked_at) == (hole.sender, 4, from_ms(NOON_MS), None)


def test_only_so_many_nodes_are_named() -> None:
    holes = [Hole(f"g/{n}", "t", 1 + (n == 500), 1, 2, NOON_MS, None) for n in range(600)]
    told = nodes_missing({"demo": with_lanes({"normal": node_figures(holes)})})

    assert len(told) == MAX_TOLD
    assert told[0].node == "g/500"
