"""Who sees the ticket of a loop test has taken note of its alarm: it does not wait for anybody afterwards."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.episodes import Episode
from maintenance.loop_tests import CheckResult
from plantroom.ports.paging import EVERYTHING, PageRequest
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.loop_walk import TRAPPED, Walk, walk

__all__ = ["walk"]


def of(walk: Walk, asset: str) -> list[Episode]:
    """Its episodes, the newest first."""
    with walk.ledger.read() as tx:
        return list(tx.episodes.list(EVERYTHING, PageRequest(limit=100), asset=asset).items)


def waiting(walk: Walk) -> list[str]:
    """Assets of what came and went and nobody has taken note of."""
    with walk.ledger.read() as tx:
        return [one.asset for one in tx.episodes.closed_unacknowledged(EVERYTHING, NOW)]


def test_who_confirms_the_ticket_has_acknowledged_its_alarm(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(1).comes(walk.event(TRAPPED))
    walk.after(1).keep(lambda k: k.confirm(walk.test.id, 1, "li"))
    assert (of(walk, "lift-1")[0].acknowledged_by, of(walk, "lift-1")[0].acknowledged_at) == ("li", walk.now)
    walk.after(1).look()
    assert waiting(walk) == []


def test_who_accepts_the_ticket_of_an_alarm_that_is_over_has_acknowledged_it(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    walk.look({1: walk.now})
    limit = walk.after(10).limit()
    walk.comes(limit)
    walk.after(1).comes(walk.over(limit))
    assert waiting(walk) == ["pump-1"]
    walk.after(1).accept(walk.tickets("pump-1")[0])
    (check,) = walk.after(1).look()
    assert (check.result, waiting(walk)) == (CheckResult.PASSED, [])
    assert of(walk, "pump-1")[0].acknowledged_by == "li"


def test_who_took_note_before_stands(walk: Walk) -> None:
    walk.start("lift-1", events=[TRAPPED])
    walk.after(1).comes(walk.event(TRAPPED))
    with walk.ledger.begin() as tx:
        tx.episodes.update(replace(of(walk, "lift-1")[0], acknowledged_at=walk.now, acknowledged_by="wang"))
    walk.after(1).keep(lambda k: k.confirm(walk.test.id, 1, "li"))
    assert of(walk, "lift-1")[0].acknowledged_by == "wang"


def test_a_real_fault_that_a_test_met_is_acknowledged_by_nobody_who_confirms_the_test(walk: Walk) -> None:
    walk.comes(walk.event(TRAPPED))
    walk.after(60).start("lift-1", events=[TRAPPED])
    walk.after(70).comes(walk.event(TRAPPED))
    walk.after(1).keep(lambda k: k.confirm(walk.test.id, 1, "li"))
    assert of(walk, "lift-1")[0].acknowledged_by is None


def test_a_test_without_a_name_is_called_after_the_time_at_its_site(walk: Walk) -> None:
    with walk.ledger.begin() as tx:
        tx.assets.change_site(replace(tx.assets.site("demo"), time_zone="Asia/Shanghai"))
    assert walk.start("pump-1", points=["vibration"]).name == "2026-03-02 09:00"
    assert NOW.astimezone(ZoneInfo("Asia/Shanghai")) == datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
