"""Episodes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from maintenance.episodes import Episode, EpisodeState
from plantroom.domain.assets import Severity
from plantroom.domain.findings import Evidence, FindingSource
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW, episode

ALL = PageRequest()


def test_an_episode_comes_back_with_every_field(planted: SqlLedger) -> None:
    full = episode(
        state=EpisodeState.CLOSED,
        severity=Severity.CRITICAL,
        safety=True,
        closed_at=NOW + MINUTE,
        closed_observed_at=NOW,
        work_order="w1",
        open_subjects=("limit:vibration",),
        evidence=(Evidence("vibration", 0.5, 5.0, 2.0), Evidence("flow", 0.25)),
        tags=("late", "under_maintenance"),
        detail={"event": "alarm", "data": {"floor": 7}},
        findings=3,
        version=4,
    )
    with planted.begin() as tx:
        tx.episodes.add(full)
        tx.episodes.add(episode("e2"))
    with planted.read() as tx:
        assert tx.episodes.get("e1") == full
        assert tx.episodes.get("e2") == episode("e2")
        with pytest.raises(NotFound):
            tx.episodes.get("e9")


def test_an_episode_is_of_a_known_asset_and_its_id_is_unique(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.episodes.add(episode())
    for wrong in (episode(), episode("e2", asset="p9"), episode("e3", site="nowhere")):
        with pytest.raises(Conflict), planted.begin() as tx:
            tx.episodes.add(wrong)


def test_the_latest_episode_of_a_pair_is_the_newest(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.episodes.add(episode("e2", opened_at=NOW + 5 * MINUTE))
        tx.episodes.add(episode("e1"))
        tx.episodes.add(episode("e3", failure_mode="seal_leak", opened_at=NOW + 9 * MINUTE))
        newest = tx.episodes.latest("p1", "bearing_wear")
        assert newest is not None
        assert newest.id == "e2"
        assert tx.episodes.latest("p1", "other") is None
        assert tx.episodes.latest("p2", "bearing_wear") is None
    with planted.read() as tx:
        assert tx.episodes.latest("p1", "bearing_wear") == newest


def test_an_update_counts_the_version(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.episodes.add(episode())
        tx.episodes.update(replace(episode(), findings=2, state=EpisodeState.CLOSED, closed_at=NOW))
        tx.episodes.update(replace(episode(), findings=3, evidence=(Evidence("flow", 1.0),)))
        stored = tx.episodes.get("e1")
        assert stored == replace(episode(), findings=3, evidence=(Evidence("flow", 1.0),), version=3)
        with pytest.raises(NotFound):
            tx.episodes.update(episode("e9"))


def test_a_pair_is_locked_even_before_its_first_episode(planted: SqlLedger, other: SqlLedger) -> None:
    def second() -> Episode | None:
        with other.begin() as tx:
            return tx.episodes.latest("p1", "bearing_wear")

    with ThreadPoolExecutor(1) as pool:
        with planted.begin() as tx:
            assert tx.episodes.latest("p1", "bearing_wear") is None
            theirs = pool.submit(second)
            with pytest.raises(TimeoutError):
                theirs.result(timeout=0.2)
            tx.episodes.add(episode())
        assert theirs.result(timeout=5) == episode()


@pytest.mark.parametrize(
    ("scope", "filters", "ids"),
    [
        (Scope(), {}, "dcba"),
        (Scope(frozenset({"north"})), {}, "d"),
        (Scope(frozenset({"north"})), {"site": "demo"}, ""),
        (Scope(), {"site": "demo"}, "cba"),
        (Scope(), {"asset": "p2"}, "b"),
        (Scope(), {"state": "closed"}, "c"),
        (Scope(), {"sources": ["limit", "rule"]}, "dc"),
        (Scope(), {"sources": [FindingSource.MODEL]}, "ba"),
        (Scope(), {"sources": []}, ""),
    ],
)
def test_the_list_comes_newest_first_and_filters(
    planted: SqlLedger, scope: Scope, filters: dict[str, object], ids: str
) -> None:
    with planted.begin() as tx:
        tx.episodes.add(episode("a"))
        tx.episodes.add(episode("b", asset="p2"))
        tx.episodes.add(episode("c", opened_at=NOW + 2 * MINUTE, state=EpisodeState.CLOSED, source=FindingSource.LIMIT))
        tx.episodes.add(episode("d", opened_at=NOW + 3 * MINUTE, site="north", asset="n1", source=FindingSource.RULE))
        page = tx.episodes.list(scope, ALL, **filters)  # type: ignore[arg-type]
        assert "".join(e.id for e in page.items) == ids


def test_the_list_pages(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for n in range(5):
            tx.episodes.add(episode(f"e{n}", opened_at=NOW + (n // 2) * MINUTE))
        first = tx.episodes.list(Scope(), PageRequest(limit=2))
        second = tx.episodes.list(Scope(), PageRequest(limit=3, cursor=first.next_cursor))
    assert [e.id for e in (*first.items, *second.items)] == ["e4", "e3", "e2", "e1", "e0"]
    assert second.next_cursor is None
