"""Shelves, changes of limits, what people were told, floods: on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from maintenance.alarm_ports import Annunciation, Flood, LimitChange, Shelf, ToldCounts
from maintenance.episodes import EpisodeState
from plantroom.domain.assets import AlarmPriority, Limits
from plantroom.errors import NotFound, PlantroomError
from plantroom.ports.paging import EVERYTHING, PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW, episode

HOUR = timedelta(hours=1)
NORTH = Scope(frozenset({"north"}))


def shelf(shelf_id: str = "s1", **changes: Any) -> Shelf:
    made = Shelf(
        shelf_id, "demo", "p1", "bearing_wear", ("limit:vibration:alarm_high",), "等备件 \"x\"", "li", NOW, NOW + HOUR
    )  # fmt: skip
    return replace(made, **changes)


def told(minutes: int = 0, **changes: Any) -> Annunciation:
    made = Annunciation(
        "demo", "p1", "bearing_wear", "limit:vibration:alarm_high", AlarmPriority.HIGH, False,
        NOW + minutes * MINUTE, NOW,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_shelf_comes_back_as_it_was_given_and_is_ended_once(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.alarms.add_shelf(shelf())
    with planted.begin() as tx:
        assert tx.alarms.shelf("s1") == shelf()
        ended = tx.alarms.end_shelf("s1", NOW + MINUTE, "wang")
        assert ended == shelf(ended_at=NOW + MINUTE, ended_by="wang")
        assert tx.alarms.end_shelf("s1", NOW + HOUR, "zhao") is None
        assert tx.alarms.shelf("s1") == ended
        with pytest.raises(NotFound):
            tx.alarms.shelf("s9\x00")


def test_standing_shelves_are_those_that_nobody_has_ended(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for number, changes in enumerate(
            ({}, {"failure_mode": "seal"}, {"asset": "p2"}, {"until": NOW + MINUTE}, {"asset": "n1", "site": "north"})
        ):
            tx.alarms.add_shelf(shelf(f"s{number}", **changes))
        tx.alarms.end_shelf("s2", NOW, "li")
    with planted.read() as tx:
        assert [s.id for s in tx.alarms.standing_shelves()] == ["s0", "s1", "s3", "s4"]
        assert [s.id for s in tx.alarms.standing_shelves("p1")] == ["s0", "s1", "s3"]
        assert [s.id for s in tx.alarms.standing_shelves("p1", "bearing_wear")] == ["s0", "s3"]
        assert [s.id for s in tx.alarms.shelves_over(NOW + MINUTE)] == ["s3"]
        assert tx.alarms.shelves_over(NOW) == []


def test_shelves_are_listed_newest_first_within_the_scope(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for number in range(5):
            tx.alarms.add_shelf(shelf(f"s{number}", at=NOW + number * MINUTE))
        tx.alarms.add_shelf(shelf("n", asset="n1", site="north"))
        tx.alarms.end_shelf("s4", NOW, "li")
    with planted.read() as tx:
        page = tx.alarms.shelves(EVERYTHING, PageRequest(2), site="demo")
        more = tx.alarms.shelves(EVERYTHING, PageRequest(10, page.next_cursor), site="demo")
        assert [s.id for s in (*page.items, *more.items)] == ["s4", "s3", "s2", "s1", "s0"]
        assert [s.id for s in tx.alarms.shelves(NORTH, PageRequest()).items] == ["n"]
        assert [s.id for s in tx.alarms.shelves(EVERYTHING, PageRequest(), "demo", standing=False).items] == ["s4"]


def test_the_history_of_limits_is_newest_first_and_by_point(planted: SqlLedger) -> None:
    before, after = Limits(alarm_high=7.1), Limits(alarm_high=8.0, alarm_priority=AlarmPriority.CRITICAL)
    first = LimitChange("demo", "p1", "vibration", NOW, "li", "轴承", before, after)
    second = replace(first, at=NOW, before=after, after=before)
    with planted.begin() as tx:
        for change in (first, second, replace(first, point="flow")):
            tx.alarms.add_limit_change(change)
    with planted.read() as tx:
        assert tx.alarms.limit_changes("p1", "vibration") == [second, first]
        assert tx.alarms.limit_changes("p2", "vibration") == []


def test_what_people_were_told_is_counted_behind_an_instant(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for one in (told(0), told(5, safety=True), told(5), told(6, site="north")):
            tx.alarms.announce(one)
    with planted.read() as tx:
        assert tx.alarms.announced_since("demo", NOW) == (2, NOW + 5 * MINUTE)
        assert tx.alarms.announced_since("demo", NOW + HOUR) == (0, None)
        assert tx.alarms.told_counts("demo", NOW, NOW + 6 * MINUTE) == ToldCounts(3, 1, 1)
        assert tx.alarms.told_counts("demo", NOW, NOW + 5 * MINUTE) == ToldCounts(1, 0, 1)
        assert tx.alarms.told_counts("demo", NOW + HOUR, NOW + 2 * HOUR) == ToldCounts(0, 0, 0)
        found = tx.alarms.announced(EVERYTHING, NOW, NOW + 6 * MINUTE, 10)
        assert found == [told(0), told(5, safety=True), told(5)]
        assert tx.alarms.announced(EVERYTHING, NOW, NOW + HOUR, 2) == found[:2]
        assert tx.alarms.announced(NORTH, NOW, NOW + HOUR, 10) == [told(6, site="north")]


def test_a_site_has_one_flood_at_most_that_goes_on(planted: SqlLedger) -> None:
    flood = Flood("f1", "demo", NOW, NOW + MINUTE, 11)
    with planted.begin() as tx:
        tx.alarms.put_flood(flood)
        tx.alarms.put_flood(replace(flood, peak=20, gathered=3, work_order="w1"))
    with pytest.raises(PlantroomError), planted.begin() as tx:
        tx.alarms.put_flood(Flood("f2", "demo", NOW, NOW, 11))
    with planted.begin() as tx:
        standing = tx.alarms.standing_flood("demo")
        assert standing == replace(flood, peak=20, gathered=3, work_order="w1")
        assert tx.alarms.standing_floods() == [standing]
        assert tx.alarms.standing_flood("north") is None
        tx.alarms.put_flood(replace(standing, ended_at=NOW + HOUR))
        assert tx.alarms.standing_flood("demo") is None
        tx.alarms.put_flood(Flood("f2", "demo", NOW + HOUR, NOW + HOUR, 11))
    with planted.read() as tx:
        assert [f.id for f in tx.alarms.floods(EVERYTHING, PageRequest()).items] == ["f2", "f1"]
        assert tx.alarms.floods(NORTH, PageRequest()).items == []


def test_a_site_is_changed_but_for_its_code(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        before = tx.assets.revision()
        changed = replace(tx.assets.site("demo"), max_shelving_h=12.5)
        tx.assets.change_site(changed)
        assert tx.assets.site("demo") == changed
        assert tx.assets.revision() > before
        with pytest.raises(NotFound):
            tx.assets.change_site(replace(changed, code="south"))


def test_what_closed_unseen_and_what_an_order_stands_for(planted: SqlLedger) -> None:
    closed = {"state": EpisodeState.CLOSED, "closed_at": NOW + HOUR}
    with planted.begin() as tx:
        tx.episodes.add(episode("e1", work_order="w1"))
        tx.episodes.add(episode("e2", work_order="w1", opened_at=NOW, **closed))
        tx.episodes.add(episode("e3", acknowledged_at=NOW, acknowledged_by="li", **closed))
        tx.episodes.add(episode("e4", asset="n1", site="north", **closed))
    with planted.begin() as tx:
        assert [e.id for e in tx.episodes.of_order("w1")] == ["e2", "e1"]
        assert [e.id for e in tx.episodes.closed_unacknowledged(EVERYTHING, NOW)] == ["e4", "e2"]
        assert [e.id for e in tx.episodes.closed_unacknowledged(EVERYTHING, NOW, "demo", "p1")] == ["e2"]
        assert tx.episodes.closed_unacknowledged(EVERYTHING, NOW + HOUR) == []
        assert tx.episodes.closed_unacknowledged(NORTH, NOW)[0].id == "e4"
