"""Gaps in publishers' numbers: found, asked for, healed in parts, given up, and told again without a difference."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plantroom.domain.spans import Span, spans_of
from plantroom.errors import BadData, NotFound
from plantroom.ports.gaps import KEPT_CLOSED, Gap, GapFilter, GapNews, GapsGone, GapState, Given, GiveUp
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW
from tests.examples import examples


def news(holes: Sequence[Span] = (), came: Sequence[Span] = (), **changes: Any) -> GapNews:
    made = GapNews("p1", "P-101", "telemetry", "b1", 0, NOW, NOW + MINUTE, tuple(holes), tuple(came))
    return replace(made, **changes)


def note(ledger: SqlLedger, *told: GapNews, site: str = "demo", gone: Sequence[GapsGone] = ()) -> None:
    with ledger.begin() as tx:
        tx.gaps.note(site, [*told, *gone])


def found(ledger: SqlLedger, **filters: Any) -> list[Gap]:
    with ledger.read() as tx:
        page = tx.gaps.list(GapFilter(**filters), PageRequest(1000))
    return sorted(page.items, key=lambda gap: (gap.asset, gap.channel, gap.boot, gap.numbering, gap.first))


def spans(ledger: SqlLedger, state: str) -> list[Span]:
    return [(gap.first, gap.last) for gap in found(ledger, state=state)]


def test_a_hole_becomes_an_open_gap_once(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)]))
    note(ledger, news([(5, 9)], at=NOW + MINUTE))
    (gap,) = found(ledger)
    assert (gap.site, gap.asset, gap.code, gap.channel, gap.boot) == ("demo", "p1", "P-101", "telemetry", "b1")
    assert (gap.first, gap.last, gap.missing, gap.state, gap.reason) == (5, 9, 5, GapState.OPEN, "")
    assert (gap.found_at, gap.ask_at, gap.asks, gap.ended_at) == (NOW, NOW + MINUTE, 0, None)
    with ledger.read() as tx:
        assert tx.gaps.get(gap.id) == gap
        assert tx.gaps.missing() == {"demo": 5}
        with pytest.raises(NotFound):
            tx.gaps.get("none")


def test_what_comes_splits_a_gap_and_the_rest_keeps_its_id(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)]))
    before = found(ledger)[0]
    note(ledger, news([(5, 6), (8, 9)], [(7, 7)], at=NOW + MINUTE))
    first, middle, last = found(ledger)
    assert [(g.first, g.last, g.state) for g in (first, middle, last)] == [
        (5, 6, GapState.OPEN), (7, 7, GapState.HEALED), (8, 9, GapState.OPEN),
    ]  # fmt: skip
    assert first.id == before.id
    assert middle.ended_at == NOW + MINUTE


def test_news_from_before_what_is_known_changes_nothing(ledger: SqlLedger) -> None:
    earlier, later = news([(5, 9)]), news([(5, 6), (8, 9)], [(7, 7)])
    note(ledger, earlier)
    note(ledger, later)
    there = found(ledger)
    note(ledger, earlier)
    note(ledger, later)
    assert found(ledger) == there


def test_a_gap_that_heals_piece_by_piece_ends_as_one(ledger: SqlLedger) -> None:
    note(ledger, news([(1, 100)]))
    for start in (1, 51, 21, 31, 41, 11, 71, 61, 91, 81):
        note(ledger, news((), [(start, start + 9)]))
    (gap,) = found(ledger)
    assert (gap.first, gap.last, gap.state) == (1, 100, GapState.HEALED)


def test_a_publisher_says_that_numbers_are_gone(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)]), news([(5, 9)], channel="event"))
    note(ledger, gone=[GapsGone("p1", "telemetry", "b1", [(0, 6)], NOW)])
    assert [(g.channel, g.first, g.last, g.state, g.reason) for g in found(ledger)] == [
        ("event", 5, 9, "open", ""), ("telemetry", 5, 6, "given_up", "gone"), ("telemetry", 7, 9, "open", ""),
    ]  # fmt: skip
    with ledger.read() as tx:
        assert tx.gaps.missing() == {"demo": 8}
        assert tx.gaps.missing(GapState.GIVEN_UP) == {"demo": 2}
        ended = max(gap.ended_at for gap in tx.gaps.list(GapFilter(), PageRequest()).items if gap.ended_at)
        assert tx.gaps.missing(GapState.GIVEN_UP, ended) == {"demo": 2}
        assert tx.gaps.missing(GapState.GIVEN_UP, ended + MINUTE) == {}


def test_given_up_numbers_that_come_after_all_are_healed(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)]), gone=[GapsGone("p1", "telemetry", "b1", [(5, 9)], NOW)])
    assert spans(ledger, "given_up") == [(5, 9)]
    note(ledger, news([(5, 6)], [(7, 9)]))
    assert spans(ledger, "healed") == [(7, 9)]
    assert spans(ledger, "given_up") == [(5, 6)]
    assert spans(ledger, "open") == []


def test_numberings_boots_channels_assets_and_sites_are_apart(ledger: SqlLedger) -> None:
    others = [{"numbering": 7}, {"boot": "b2"}, {"channel": "event"}, {"asset": "p2"}]
    note(ledger, news([(5, 9)]), *(news([(5, 9)], **other) for other in others))
    note(ledger, news([(5, 9)]), site="north")
    note(ledger, news((), [(5, 9)]))
    assert len(spans(ledger, "open")) == 5
    assert len(found(ledger, site="north")) == 1
    assert len(found(ledger, asset="p2")) == 1
    assert [g.site for g in found(ledger, scope=Scope(frozenset({"north"})))] == ["north"]


def test_forgotten_holes_are_given_up_with_their_reason(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)]))
    told = news([(50, 50)], given=[Given(5, 9, 5, GiveUp.MEMORY), Given(20, 21, 2, GiveUp.MEMORY)])
    for _ in range(2):
        note(ledger, told)
        assert spans(ledger, "given_up") == [(5, 9), (20, 21)]
        assert spans(ledger, "open") == [(50, 50)]
    together = news(given=[Given(30, 49, 7, GiveUp.MEMORY)])
    for _ in range(2):
        note(ledger, together)
        with ledger.read() as tx:
            assert tx.gaps.missing(GapState.GIVEN_UP) == {"demo": 14}


def test_what_is_known_from_what_is_not_missing_leaves_forgotten_gaps_alone(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)], given=[Given(1, 2, 2, GiveUp.MEMORY)]))
    note(ledger, news((), [(0, 20)], inferred=True))
    assert (spans(ledger, "healed"), spans(ledger, "given_up")) == ([(5, 9)], [(1, 2)])
    with ledger.read() as tx:
        assert set(tx.gaps.assets("demo")) == {"p1"}
        assert set(tx.gaps.assets("north")) == set()
    note(ledger, news((), [(0, 20)]))
    with ledger.read() as tx:
        assert set(tx.gaps.assets("demo")) == set()


def test_gaps_are_due_when_their_time_has_come_and_again_later(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)]), news([(1, 1)], asset="p2", ask_at=NOW))
    with ledger.begin() as tx:
        assert [g.asset for g in tx.gaps.due(["demo"], NOW, 10)] == ["p2"]
        assert tx.gaps.due(["north"], NOW + MINUTE, 10) == []
        due = tx.gaps.due(["demo"], NOW + MINUTE, 10)
        assert [g.asset for g in due] == ["p2", "p1"]
        assert len(tx.gaps.due(["demo"], NOW + MINUTE, 1)) == 1
        tx.gaps.asked(due, NOW + MINUTE, NOW + 5 * MINUTE)
        assert tx.gaps.due(["demo"], NOW + 4 * MINUTE, 10) == []
    note(ledger, news([(8, 9)], [(5, 7)]))
    with ledger.read() as tx:
        again = sorted(tx.gaps.due(["demo"], NOW + 5 * MINUTE, 10), key=lambda gap: gap.first)
    assert [(g.first, g.last, g.asks, g.asked_at) for g in again] == [
        (1, 1, 1, NOW + MINUTE), (8, 9, 1, NOW + MINUTE),
    ]  # fmt: skip


def test_a_publisher_that_is_away_is_asked_later_and_nothing_counts(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9)], ask_at=NOW))
    (gap,) = found(ledger)
    with ledger.begin() as tx:
        tx.gaps.ask_later([gap.id, "none"], NOW + MINUTE)
        assert tx.gaps.due(["demo"], NOW, 10) == []
        assert [(g.id, g.asks) for g in tx.gaps.due(["demo"], NOW + MINUTE, 10)] == [(gap.id, 0)]


def test_by_hand_gaps_are_given_up_and_asked_for_again(ledger: SqlLedger) -> None:
    note(ledger, news([(5, 9), (20, 20)]))
    ids = [gap.id for gap in found(ledger)]
    with ledger.begin() as tx:
        assert tx.gaps.give_up([ids[0], "none"], GiveUp.BY_HAND, NOW) == 1
        assert tx.gaps.give_up([ids[0]], GiveUp.BY_HAND, NOW) == 0
        assert tx.gaps.due(["demo"], NOW + MINUTE, 10)[0].id == ids[1]
    note(ledger, news([(5, 9), (20, 20)]))
    assert spans(ledger, "open") == [(20, 20)], "told again, it stays given up"
    with ledger.begin() as tx:
        assert tx.gaps.ask_again(ids, NOW) == 2
        assert {g.id for g in tx.gaps.due(["demo"], NOW, 10)} == set(ids)
    note(ledger, news((), [(5, 9), (20, 20)]))
    with ledger.begin() as tx:
        assert tx.gaps.ask_again(ids, NOW) == 0, "healed ones are done with"


def test_of_closed_gaps_the_newest_are_kept(ledger: SqlLedger) -> None:
    note(ledger, news([(0, 0)]))
    many = [(n, n) for n in range(10, 10 + 2 * (KEPT_CLOSED + 20), 2)]
    note(ledger, news(many, at=NOW + MINUTE))
    note(ledger, news((), many))
    assert len(spans(ledger, "healed")) == KEPT_CLOSED
    assert spans(ledger, "open") == [(0, 0)]


def test_the_list_is_cut_into_pages_newest_first(ledger: SqlLedger) -> None:
    for n in range(5):
        note(ledger, news([(10 * n, 10 * n)], at=NOW + n * MINUTE))
    seen: list[datetime] = []
    cursor = None
    with ledger.read() as tx:
        while True:
            page = tx.gaps.list(GapFilter(), PageRequest(2, cursor))
            seen += [gap.found_at for gap in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        with pytest.raises(BadData):
            tx.gaps.list(GapFilter(), PageRequest(2, None, "boot"))
    assert seen == [NOW + n * MINUTE for n in (4, 3, 2, 1, 0)]


def test_odd_boots_are_kept_as_both_databases_can(ledger: SqlLedger) -> None:
    odd = news([(1, 2)], boot="a\x00b\ud800")
    note(ledger, odd)
    note(ledger, odd, gone=[GapsGone("p1", "telemetry", "a\x00b\ud800", [(1, 1)], NOW)])
    assert [(g.first, g.state) for g in found(ledger)] == [(1, "given_up"), (2, "open")]
    assert found(ledger, asset="\x00") == found(ledger, state="\x00") == []


numbers = st.sets(st.integers(0, 30), max_size=20)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(missing=numbers, batches=st.lists(numbers, max_size=4), repeats=st.integers(1, 2))
def test_whatever_heals_in_whatever_pieces_the_rest_is_open(
    ledger: SqlLedger, missing: set[int], batches: list[set[int]], repeats: int
) -> None:
    asset = f"p-{uuid4()}"
    left = set(missing)
    told = [news(spans_of(missing), asset=asset)]
    for came in batches:
        left -= came
        told.append(news(spans_of(left), spans_of(came), asset=asset))
    for _ in range(repeats):
        for one in told:
            note(ledger, one)
    rows = found(ledger, asset=asset)
    assert [(g.first, g.last) for g in rows if g.state == "open"] == spans_of(left)
    assert spans_of(n for g in rows for n in range(g.first, g.last + 1)) == spans_of(missing)
    assert sum(g.missing for g in rows) == len(missing)
