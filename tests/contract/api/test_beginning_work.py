"""Who may begin and complete work that asks for a certificate."""

from datetime import date

from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.ports.accounts import Grant, Role
from tests.contract.api.people_world import ELECTRICAL, add_user, certificate
from tests.contract.api.test_people import signed_in
from tests.contract.api.world import HOME, World


def board_order(world: World) -> str:
    """Work on a distribution board, for which an electrician is wanted; the path of its order."""
    board = {"site": HOME, "code": "B-9", "class": "distribution_board", "name": {"zh": "配电柜", "en": "Board"}}
    key = world.admin.post("/api/v1/assets", json=board).json()["key"]
    form = {"asset": key, "title": {"zh": "跳闸", "en": "Trips"}, "department": ELECTRICAL}
    order = world.admin.post("/api/v1/work-orders", json=form)
    assert order.status_code == 201, order.text
    return f"/api/v1/work-orders/{order.json()['id']}/transitions"


def test_nobody_begins_or_completes_what_they_could_not_be_given(world: World) -> None:
    path = board_order(world)
    add_user(world, "a", Grant(Role.TECHNICIAN, HOME))
    for to in ("in_progress", "completed"):
        refused = signed_in(world, "a").post(path, json={"to": to})
        assert (refused.status_code, refused.json()["type"].rsplit(":")[-1]) == (409, "not_assignable")
        assert "低压电工" in refused.json()["detail"]
    with world.ledger.begin() as tx:
        tx.people.put_certificate(certificate("c", "a", "electrician_low", expires_on=date(2029, 1, 1)))
    assert signed_in(world, "a").post(path, json={"to": "in_progress"}).status_code == 200


def test_who_supervises_a_site_enters_what_others_have_done(world: World) -> None:
    path = board_order(world)
    add_user(world, "boss", Grant(Role.SUPERVISOR, HOME))
    assert signed_in(world, "boss").post(path, json={"to": "in_progress"}).status_code == 200


def test_planned_work_that_nobody_has_begun_is_not_verified(world: World) -> None:
    """It has no step yet, and that was an error of the server."""
    order = WorkOrder(
        id=new_key(), number=0, site=HOME, kind=Kind.STATUTORY, origin=Origin.PLAN, state=State.SCHEDULED,
        title=LocalName("保养", "PM"),
    )  # fmt: skip
    with world.ledger.begin() as tx:
        tx.orders.add_many([order])
    answer = world.admin.post(f"/api/v1/work-orders/{order.id}/transitions", json={"to": "verified", "reason": "x"})
    assert answer.status_code == 409, answer.text
