"""``gaps ask`` and ``gaps give-up`` by ids, or all of an asset; edge nodes on ``gaps list``."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.dialects.dialect import Hole
from ingest.node_holes import node_figures
from plantroom.cli.common import opened
from plantroom.cli.gaps import ask, give_up, list_gaps
from plantroom.domain.flow import with_lanes
from plantroom.errors import BadData, NotFound
from plantroom.ports.gaps import NODES, Gap, GapFilter, GapNews, GapState, Given, GiveUp
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.paging import PageRequest
from tests.unit.ingest.plants import pump

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def folder(started: Path) -> Path:
    """A data folder whose pump has the gaps 1 to 2 and 5 to 9."""
    with opened(started) as parts, parts.ledger.begin() as tx:
        tx.assets.add(pump(), [])
        tx.gaps.note("demo", [GapNews("key-P-1", "P-1", "telemetry", "b1", 0, NOW, NOW, [(1, 2), (5, 9)])])
    return started


def gaps(folder: Path) -> list[Gap]:
    with opened(folder) as parts, parts.ledger.read() as tx:
        return sorted(tx.gaps.list(GapFilter(), PageRequest(10)).items, key=lambda gap: gap.first)


def states(folder: Path) -> list[str]:
    return [gap.reason or gap.state.value for gap in gaps(folder)]


def test_all_open_gaps_of_an_asset_are_given_up_and_asked_for_again(folder: Path) -> None:
    give_up(asset="P-1", data_dir=folder)
    assert states(folder) == ["by_hand", "by_hand"]
    ask(asset="P-1", data_dir=folder)
    assert states(folder) == ["open", "open"]


def test_one_gap_is_given_up_and_none_when_one_of_them_is_unknown(folder: Path) -> None:
    first = gaps(folder)[0].id
    with pytest.raises(NotFound):
        give_up([first, "none"], data_dir=folder)
    assert states(folder) == ["open", "open"]
    give_up([first], data_dir=folder)
    assert states(folder) == ["by_hand", "open"]


def test_it_is_said_which_gaps_are_meant(folder: Path) -> None:
    for ids, asset in ((None, None), (["x"], "P-1")):
        with pytest.raises(BadData, match="--asset CODE"):
            give_up(ids, asset=asset, data_dir=folder)


def test_edge_nodes_that_miss_messages_are_on_the_list_and_say_what_ends_that(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = node_figures([Hole("g/n1", "t", 2, 3, 4, 1_700_000_000_000, 1_700_000_001_000)])
    with opened(folder) as parts, parts.ledger.begin() as tx:
        now = tx.collect.now()
        tx.collect.report_collector(
            CollectorReport("c", now, True, [], {}, {"demo": with_lanes({"normal": figures})}, [])
        )

    list_gaps(state=GapState.OPEN, limit=100, data_dir=folder)
    lines = capsys.readouterr().out.splitlines()
    assert "demo/g/n1  2 missing since 2023-11-14 22:13:20Z, asked for a rebirth 2023-11-14 22:13:21Z" in lines[0]
    assert len(lines) == 3
    list_gaps(state=GapState.OPEN, limit=100, data_dir=folder, as_json=True)
    (node,) = json.loads(capsys.readouterr().out)["nodes"]
    assert node == {
        "site": "demo",
        "node": "g/n1",
        "missing": 2,
        "found_at": "2023-11-14T22:13:20Z",
        "asked_at": "2023-11-14T22:13:21Z",
    }
    list_gaps(state=GapState.GIVEN_UP, limit=100, data_dir=folder)
    assert capsys.readouterr().out.strip() == "no gaps"


def test_what_an_edge_node_lost_cannot_be_asked_for_by_number(folder: Path) -> None:
    lost = GapNews("key-P-1", "g/n1", NODES, "g/n1", 0, NOW, NOW, given=[Given(3, 4, 2, GiveUp.NO_REBIRTH)])
    with opened(folder) as parts, parts.ledger.begin() as tx:
        tx.gaps.note("demo", [lost])
    give_up(asset="P-1", data_dir=folder)
    ask(asset="P-1", data_dir=folder)
    assert sorted(states(folder)) == ["no_rebirth", "open", "open"]
