"""``gaps ask`` and ``gaps give-up``: by ids, or all of an asset."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from plantroom.cli.common import opened
from plantroom.cli.gaps import ask, give_up
from plantroom.errors import BadData, NotFound
from plantroom.ports.gaps import Gap, GapFilter, GapNews
from plantroom.ports.paging import PageRequest
from tests.unit.ingest.plants import pump

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose pump has the gaps 1 to 2 and 5 to 9."""
    with opened(tmp_path) as parts, parts.ledger.begin() as tx:
        tx.assets.add(pump(), [])
        tx.gaps.note("demo", [GapNews("key-P-1", "P-1", "telemetry", "b1", 0, NOW, NOW, [(1, 2), (5, 9)])])
    return tmp_path


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
