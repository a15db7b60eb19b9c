"""Safety events of devices that the ledger does not know become tickets all the same."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from maintenance.heard import HEARD, KEPT, SHOWN, heard
from maintenance.lifecycle import ENDED
from maintenance.strangers import MAX_TICKETS
from maintenance.work_orders import Origin, State, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED, AssetStatus, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from tests.contract.maintenance.conftest import NOW, orders
from tests.contract.maintenance.test_findings import Store, feed, raised, step

NAMED = {"zh": "轿厢困人", "en": "Passenger trapped"}


def strange(code: str = "EL-9", event: str = "passenger_trapped", minutes: int = 0, **detail: Any) -> FindingRaised:
    return raised(
        NOW + timedelta(minutes=minutes),
        asset="", failure_mode=UNCLASSIFIED, source=FindingSource.RULE, severity=Severity.CRITICAL, safety=True,
        subject=event, evidence=(), detail={"event": event, "code": code, **detail},
    )  # fmt: skip


def open_tickets(ledger: Store) -> list[WorkOrder]:
    found = [one for one in orders(ledger, kind="corrective") if one.asset is None and one.state not in ENDED]
    return sorted(found, key=lambda one: one.number)


def live_notes(ledger: Store) -> int:
    with ledger.read() as tx:
        return sum(note.topic == "work_order" for note in tx.live.after(0, 10_000))


def test_it_is_a_critical_safety_ticket_that_names_the_device_and_the_event(any_ledger: Store) -> None:
    feed(any_ledger, strange(name=NAMED))
    (ticket,) = open_tickets(any_ledger)
    assert (ticket.site, ticket.origin, ticket.version) == ("demo", Origin.RULE, 1)
    assert (ticket.severity, ticket.safety) == (Severity.CRITICAL, True)
    assert (ticket.title.zh, ticket.title.en) == (
        "未登记设备 EL-9：轿厢困人",
        "Unregistered device EL-9: Passenger trapped",
    )
    assert ticket.reason.zh == "一台台账中没有的设备上报了安全事件：EL-9：轿厢困人。"
    assert "unknown_asset" in ticket.tags
    assert ticket.first_checks


def test_further_events_of_the_device_are_named_counted_and_dated_on_its_open_ticket(any_ledger: Store) -> None:
    feed(any_ledger, strange(), strange(minutes=65), strange(event="overspeed", minutes=66))
    (ticket,) = open_tickets(any_ledger)
    assert ticket.reason.en.endswith(": EL-9: passenger trapped (2 times, last 03-02 10:05); EL-9: overspeed.")
    assert ticket.reason.zh.endswith("EL-9：passenger_trapped（2次，最近03-02 10:05）；EL-9：overspeed。")


def test_a_repeat_is_a_new_version_that_the_live_view_hears_of(ledger: Store) -> None:
    feed(ledger, strange())
    (before,) = open_tickets(ledger)
    step(ledger, before, State.IN_PROGRESS)
    noted = live_notes(ledger)
    feed(ledger, strange(minutes=3 * 24 * 60))
    (ticket,) = open_tickets(ledger)
    assert ticket.version == before.version + 2
    assert live_notes(ledger) == noted + 1
    assert "repeated" in ticket.tags
    assert "(2 times, last 03-05 09:00)" in ticket.reason.en


def test_events_that_take_turns_leave_room_for_another(ledger: Store) -> None:
    for _ in range(30):
        feed(ledger, strange(event="call_button"), strange(event="door_open_moving"))
    feed(ledger, strange())
    (ticket,) = open_tickets(ledger)
    assert "EL-9: passenger trapped." in ticket.reason.en
    assert [(one.event, one.times) for one in heard(ticket)] == [
        ("call_button", 30),
        ("door_open_moving", 30),
        ("passenger_trapped", 1),
    ]


def test_another_device_has_its_own_ticket(ledger: Store) -> None:
    feed(ledger, strange(), strange("FP-7"))
    assert len(open_tickets(ledger)) == 2


def test_it_never_joins_a_ticket_where_the_work_is_done(ledger: Store) -> None:
    feed(ledger, strange())
    (first,) = open_tickets(ledger)
    step(ledger, first, State.IN_PROGRESS, State.COMPLETED)
    feed(ledger, strange())
    assert len([one for one in open_tickets(ledger) if one.state is State.OPEN]) == 1
    assert len(orders(ledger, kind="corrective")) == 2


def test_it_never_joins_a_ticket_whose_work_is_done_while_it_looks(
    postgres: Store, done_before_the_lock: Callable[[WorkOrder], None]
) -> None:
    feed(postgres, strange())
    (first,) = open_tickets(postgres)
    done_before_the_lock(first)
    feed(postgres, strange(event="overspeed"))
    (second,) = open_tickets(postgres)
    assert second.id != first.id
    assert "overspeed" in second.title.en


def test_a_publisher_gone_wild_cannot_open_tickets_without_end(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS + 30)])
    found = open_tickets(ledger)
    assert len(found) == MAX_TICKETS
    assert f"X-{MAX_TICKETS:03}" in found[-1].reason.zh
    assert len(found[-1].reason.zh) < 2000


def test_a_device_after_a_publisher_gone_wild_is_named_and_counted(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS)])
    feed(ledger, *[strange(f"Y-{n:03}", minutes=n) for n in range(2 * SHOWN + 50)])
    feed(ledger, strange("EL-REAL", minutes=300), strange("EL-REAL", minutes=301))
    ticket = open_tickets(ledger)[-1]
    assert "；另有72项：EL-REAL：passenger_trapped、" in ticket.reason.zh
    assert "; and 72 more: EL-REAL: passenger trapped, " in ticket.reason.en
    assert [one.times for one in heard(ticket) if one.code == "EL-REAL"] == [2]
    assert len(ticket.reason.zh) < 4000


def test_the_list_is_bounded_and_keeps_what_came_last(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS)])
    feed(ledger, *[strange(f"Y-{n:03}", minutes=n) for n in range(KEPT + 50)], strange("EL-REAL"))
    ticket = open_tickets(ledger)[-1]
    assert len(heard(ticket)) == KEPT
    assert heard(ticket)[-1].code == "EL-REAL"
    assert "52 older ones are no longer listed." in ticket.reason.en


def test_a_code_inside_another_is_another_device(ledger: Store) -> None:
    feed(ledger, *[strange(f"X-{n:03}") for n in range(MAX_TICKETS)])
    feed(ledger, strange("SE-1"), strange("E-1"))
    assert "；SE-1：passenger_trapped；E-1：passenger_trapped。" in open_tickets(ledger)[-1].reason.zh


def test_a_ticket_from_before_the_list_keeps_what_it_says(ledger: Store) -> None:
    feed(ledger, strange())
    (old,) = open_tickets(ledger)
    with ledger.begin() as tx:
        locked = tx.orders.lock(old.id)
        locked.gathered.pop(HEARD)  # type: ignore[union-attr]
        tx.orders.update(locked, locked.version)
    feed(ledger, strange(event="overspeed"))
    (ticket,) = open_tickets(ledger)
    assert ticket.reason.en.endswith("EL-9: passenger trapped; EL-9: overspeed.")


def test_a_scrapped_device_that_still_sends_is_called_that(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.SCRAPPED)
    feed(ledger, strange("E-1", name=NAMED))
    (ticket,) = open_tickets(ledger)
    assert (ticket.title.zh, ticket.title.en) == ("已报废设备 E-1：轿厢困人", "Scrapped device E-1: Passenger trapped")
    assert "scrapped in the ledger" in ticket.reason.en
    assert "not in the ledger" not in ticket.reason.en
    assert "unknown_asset" not in ticket.tags
    checks = [check.en for check in ticket.first_checks]
    assert "Put it back in service in the ledger or take its controller off the network" in checks
    assert not any("register" in check for check in checks)
    feed(ledger, strange("E-1", name=NAMED))
    assert [one.id for one in open_tickets(ledger)] == [ticket.id]


def test_a_device_of_an_unknown_site_is_none_of_those_of_the_same_code_here(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("lift-1", AssetStatus.SCRAPPED)
    feed(ledger, strange("E-1", name=NAMED, site="nosite"), strange("E-1", name=NAMED))
    feed(ledger, strange("E-1", name=NAMED, site="nosite", minutes=65))
    afar, here = open_tickets(ledger)
    assert (afar.title.zh, afar.title.en) == (
        "未知站点 nosite 的设备 E-1：轿厢困人",
        "Device E-1 of unknown site nosite: Passenger trapped",
    )
    assert here.title.en == "Scrapped device E-1: Passenger trapped"
    assert afar.reason.en.endswith(": nosite/E-1: Passenger trapped (2 times, last 03-02 10:05).")
    assert {"unknown_asset", "unknown_site"} <= set(afar.tags)
    assert "Find the device; correct the site code that it sends, or enter that site" in [
        check.en for check in afar.first_checks
    ]


def test_a_device_that_is_called_by_its_topic_is_of_no_unknown_site(ledger: Store) -> None:
    feed(ledger, strange("fire/FP-9/data", name=NAMED, topic="fire/FP-9/data"), strange("E-1", site="nosite"))
    here, afar = open_tickets(ledger)
    assert (here.title.zh, here.title.en) == (
        "未登记设备 fire/FP-9/data：轿厢困人",
        "Unregistered device fire/FP-9/data: Passenger trapped",
    )
    assert afar.title.zh.startswith("未知站点 nosite 的设备 E-1")
    assert [one.elsewhere for ticket in (here, afar) for one in heard(ticket)] == [False, True]


def test_the_others_go_on(ledger: Store) -> None:
    feed(ledger, strange(), raised())
    assert len(orders(ledger, kind="corrective", asset="pump-1")) == 1
